"""Pictures of metrics and of sweeps, and what is in the tables of jobs."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.drawing.figures import (
    BoardRequest,
    CostRequest,
    Drawing,
    FigureRequest,
    SpotRequest,
    TablesRequest,
    TableSummary,
)


class Figures(Protocol):
    """Reads the tables that jobs write, and draws, in a process with little memory and time that can be killed.

    What a table itself makes impossible, such as its size, is a word in the answer, and the same each time.
    """

    async def draw(self, request: FigureRequest) -> Drawing:
        """A picture with remarks. `Unavailable` where drawing failed or took too long."""

    async def summaries(self, request: TablesRequest) -> Sequence[TableSummary]:
        """One for each table, in their order. `Unavailable` as of `draw`: try fewer tables at once."""

    async def board(self, request: BoardRequest) -> Drawing:
        """A picture of a sweep, as `draw`."""

    async def costs(self, request: CostRequest) -> Drawing:
        """A picture of costs, as `draw`."""

    async def spot(self, request: SpotRequest) -> Drawing:
        """A picture of spot prices, as `draw`."""
