"""A job as JSON and back.

A field that an older bot did not write gets its default, and one that a newer bot wrote is left out, so a field can
be added to a job without a migration. The text is ASCII whatever a name or a subject holds; NaN and infinity (the
loss of a run that diverged) are written as Python's `json` does.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, TypeVar

from bot.domain.events import Attempt
from bot.domain.job import Commit, Job, Progress
from bot.domain.states import EndReason, JobState
from bot.errors import StoreError

T = TypeVar("T")


def encode(job: Job) -> str:
    """The job as one line of JSON."""
    return json.dumps(job, default=_plain, separators=(",", ":"))


@lru_cache(maxsize=4096)
def decode(text: str) -> Job:
    """The job that `encode` was given; `StoreError` where the text is not one that this version can read.

    Remembered by the text, as every service asks for the same open jobs again and again.
    """
    try:
        return _build(Job, json.loads(text))
    except (AttributeError, TypeError, ValueError) as error:
        raise StoreError(
            f"The store holds a job that this version cannot read ({error}): {text[:80]}…\n"
            "Start the version that wrote it, or restore a snapshot."
        ) from error


def _plain(value: object) -> dict[str, Any]:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no place in a job")


def _build(kind: type[T], raw: Mapping[str, Any]) -> T:
    """An instance from the values that `raw` has for its fields."""
    readers = _READERS[kind]
    return kind(**{name: reader(raw[name]) for name, reader in readers.items() if name in raw})


def _as_is(value: Any) -> Any:
    return value


def _attempts(raw: list[Mapping[str, Any]]) -> tuple[Attempt, ...]:
    return tuple(_build(Attempt, each) for each in raw)


_SPECIAL: dict[type, dict[str, Callable[[Any], Any]]] = {
    Commit: {},
    Attempt: {},
    Progress: {},
    Job: {
        "commit": lambda raw: _build(Commit, raw),
        "state": JobState,
        "attempts": _attempts,
        "refused_in": tuple,
        "reason": lambda raw: None if raw is None else EndReason(raw),
        "progress": lambda raw: _build(Progress, raw),
    },
}
"""How the fields that JSON cannot hold as they are get read."""

_READERS = {
    kind: {field.name: special.get(field.name, _as_is) for field in fields(kind)} for kind, special in _SPECIAL.items()
}
