"""Which columns of a table share a panel, and what each is there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MOST_PANELS = 12

_PREFIX = re.compile(
    r"(?:(?P<train>train|training)|(?P<validation>val|valid|validation|eval)|(?P<test>test))[_\-/. ](?P<stem>.+)",
    re.IGNORECASE,
)
_LOSS = re.compile(r".*loss(?: \(\d+\))?", re.IGNORECASE)
_ACCURACY = re.compile(r".*accuracy.*|(?:.*[_\-/. ])?acc(?: \(\d+\))?", re.IGNORECASE)


class Kind(StrEnum):
    """Losses come first and accuracies second; every other metric has a panel of its own."""

    LOSS = "loss"
    ACCURACY = "accuracy"
    OTHER = "other"


class Role(StrEnum):
    """In the order in which a panel has them. Without a prefix (Keras writes `loss`, `val_loss`) it is OTHER."""

    TRAIN = "train"
    OTHER = "other"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Panel:
    """Some columns on one pair of axes."""

    title: str
    kind: Kind
    columns: tuple[str, ...]


def arrange(columns: Iterable[str]) -> list[Panel]:
    """Panels in the order of reading; `train_f1` and `val_f1` share one. `MOST_PANELS` is for the caller to keep."""
    found: dict[tuple[Kind, str], list[str]] = {}
    for column in columns:
        kind = _kind(column)
        found.setdefault((kind, stem(column) if kind is Kind.OTHER else kind.value), []).append(column)
    order = list(Kind)
    return [
        Panel(title if kind is Kind.OTHER else title.capitalize(), kind, tuple(sorted(names, key=_place)))
        for (kind, title), names in sorted(found.items(), key=lambda item: order.index(item[0][0]))
    ]


def role(column: str) -> Role:
    """What the column's prefix says that it was measured on."""
    match = _PREFIX.fullmatch(column)
    if match is None:
        return Role.OTHER
    return next(role for role in Role if role is not Role.OTHER and match[role.value])


def stem(column: str) -> str:
    """The metric's name without what it was measured on."""
    match = _PREFIX.fullmatch(column)
    return column if match is None else match["stem"]


def _kind(column: str) -> Kind:
    if _LOSS.fullmatch(column):
        return Kind.LOSS
    return Kind.ACCURACY if _ACCURACY.fullmatch(column) else Kind.OTHER


def _place(column: str) -> int:
    return list(Role).index(role(column))
