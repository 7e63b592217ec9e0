"""What was spent and may be spent, as the store's ledger has it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.money.caps import Cap, Sums
from bot.domain.money.weekly import WeeklyPosition
from bot.domain.spending.charge import Charge

Place = tuple[float, str]
"""Of an entry in the order of the ledger: when it counts, and its id."""
FIRST: Place = (float("-inf"), "")


@dataclass(frozen=True, slots=True)
class Used:
    """What counts against a cap of this project; `project` is empty for a cap that the person has in several."""

    cap: Cap
    project: str
    sums: Sums


class Costs(Protocol):
    """The ledger, to be read. Each method is one transaction."""

    async def costs(
        self, start: float, end: float, *, projects: Collection[str] | None, after: Place, limit: int
    ) -> list[Charge]:
        """The entries that count from `start` to before `end`, in order, behind `after`. `projects` are the only ones
        that may be listed; None for all."""

    async def charged_projects(self) -> list[str]:
        """The names of the projects of all entries, also such as the config no longer has."""

    async def latest_time(self) -> float:
        """The latest time that the store has seen, this moment among them: a day that has ended begins no more."""

    async def weekly_position(self, channel_id: int) -> WeeklyPosition | None:
        """How far the digests of weeks have been posted there; None if none has been due."""

    async def keep_weekly_position(self, place: WeeklyPosition) -> None: ...

    async def used(self, projects: Sequence[str], asker_id: int) -> list[Used]:
        """What counts against each cap of these projects and of this person, now. A cap that several projects share is
        there once for a person."""
