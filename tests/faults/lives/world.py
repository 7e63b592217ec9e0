"""One world: some commands at once, people, an engine, and a bot that is killed and restarted."""

import asyncio
import os
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bot.adapters.sqlite.recovery import recover
from bot.ports.engine import SubmitCall
from bot.services.jobs.reconcile import Reconcile
from bot.services.jobs.track_jobs import TrackJobs
from bot.services.money.quotes import Quotes
from bot.services.running.core import Core, Outside
from bot.services.running.wakeups import Wakeups
from tests.faults.gates import Cut
from tests.faults.lives.batch import SimBatch
from tests.faults.lives.fates import Fate, drawn_life
from tests.faults.lives.judge import Judge
from tests.faults.lives.mishaps import Mishaps, Through
from tests.faults.lives.people import Commanded, People, granted
from tests.faults.lives.rules import ASKERS, BOSS, PRICES, drawn_rules
from tests.faults.lives.strangers import STRANGER, strangers
from tests.faults.lives.surroundings import SimArtifacts, SimEvents, SimLogs
from tests.faults.lives.switches import Guard, Switches
from tests.faults.lives.wired import BOT_NAME, Wired, opened, setup_of, steady_pace
from tests.faults.world import MEMORY
from tests.support.clock import Clock
from tests.support.fakes import FakeChat, FakeCode, FakeFigures, FakeSampler

PER_WORLD = 25
SPAN = 5_400.0
"""The commands of a world come within this time."""
STARTS_AT = 1_800_010_000.0
LATEST = 12 * 3_600.0
"""When a world is given up: by then everything has ended, or never will."""
TICKS = (5.0, 45.0, 60.0, 60.0, 60.0)
RECOVER_OVERLAP = 3_600.0
AGAIN = ("pause", "resume")
"""A command in which the bot was killed is given again."""


class World:
    def __init__(self, seed: int, number: int, *, lives: int = PER_WORLD, without: Guard | None = None) -> None:
        self.drawn = random.Random(f"{seed}.{number}")
        self.clock = Clock(STARTS_AT + self.drawn.uniform(0, 86_400))
        self.rules = drawn_rules(self.drawn)
        self.switches = Switches(without)
        timeout = float(self.rules.project.timeout_seconds)
        first = number * lives
        numbers = range(first, first + lives)
        self._lives = {
            f"l{n}": drawn_life(n, self.drawn, timeout=timeout, askers=len(ASKERS), span=SPAN) for n in numbers
        }
        self.engine = SimBatch(self.clock, self.drawn, self.rules.attempts, self._fate_of)
        self.mishaps = Mishaps(self.clock, self.drawn)
        self.chat = FakeChat(self.clock)
        self.judge = Judge(self.clock, self.rules, self.engine, self.chat)
        self.began = self.clock()
        self._latest = self.began + LATEST
        self.people = People(list(self._lives.values()), self.clock, self.judge, self._tell)
        self._path = Path()
        self.story: list[tuple[float, str]] = []

    # ---- what happens by itself -----------------------------------------------------------------------------
    async def play(self) -> Judge:
        """All of it, until everything has ended."""
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder, self.switches.patched():
            self._path = Path(folder) / "signalbox.db"
            self._plan_events()
            while not self._over():
                async with self._bot(Path(folder)) as bot:
                    await self._life_of(bot)
                if not self._over():
                    await self._restart()
            self.judge.settle()
        return self.judge

    def _plan_events(self) -> None:
        """What will happen in this world, by seconds since it began."""
        draw = self.drawn
        self._events: list[tuple[float, str]] = []
        self._events += [(draw.uniform(0, SPAN * 1.5), "kill") for _ in range(draw.choice((0, 1, 3, 6)))]
        self._events += [(draw.uniform(0, SPAN * 1.5), "outage") for _ in range(draw.choice((0, 1, 2)))]
        if draw.random() < 0.3:
            at = draw.uniform(0, SPAN)
            self._events += [(at, "pause"), (at + draw.uniform(120, 1_800), "resume")]
        if draw.random() < 0.25:
            at = draw.uniform(0, SPAN)
            self._events += [(at, "snapshot"), (at + draw.uniform(10, 2_400), "restore")]
        if draw.random() < 0.1:
            self._events.append((draw.uniform(SPAN / 2, SPAN), "long outage of the bot"))
        self._events += [(draw.uniform(60, SPAN), "stranger") for _ in range(draw.choice((0, 0, 1)))]
        self._events.sort()
        self._strangers = strangers(draw, self.rules.project)
        self._snapshot: Path | None = None
        self._taken_at = 0.0
        self._restoring = False
        self._down_for = 0.0

    def _over(self) -> bool:
        if self.clock() > self._latest:
            return True
        return self.people.over and self.judge.quiet

    async def _life_of(self, bot: Wired) -> None:
        """Until the bot is killed, or all is over."""
        with suppress(Cut):
            while not self._over():
                self._tick(self.drawn.choice(TICKS))
                await self._events_due(bot)
                await self.people.act(bot)
                failed = len(self.mishaps.failed_at)
                await bot.turn()
                self.judge.look(bot.store, troubled=len(self.mishaps.failed_at) > failed)
                self.people.note_ends()

    def _tick(self, seconds: float) -> None:
        self.clock.tick(seconds)
        self.engine.advance(self.clock())

    async def _events_due(self, bot: Wired) -> None:
        while self._events and self._events[0][0] <= self.clock() - self.began:
            _, what = self._events[0]
            self._tell(what)
            if what not in AGAIN:
                self._events.pop(0)
            await self._happen(bot, what)
            if what in AGAIN:
                self._events.pop(0)

    async def _happen(self, bot: Wired, what: str) -> None:
        if what == "kill":
            self.mishaps.calls_left = self.drawn.randrange(60)
            self._down_for = self.drawn.choice((5.0, 60.0, 1_200.0))
        elif what == "long outage of the bot":
            self.mishaps.calls_left, self._down_for = 0, 25 * 3_600.0
        elif what == "outage":
            for port in self.drawn.choice((("engine",), ("logs",), ("chat",), ("engine", "logs", "artifacts", "chat"))):
                self.mishaps.down_until[port] = self.clock() + self.drawn.uniform(60, 1_200)
        elif what == "pause":
            await granted(bot.services.pause.pause(BOSS, "the month is over"))
            self.judge.paused(at=self.clock())
        elif what == "resume":
            await granted(bot.services.pause.resume(BOSS))
            self.judge.paused(at=None)
        elif what == "snapshot":
            self._snapshot, self._taken_at = self._path.with_name("copy.db"), self.clock()
            await bot.store.snapshot(self._snapshot)
        elif what == "restore":
            self.mishaps.calls_left, self._restoring, self._down_for = self.drawn.randrange(60), True, 60.0
        elif what == "stranger":
            await self.engine.submit(next(self._strangers))

    @asynccontextmanager
    async def _bot(self, folder: Path) -> AsyncIterator[Wired]:
        self.mishaps.dead, self.mishaps.calls_left = False, float("inf")
        projects = {self.rules.project.name: self.switches.project(self.rules.project)}
        caps = self.switches.caps(self.rules.caps)
        with opened(self._path, self.clock, caps) as store:
            setup = setup_of(folder, projects, lambda: self.people.next_id)
            bot = Wired(setup, self._outside(), store, self.mishaps, projects, caps)
            self.switches.apply(bot)
            try:
                yield bot
            finally:
                await bot.close()

    def _outside(self) -> Outside:
        def through(name: str, port: object) -> Any:
            return Through(name, port, self.mishaps)

        return Outside(
            engine=through("engine", self.engine),
            events=through("events", SimEvents(self.engine)),
            logs=through("logs", SimLogs(self.clock, self.engine)),
            log_pace=steady_pace(),
            artifacts=through("artifacts", SimArtifacts(self.clock, self.engine)),
            code=FakeCode(),
            chat=through("chat", self.chat),
            figures=FakeFigures(),
            sampler=FakeSampler(),
        )

    async def _restart(self) -> None:
        """After a while, perhaps from a snapshot. Time passes for the machines."""
        down = self._down_for or 5.0
        self._down_for = 0.0
        self._tell(f"the bot is down for {down:.0f} s")
        self._latest += down
        self.judge.down(self.clock(), self.clock() + down)
        self._tick(down)
        if self._restoring and self._snapshot is not None:
            self._restoring = False
            await self._restore(self._snapshot)

    async def _restore(self, snapshot: Path) -> None:
        """As `signalbox restore` does, from what was copied at that time."""
        taken_at = self._taken_at
        os.utime(snapshot, (taken_at, taken_at))
        recover(self._path, [snapshot], self.clock())
        with opened(self._path, self.clock, self.rules.caps) as store:
            core = Core(store, {self.rules.project.name: self.rules.project}, Wakeups(), self.clock)
            reconcile = Reconcile(core, self.engine, BOT_NAME, Quotes(store, self.engine, None, PRICES))
            await reconcile.recover(taken_at - RECOVER_OVERLAP)
            await reconcile.once()
            await TrackJobs(core, self.engine).once()
        self.judge.restored(taken_at)
        self.people.restored()
        self._events = sorted([*self._events, (self.clock() - self.began + 300, "resume")])
        self._tell(f"restored from a snapshot that is {self.clock() - taken_at:.0f} s old")

    def _fate_of(self, call: SubmitCall) -> Fate:
        known = self._lives.get(call.environment.get("JOB_ID", ""))
        return known.fate if known is not None else STRANGER

    def _tell(self, what: str, each: Commanded | None = None) -> None:
        name = f"l{each.life.number}: " if each is not None else ""
        self.story.append((self.clock() - self.began, f"{name}{what}"))
