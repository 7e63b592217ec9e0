"""The store's methods for reports on costs and for prices that people watch."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.ledger import admission, cost_columns, ledger_rows, watch_rows, weekly_rows
from bot.domain.audit.entry import Effect
from bot.domain.money.caps import Cap, Caps, Pool
from bot.domain.money.spot_watch import SpotWatch
from bot.domain.money.weekly import WeeklyPosition
from bot.domain.spending.charge import Charge
from bot.ports.costs import Place, Used

T = TypeVar("T")
_PERSONS = (Pool.PERSON_DAY, Pool.PERSON_LIVE)


class CostReads(ABC):
    """`bot.ports.costs.Costs` and `bot.ports.spot_watches` say what the methods promise. The store has the rest."""

    _caps: Caps
    _now: Callable[[], float]

    @abstractmethod
    async def _read(self, work: Callable[[Connection], T]) -> T:
        """Without a transaction."""

    @abstractmethod
    async def _write(
        self, work: Callable[[Connection], T], effect: Effect | None = None, *, submits: bool = False
    ) -> T:
        """In one transaction."""

    async def costs(
        self, start: float, end: float, *, projects: Collection[str] | None, after: Place, limit: int
    ) -> list[Charge]:
        return await self._read(lambda db: cost_columns.charges(db, start, end, projects, after, limit))

    async def charged_projects(self) -> list[str]:
        return await self._read(cost_columns.projects)

    async def latest_time(self) -> float:
        return await self._read(lambda db: ledger_rows.latest_time(db, self._now()))

    async def weekly_position(self, channel_id: int) -> WeeklyPosition | None:
        return await self._read(lambda db: weekly_rows.position(db, channel_id))

    async def keep_weekly_position(self, place: WeeklyPosition) -> None:
        await self._write(lambda db: weekly_rows.keep(db, place))

    async def spot_watches(self, asker_id: int | None = None) -> list[SpotWatch]:
        return await self._read(lambda db: watch_rows.watches(db, asker_id))

    async def add_spot_watch(self, watch: SpotWatch, most: int) -> SpotWatch | None:
        return await self._write(lambda db: watch_rows.add(db, watch, most))

    async def keep_spot_watch(self, watch: SpotWatch) -> bool:
        return await self._write(lambda db: watch_rows.keep(db, watch))

    async def end_spot_watch(self, watch_id: int, asker_id: int) -> bool:
        return await self._write(lambda db: watch_rows.end(db, watch_id, asker_id))

    async def used(self, projects: Sequence[str], asker_id: int) -> list[Used]:
        def counted(db: Connection) -> list[Used]:
            at = ledger_rows.latest_time(db, self._now())
            return [
                Used(cap, project, admission.counted(db, self._caps, cap, name, asker_id, at))
                for cap, project, name in _distinct(self._caps, projects)
            ]

        return await self._read(counted)


def _distinct(caps: Caps, projects: Sequence[str]) -> Iterator[tuple[Cap, str, str]]:
    """Each cap that is added up over a time or over live jobs, with the project it is of, and one that it covers."""
    seen = set[tuple[str, str]]()
    for name in projects:
        for cap in caps.of(name):
            project = "" if cap.pool in _PERSONS and not cap.own else name
            if cap.pool is not Pool.JOB and (cap.setting, project) not in seen:
                seen.add((cap.setting, project))
                yield cap, project, name
