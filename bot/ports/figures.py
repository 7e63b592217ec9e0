"""Pictures of metrics and of sweeps."""

from typing import Protocol

from bot.domain.drawing.figures import BoardRequest, Drawing, FigureRequest


class Figures(Protocol):
    """Draws off the event loop, in a process that can be killed."""

    async def draw(self, request: FigureRequest) -> Drawing:
        """A picture with remarks. `Unavailable` where drawing failed or took too long."""

    async def board(self, request: BoardRequest) -> Drawing:
        """The same for a sweep."""
