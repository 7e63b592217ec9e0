"""Jobs, sweeps, submissions and trials as JSON and back. A row says its kind, behind its id.

A field that an older bot did not write gets its default, and one that a newer bot wrote is left out, so a field can
be added without a migration. The text is ASCII whatever a name or a subject holds; NaN and infinity (the loss of a
run that diverged) are written as Python's `json` does.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, lru_cache, partial
from operator import attrgetter
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from bot.domain.model.job import Job
from bot.domain.model.rows import Row
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.errors import StoreError

T = TypeVar("T")
Reader = Callable[[Any], Any]
_KINDS: Mapping[str, type[Row]] = {kind.__name__.lower(): kind for kind in (Job, Sweep, Submission)}


def encode(value: Row | Trial) -> str:
    """One line of JSON. The id comes first: `decode` remembers by it."""
    if isinstance(value, Trial):
        return _JSON.encode(value)
    return _JSON.encode({"id": value.id, "kind": type(value).__name__.lower(), **_plain(value)})


class _Latest:
    """Of one row the text that was read last, and what it says: None before."""

    def __init__(self) -> None:
        self.read: tuple[str, Row] | None = None


def decode(text: str) -> Row:
    """The row that `encode` got. Raises `StoreError` if this version cannot read the text.

    Remembered by its beginning, the id, as every service asks for the same open jobs again and again. Only the latest
    of each is kept: a sweep over 10,000 seeds takes 0.5 MB each time that it changes.
    """
    latest = _latest(text[: text.find(",")])
    if latest.read is None or latest.read[0] != text:
        latest.read = text, _decoded(_KINDS, text)
    return latest.read[1]


@lru_cache(maxsize=1024)
def _latest(head: str) -> _Latest:  # noqa: ARG001  what it is remembered by
    return _Latest()


@lru_cache(maxsize=20_000)
def decode_trial(text: str) -> Trial:
    """The same for a trial. Of a sweep that is looked at again, most trials are as they were."""
    return _decoded({"": Trial}, text)


def _decoded(kinds: Mapping[str, type[T]], text: str) -> T:
    try:
        raw = json.loads(text)
        return _build(kinds[raw.pop("kind", "")], raw)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        what = "trial" if "" in kinds else "job"
        raise StoreError(
            f"The store holds a {what} that this version cannot read ({error}): {text[:80]}…\n"
            "Start the version that wrote it, or restore a snapshot."
        ) from error


def _plain(value: object) -> dict[str, Any]:
    if is_dataclass(value):
        names, get = _getter(value.__class__)
        return dict(zip(names, get(value), strict=True))
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no place in a job")


_JSON = json.JSONEncoder(default=_plain, separators=(",", ":"))


@cache
def _getter(kind: Any) -> tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]:
    """The names of a dataclass's fields, and what takes all their values from an instance."""
    names = tuple(field.name for field in fields(kind))
    if len(names) == 1:
        return names, lambda value: (getattr(value, names[0]),)
    return names, attrgetter(*names)


def _build(kind: Callable[..., T], raw: dict[str, Any]) -> T:
    """An instance from the values that `raw` has for its fields."""
    names, readers = _readers(kind)
    values = dict(raw) if raw.keys() <= names else {name: raw[name] for name in names if name in raw}
    for name, reader in readers:
        if name in values:
            values[name] = reader(values[name])
    return kind(**values)


@cache
def _readers(kind: Callable[..., object]) -> tuple[frozenset[str], tuple[tuple[str, Reader], ...]]:
    """The names of a dataclass's fields, and how those get read that JSON cannot hold as they are."""
    hints = get_type_hints(kind)
    readers = ((name, _reader(hint)) for name, hint in hints.items())
    return frozenset(hints), tuple((name, reader) for name, reader in readers if reader is not None)


def _reader(hint: Any) -> Reader | None:
    """By the annotation: dataclasses, enums, tuples, and mappings with such keys or values; None for what is plain."""
    if isinstance(hint, type) and is_dataclass(hint):
        return partial(_build, hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    kind, inner = get_origin(hint), [_reader(each) for each in get_args(hint)]
    if kind is tuple:
        return partial(_tuple, inner[0]) if inner[0] else tuple
    if not any(inner):
        return None
    return partial(_mapping, inner[0], inner[1]) if kind is Mapping else partial(_optional, next(filter(None, inner)))


def _tuple(each: Reader, raw: list[Any]) -> tuple[Any, ...]:
    return tuple(map(each, raw))


def _mapping(key: Reader | None, value: Reader | None, raw: Mapping[str, Any]) -> dict[Any, Any]:
    return {(key(k) if key else k): (value(v) if value else v) for k, v in raw.items()}


def _optional(reader: Reader, raw: Any) -> Any:
    return None if raw is None else reader(raw)
