"""Group the columns of a table into panels."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_PANELS = 2
"""More would be too small to read in Discord, which shows pictures at most 550 pixels wide."""

_PREFIX = re.compile(
    r"(?:(?P<train>train|training)|(?P<validation>val|valid|validation|eval)|(?P<test>test))[_\-/. ](?P<stem>.+)",
    re.IGNORECASE,
)
_LOSS = re.compile(r".*loss(?: \(\d+\))?", re.IGNORECASE)
_ACCURACY = re.compile(r".*accuracy.*|(?:.*[_\-/. ])?acc(?: \(\d+\))?", re.IGNORECASE)


class PanelKind(StrEnum):
    """All losses share the first panel, all accuracies the second. Every other metric has its own."""

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
    """All panels: losses, accuracies, then the others; `train_f1` and `val_f1` share one."""
    groups: dict[tuple[PanelKind, str], list[str]] = {}
    for column in columns:
        kind = _kind(column)
        groups.setdefault((kind, stem(column) if kind is PanelKind.OTHER else kind.value), []).append(column)
    order = list(PanelKind)
    return [
        Panel(title if kind is PanelKind.OTHER else title.capitalize(), kind, tuple(sorted(names, key=_split_order)))
        for (kind, title), names in sorted(groups.items(), key=lambda item: order.index(item[0][0]))
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
    """The split that the column's prefix names."""
    match = _PREFIX.fullmatch(column)
    if match is None:
        return Split.OTHER
    return next(split for split in Split if split is not Split.OTHER and match[split.value])


def stem(column: str) -> str:
    """The metric's name without the prefix of its split."""
    match = _PREFIX.fullmatch(column)
    return column if match is None else match["stem"]


def _kind(column: str) -> PanelKind:
    if _LOSS.fullmatch(column):
        return PanelKind.LOSS
    return PanelKind.ACCURACY if _ACCURACY.fullmatch(column) else PanelKind.OTHER


def _split_order(column: str) -> int:
    return list(Split).index(split_of(column))
