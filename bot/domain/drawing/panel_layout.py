"""Group the columns of a table into panels."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_PANELS = 2
"""More would be too small to read in Discord, which shows pictures at most 550 pixels wide."""

_SPLIT = re.compile(
    r"(?<![^_\-/. ])(?:(?P<train>train|training)|(?P<validation>val|valid|validation|eval|dev)|(?P<test>test))"
    r"(?![^_\-/. ])",
    re.IGNORECASE,
)
"""The word for a split, anywhere among a name's words: `train_loss`, `loss_train`, `Loss/train`, `metrics/val_acc`."""
_EVERY = re.compile(r"[_\-/. ](?:on_)?(?:step|epoch)(?= \(\d+\)$|$)", re.IGNORECASE)
"""Lightning logs one quantity as `train_loss_step` and `train_loss_epoch`."""
_BETWEEN = re.compile(r"[_\-/. ]+")
_LOSS = re.compile(r".*loss(?: \(\d+\))?", re.IGNORECASE)
_ACCURACY = re.compile(r".*accuracy.*|(?:.*[_\-/. ])?acc(?: \(\d+\))?", re.IGNORECASE)


class PanelKind(StrEnum):
    """Losses come first, then accuracies, then all others."""

    LOSS = "loss"
    ACCURACY = "accuracy"
    OTHER = "other"


class Split(StrEnum):
    """The data that a column was measured on, in drawing order. OTHER has no prefix, like Keras's `loss`."""

    TRAIN = "train"
    OTHER = "other"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Panel:
    """Columns that share one pair of axes."""

    title: str
    kind: PanelKind
    columns: tuple[str, ...]


def arrange(columns: Iterable[str]) -> list[Panel]:
    """All panels: losses, accuracies, then the others. One for each quantity, whatever it was measured on:
    `train/box_loss` and `val/box_loss` share one, and so do `f1_train` and `f1_val`."""
    groups: dict[tuple[PanelKind, str], list[str]] = {}
    for column in columns:
        groups.setdefault((_kind(column), _quantity(column)), []).append(column)
    order = list(PanelKind)
    return [
        Panel(_title(kind, names), kind, tuple(sorted(names, key=_split_order)))
        for (kind, _), names in sorted(groups.items(), key=lambda item: order.index(item[0][0]))
    ]


def most_important(panels: Sequence[Panel], metric: str) -> list[Panel]:
    """At most `MOST_PANELS`: that of the project's metric first, the others in their order."""
    return sorted(panels, key=lambda panel: metric not in panel.columns)[:MOST_PANELS]


def wanted_panels(panels: Sequence[Panel], wanted: Sequence[str]) -> list[Panel]:
    """At most `MOST_PANELS`: one with each of these columns, in their order."""
    found = [panel for column in wanted for panel in panels if column in panel.columns]
    return list(dict.fromkeys(found))[:MOST_PANELS]


def single(panel: Panel, metric: str, wanted: Sequence[str] = ()) -> Panel:
    """The panel with one column, to compare several runs: a wanted one, else the metric, else validation."""

    def rank(column: str) -> tuple[bool, bool, bool]:
        return column not in wanted, column != metric, split_of(column) is not Split.VALIDATION

    column = min(panel.columns, key=rank)
    return Panel(column, panel.kind, (column,))


def split_of(column: str) -> Split:
    """The split that a word of the column's name says."""
    match = _SPLIT.search(column)
    if match is None:
        return Split.OTHER
    return next(split for split in Split if split is not Split.OTHER and match[split.value])


def stem(column: str) -> str:
    """The metric's name without the word for its split."""
    match = _SPLIT.search(column)
    if match is None:
        return column
    before, after = column[: match.start()], column[match.end() :]
    return f"{before}{after[1:]}" if before else after[1:] if after[1:] else column


def _quantity(column: str) -> str:
    """What the columns of one panel have in common."""
    name = _BETWEEN.sub("_", _EVERY.sub("", stem(column)).strip("_-/. ")).lower()
    return re.sub(r"(?<![^_])acc(?![^_ ])", "accuracy", name) or column


def _title(kind: PanelKind, columns: Sequence[str]) -> str:
    """`Loss`, `Accuracy`, or the name that the columns share."""
    quantity = _quantity(columns[0])
    if kind is not PanelKind.OTHER and quantity == kind.value:
        return quantity.capitalize()
    if len(columns) == 1 and split_of(columns[0]) is Split.OTHER:
        return columns[0]
    return _EVERY.sub("", stem(columns[0])).strip("_-/. ") or columns[0]


def _kind(column: str) -> PanelKind:
    name = _EVERY.sub("", stem(column)).rstrip("_-/. ")
    if _LOSS.fullmatch(name):
        return PanelKind.LOSS
    return PanelKind.ACCURACY if _ACCURACY.fullmatch(name) else PanelKind.OTHER


def _split_order(column: str) -> int:
    return list(Split).index(split_of(column))
