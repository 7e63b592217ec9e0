"""Read the audit for an administrator: a page of what they look for, or the chain as a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.access import Person
from bot.errors import NotAllowed
from bot.ports.audit import Wanted
from bot.ports.store import Store
from bot.services.people.permits import Permits

PAGE = 10
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The fields of the entries, newest first, and whether there are older ones."""

    entries: Sequence[Mapping[str, Any]]
    more: bool


@dataclass(frozen=True, slots=True)
class Export:
    """The chain as JSON lines, from entry `first` to the newest."""

    content: bytes
    first: int
    last: int


class ReadAudit:
    def __init__(self, store: Store, permits: Permits, now: Callable[[], float]) -> None:
        self._store, self._permits, self._now = store, permits, now

    async def page(self, person: Person, wanted: Wanted, number: int) -> AuditPage:
        """Page `number` from 1. Whoever administers some projects sees their entries alone."""
        own = self._permits.administered(person)
        if own is not None:
            chosen = own & set(wanted.projects) if wanted.projects else own
            if not chosen:
                return AuditPage((), more=False)
            wanted = replace(wanted, projects=tuple(sorted(chosen)))
        links = await self._store.audited(wanted, (number - 1) * PAGE, PAGE + 1)
        return AuditPage([link.fields for link in links[:PAGE]], more=len(links) > PAGE)

    async def export(self, person: Person, since: float, most_bytes: int) -> Export:
        """Every entry from then on, without gaps, as a part of the chain proves nothing; the newest if not all fit.

        Raises `NotAllowed` for whoever does not administer all projects.
        """
        if self._permits.administered(person) is not None:
            raise NotAllowed("The export has the entries of all projects. Ask somebody who administers all of them.")
        newest = await self._store.audit_anchor()
        lines, size, number = list[bytes](), 0, newest.number
        while number > 0 and size <= most_bytes:
            first = max(1, number - BATCH + 1)
            links = [link for link in await self._store.audit_chain(first, BATCH) if link.number <= number]
            batch = [f"{link.line}\n".encode() for link in links if link.at >= since]
            lines = batch + lines
            size += sum(map(len, batch))
            number = first - 1
            if len(batch) < len(links):
                break
        while lines and size > most_bytes:
            size -= len(lines.pop(0))
        return Export(b"".join(lines), newest.number - len(lines) + 1, newest.number)

    def since(self, seconds: float) -> float:
        return self._now() - seconds
