"""Gates before and after every commit and every call to the outside.

There a test may cut the bot, lose an answer, or let something else happen meanwhile.
"""

import inspect
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import bot.services
from tests.support.faults import Fault, raise_due

COMMITS = (
    *("add", "change", "append_log", "drop_log", "post_attempted", "post_done", "post_parked", "post_replaced"),
    *("add_submissions", "record", "keep_draft", "drop_draft", "drop_drafts", "audit"),
)
"""The methods of the store that write."""
_SERVICES = Path(bot.services.__file__).parent


class Cut(BaseException):
    """The process is gone: nothing in the bot catches this."""


@dataclass
class Gates:
    """Those of one life of the bot. It is cut at gate number `cut_at`, and does nothing from then on."""

    cut_at: int = -1
    faults: list[Fault] = field(default_factory=list)
    meanwhile_at: int = -1
    meanwhile: Callable[[], Awaitable[None]] | None = None
    """What happens at gate number `meanwhile_at`, before whoever stands there goes on."""
    names: list[str] = field(default_factory=list)
    """What has been passed: `before Store.change #17 (launch: submitted)`."""
    dead: bool = False

    def __post_init__(self) -> None:
        self._calls: Counter[str] = Counter()

    def calling(self, call: str) -> str:
        """Counts a call: its name, number, and the service that makes it."""
        self._calls[call] += 1
        return f"{call} #{self._calls[call]} ({_caller()})"

    async def reach(self, call: str, name: str, *, after: bool) -> None:
        """Raises what is due here."""
        if self.dead:
            raise Cut
        self.names.append(f"{'after' if after else 'before'} {name}")
        if len(self.names) - 1 == self.cut_at:
            self.dead = True
            raise Cut
        if len(self.names) - 1 == self.meanwhile_at and self.meanwhile is not None:
            await self.meanwhile()
        raise_due(self.faults, call, after=after)


class Gated:
    """A port whose methods (all, or those in `only`) pass the gates."""

    def __init__(self, name: str, port: object, gates: Gates, only: tuple[str, ...] = ()) -> None:
        self._name, self._port, self._gates, self._only = name, port, gates, only

    def __getattr__(self, method: str) -> Any:
        inner = getattr(self._port, method)
        if not inspect.iscoroutinefunction(inner) or (self._only and method not in self._only):
            return inner
        return self._gated(f"{self._name}.{method}", inner)

    def _gated(self, call: str, inner: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def through(*args: Any, **named: Any) -> Any:
            name = self._gates.calling(call)
            await self._gates.reach(call, name, after=False)
            result = await inner(*args, **named)
            await self._gates.reach(call, name, after=True)
            return result

        return through


def _caller() -> str:
    """The service's function that waits for this call: `launch: submitted`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_SERVICES) and not frame.f_code.co_name.startswith("<"):
            return f"{path.stem}: {frame.f_code.co_name.strip('_')}"
        frame = frame.f_back
    return "test"
