"""The bot as `bot/app.py` wires it, on a clock that the world moves: its loops run when the world says so."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from pathlib import Path

from bot import app
from bot.adapters.sqlite import store as sqlite_store
from bot.adapters.sqlite.store import SqliteStore
from bot.domain.money.caps import Caps
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.services.people.permits import Permits
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.running.core import Core, Intervals, Outside, Setup
from bot.services.running.loop import Heartbeat, Loop
from bot.services.running.wakeups import Wakeups
from tests.faults.gates import Cut
from tests.faults.lives.mishaps import Mishaps, Through
from tests.faults.lives.rules import PRICES
from tests.support.clock import Clock
from tests.support.projects import GRANTS, GUILD

BOT_NAME = "signalbox"
INTERVALS = Intervals(
    describe=15, logs=2, card=2, thread=10, picture=20, drain=30, lookup=45, plot_deadline=60, stuck=300, reconcile=180
)
"""The defaults of `[pace]`."""
LEFT_OUT = ("snapshot", "audit_channel", "warm_prices", "tidy_logs", "tidy_boards", "drop_drafts")
OF_SWEEPS = (
    *("dispatch", "track_trials", "stream_metrics", "prune", "collect_results"),
    *("report_trials", "refresh_board", "announce_sweep"),
)
SLOW = ("deliver", "post_lines", "archive", "explain_wait", "pause", "announce_result")
"""They spend nothing, so they have fewer passes: it is the lives that count here."""
SLOW_SECONDS = 120.0


class OneThread:
    """In place of the store's own thread: a fake clock needs none, and 10,000 lives are faster."""

    def submit(self, work: Callable[[], object]) -> None:
        raise AssertionError("InlineStore works on the thread that calls")

    def shutdown(self, *, wait: bool) -> None: ...


class InlineStore(SqliteStore):
    async def _in_thread(self, work: Callable[[], object]) -> object:  # type: ignore[override]
        return work()


@contextmanager
def opened(path: Path, clock: Clock, caps: Caps) -> Iterator[InlineStore]:
    """The real store on the real file."""
    with ExitStack() as held:
        connection = sqlite_store._open(path, held)
        yield InlineStore(path, connection, OneThread(), clock, None, 1 << 24, caps)  # type: ignore[arg-type]


class Wired:
    """One life of the bot."""

    def __init__(
        self,
        setup: Setup,
        outside: Outside,
        store: InlineStore,
        mishaps: Mishaps,
        projects: Mapping[str, Project],
        caps: Caps,
    ) -> None:
        self.store, self._mishaps, self._drawn, self._clock = store, mishaps, mishaps.drawn, mishaps.clock
        self._stack = AsyncExitStack()
        guarded = Through("store", store, mishaps)
        permits = Permits(GRANTS, GUILD)
        core = Core(guarded, projects, Wakeups(), self._clock, permits, caps=caps)  # type: ignore[arg-type]
        self.services, loops = app._services(core, outside, setup, self._stack, _heartbeat())
        self.loops = [loop for loop in loops if loop.name not in (*LEFT_OUT, *OF_SWEEPS)]
        self._next = {loop.name: 0.0 for loop in self.loops}

    async def turn(self) -> None:
        """A pass of each loop that is due, in any order. Raises `Cut` when the bot is killed.

        The guard comes last: in truth logs are read several times between two of its passes.
        """
        for loop in sorted(self._drawn.sample(self.loops, len(self.loops)), key=lambda loop: loop.name == "guard"):
            if self._next[loop.name] > self._clock():
                continue
            self._next[loop.name] = self._clock() + _seconds(loop)
            with suppress(ServiceError):
                await loop.once()
            await self._settle()

    async def close(self) -> None:
        self._mishaps.dead = True
        await self._settle(raising=False)
        await self._stack.aclose()

    async def _settle(self, *, raising: bool = True) -> None:
        """Until all that the pass began has ended."""
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(tasks)  # type: ignore[type-var]
        if raising and self._mishaps.dead:
            raise Cut


def setup_of(folder: Path, projects: Mapping[str, Project], new_id: Callable[[], str]) -> Setup:
    guard = next(iter(projects.values())).guard
    return Setup(
        bot_name=BOT_NAME,
        data_dir=folder,
        intervals=INTERVALS,
        nonce_window=60,
        audit_channel_id=0,
        snapshot_uri="s3://bucket/store.db",
        snapshot_seconds=900,
        new_id=new_id,
        limits={},
        starts_per_hour=1_000,
        grace_seconds=guard.grace_seconds,
        prices=PRICES,
    )


def _seconds(loop: Loop) -> float:
    return SLOW_SECONDS if loop.name in SLOW else loop.seconds


def _heartbeat() -> Heartbeat:
    return Heartbeat(lambda: 0.0)


def steady_pace() -> AdaptivePace:
    steady = Clock()
    return AdaptivePace(5, now=steady, sleep=steady.sleep)
