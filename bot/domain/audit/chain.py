"""The chain: each entry has its number, and the hash of the entry before it, and its own hash covers both.

So an entry cannot be changed, taken out, put in or moved without all later hashes changing with it. What a chain alone
cannot show is that its end was cut off, or that all of it was made anew: for that, an anchor (a number and its hash,
noted elsewhere) is compared with it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.domain.audit.entry import NAME_CHARACTERS, WHY_CHARACTERS, Entry, shown

GENESIS = "0" * 64
"""In place of the hash of an entry before the first."""
_ANCHOR = re.compile(r"(\d+):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Link:
    """An entry in its place, as stored and as exported: `content` is its JSON without the hash."""

    content: str
    hash: str

    @property
    def fields(self) -> Mapping[str, Any]:
        """Raises `ValueError` if it is not an object in JSON."""
        return _object(self.content)

    @property
    def number(self) -> int:
        return int(self.fields["number"])

    @property
    def at(self) -> float:
        """In seconds since the epoch."""
        return float(self.fields["at"])

    @property
    def line(self) -> str:
        """One line of an export."""
        return canonical({**self.fields, "hash": self.hash})


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest entry at some time, noted outside the store."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


NO_ENTRY = Anchor(0, GENESIS)


def anchor(text: str) -> Anchor:
    """`812:9f…` as the log and the snapshot have it. Raises `ValueError` for anything else."""
    found = _ANCHOR.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f'"{text}" is no anchor: it is a number, a colon and 64 digits, as the log has it')
    return Anchor(int(found[1]), found[2])


def linked(entry: Entry, at: float, after: Anchor) -> Link:
    """The entry in its place after another one. `at` is in seconds since the epoch."""
    effect = entry.effect
    content = canonical(
        {
            "number": after.number + 1,
            "previous": after.hash,
            "once": entry.once,
            "at": at,
            "time": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
            "what": entry.what,
            "by": {
                "id": str(entry.by.id),
                "name": shown(entry.by.name, NAME_CHARACTERS),
                "roles": [str(role) for role in sorted(entry.by.roles)],
            },
            "guild": str(entry.place.guild_id),
            "channel": str(entry.place.channel_id),
            "thread": str(entry.place.thread_id),
            "options": dict(entry.options),
            "decided": entry.decided,
            "why": shown(entry.why, WHY_CHARACTERS),
            "does": effect.does,
            "job": effect.job,
            "project": effect.project,
            "engine_id": effect.engine_id,
        }
    )
    return Link(content, hashed(content))


def canonical(fields: Mapping[str, Any]) -> str:
    """The one text for these fields: sorted, ASCII, without spaces, so that its hash can be computed again."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def hashed(content: str) -> str:
    """The hash of the one before is in the content."""
    return hashlib.sha256(content.encode()).hexdigest()


def from_line(line: str) -> Link:
    """A line of an export. Raises `ValueError` if it is not one."""
    fields = _object(line)
    own_hash = str(fields.pop("hash", ""))
    return Link(canonical(fields), own_hash)


def _object(text: str) -> dict[str, Any]:
    match json.loads(text):
        case dict(fields):
            return fields
        case _:
            raise ValueError("it is not an object")


def problems(links: Iterable[Link], anchors: Sequence[Anchor] = ()) -> Iterator[str]:
    """What is wrong with a chain, in words; nothing for a whole one. It may begin with any number, as exports do."""
    before: Anchor | None = None
    wanted = {each.number: each.hash for each in anchors}
    for position, link in enumerate(links, 1):
        try:
            number, previous = _place(link)
        except (ValueError, TypeError, KeyError):
            yield f"Entry at position {position} cannot be read."
            before = None
            continue
        yield from _misplaced(number, previous, before)
        if hashed(link.content) != link.hash:
            yield f"Entry {number} was changed: its content does not give its hash."
        if wanted.pop(number, link.hash) != link.hash:
            yield f"Entry {number} is not the one of the anchor."
        before = Anchor(number, link.hash)
    for number in sorted(wanted):
        yield f"Entry {number} of the anchor is missing: the chain ends at {before.number if before else 0}."


def _place(link: Link) -> tuple[int, str]:
    fields = link.fields
    return int(fields["number"]), str(fields["previous"])


def _misplaced(number: int, previous: str, before: Anchor | None) -> Iterator[str]:
    if before is None:
        if number == 1 and previous != GENESIS:
            yield "Entry 1 does not begin a chain."
        return
    if number != before.number + 1:
        yield f"Entry {before.number} is followed by entry {number}: something was removed, put in or moved."
    elif previous != before.hash:
        yield f"Entry {number} does not follow entry {before.number}: one of them was replaced."
