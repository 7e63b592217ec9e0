"""The outside, which outlives the bot, and the bot's lives one after the other in it."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from bot.adapters.sqlite import open_store
from bot.domain.audit.chain import problems
from bot.domain.audit.entry import Actor, Does, Entry
from bot.domain.model.observation import Attempt, Observation
from bot.domain.model.states import JobState
from bot.errors import ServiceError, UserError
from bot.ports.audit import asking
from bot.ports.engine import Hint, SubmitCall
from bot.ports.logs import LogPage
from bot.services.jobs.submit import TrainRequest
from bot.services.sweeps.propose import SweepRequest
from tests.bot.adapters.sqlite.ledger import balance
from tests.faults.gates import COMMITS, Cut, Gated, Gates
from tests.support.clock import Clock
from tests.support.fakes import FakeEngine, FakeLogs
from tests.support.faults import Fault
from tests.support.projects import CHANNEL
from tests.support.services import MIKA, Bot, Outside

LAG_SECONDS = 20.0
"""How long Batch does not show a new job."""
LATEST_SECONDS = 8.0
"""How long after its end the last lines of an attempt become readable."""
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
"""Where the stores lie: thousands of commits need no disk. What a disk keeps is tested with the store."""
PORTS = ("engine", "logs", "artifacts", "code", "figures", "sampler", "events", "chat")

OF_TRIALS = (
    *("dispatch", "track_trials", "stream_metrics", "prune"),
    *("collect_results", "report_trials", "refresh_board", "announce_sweep"),
)
"""While one of these writes trials the others wait for it, as each sweep's trials are behind a lock."""

SHORT, LONG = 2.0, 7200.0
"""Seconds until the bot is up again: inside the nonce window and AWS's lag, and far beyond both."""

T = TypeVar("T")


class BotClock:
    """The clock of the bot's machine, which somebody may set; AWS's and Discord's go on."""

    def __init__(self, true: Clock) -> None:
        self._true = true
        self.ahead = 0.0

    def __call__(self) -> float:
        return self._true() + self.ahead

    async def sleep(self, seconds: float) -> None:
        self._true.tick(seconds)


class SlowBatch(FakeEngine):
    """Shows a new job only after a while, and ends a job that is terminated. With `twice` it takes each job twice."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.twice = False

    async def submit(self, submission: SubmitCall) -> str:
        engine_id = await super().submit(submission)
        self.jobs[engine_id] = replace(self.jobs[engine_id], created_at=self._clock())
        if self.twice:
            self.jobs[f"{engine_id}-again"] = replace(self.jobs[engine_id], engine_id=f"{engine_id}-again")
        return engine_id

    async def find(self, queue: str, name: str) -> list[Observation]:
        return [job for job in await super().find(queue, name) if self._shown(job)]

    async def describe(self, engine_ids: Sequence[str]) -> dict[str, Observation]:
        return {key: job for key, job in (await super().describe(engine_ids)).items() if self._shown(job)}

    async def live(self, queue: str) -> list[Observation]:
        return [job for job in await super().live(queue) if self._shown(job)]

    async def terminate(self, engine_id: str, reason: str) -> None:
        await super().terminate(engine_id, reason)
        job = self.jobs[engine_id]
        if job.state.terminal:
            return
        now = self._clock()
        attempts = [replace(a, stopped_at=now, exit_code=143) if a.stopped_at is None else a for a in job.attempts]
        self.move(engine_id, JobState.FAILED, *attempts, reason=reason)
        self.jobs[engine_id] = replace(self.jobs[engine_id], terminated=True, stopped_at=now)

    def _shown(self, job: Observation) -> bool:
        return job.created_at is None or self._clock() >= job.created_at + LAG_SECONDS


class SlowLogs(FakeLogs):
    """Lines become readable some time after they were printed, and soon after their stream has ended."""

    def __init__(self, clock: Clock, engine: FakeEngine) -> None:
        super().__init__()
        self._clock, self._engine = clock, engine
        self._coming: list[tuple[float, str, float, tuple[str, ...]]] = []

    def later(self, stream: str, messages: tuple[str, ...], *, after: float) -> None:
        """Printed now, readable after a delay."""
        self._coming.append((self._clock() + after, stream, self._clock(), messages))

    async def read(self, group: str, streams: Sequence[str], since_ms: int, token: str | None = None) -> LogPage:
        for coming in self._coming.copy():
            due, stream, printed, messages = coming
            if self._clock() >= min(due, self._ended(stream) + LATEST_SECONDS):
                self._coming.remove(coming)
                self.write(stream, *messages, at=printed)
        return await super().read(group, streams, since_ms, token)

    def _ended(self, stream: str) -> float:
        attempts = [a for job in self._engine.jobs.values() for a in job.attempts if a.log_stream == stream]
        return next((a.stopped_at for a in attempts if a.stopped_at is not None), math.inf)


class World:
    """AWS, git, Discord, and time."""

    def __init__(self) -> None:
        self.outside = Outside()
        self.clock = self.outside.clock
        self.engine = self.outside.engine = SlowBatch(self.clock)
        self.chat = self.outside.chat
        self.logs = self.outside.logs = SlowLogs(self.clock, self.engine)
        self.artifacts, self.events = self.outside.artifacts, self.outside.events
        self.bot_clock = BotClock(self.clock)
        self.interaction = 0
        """The last one; a job's id is made of it."""

    def new_id(self) -> str:
        return f"job{self.interaction}"

    def move(self, engine_id: str, state: JobState, *attempts: Attempt, reason: str = "") -> None:
        """A transition, with its event."""
        self.engine.move(engine_id, state, *attempts, reason=reason)
        self.events.hints.append(Hint(engine_id, f"receipt-{len(self.events.hints)}"))

    def run(self, engine_id: str) -> str:
        """The next attempt begins; the name of its stream."""
        before = self.engine.jobs[engine_id].attempts
        stream = f"trainer/{engine_id}/{len(before) + 1}"
        self.move(engine_id, JobState.RUNNING, *before, Attempt(stream, self.clock()))
        return stream

    def end(self, engine_id: str, state: JobState, exit_code: int | None, reason: str = "") -> None:
        """The attempt under way ends, and with a terminal state the job."""
        *before, last = self.engine.jobs[engine_id].attempts
        ended = replace(last, stopped_at=self.clock(), exit_code=exit_code, reason=reason)
        self.move(engine_id, state, *before, ended, reason=reason)

    def said(self, *lines: str, stream: str, readable_in: float = 0.0) -> None:
        """Lines that are printed now."""
        self.logs.later(stream, lines, after=readable_in)


class Play:
    """A story with the bot in it: life by life it ends at the gates in `cuts`, and the next begins `down` s later."""

    def __init__(
        self,
        world: World,
        folder: Path,
        *,
        cuts: Iterable[int] = (),
        down: float = SHORT,
        overtaken_at: int = -1,
        clicked: str = "",
    ) -> None:
        """At gate `overtaken_at` of the first life all other services have a pass before the one there goes on; and
        before that somebody clicks on Stop of the job `clicked`.
        """
        self.world, self._folder, self._down = world, folder, down
        self._cuts = iter(cuts)
        self._overtaken_at = overtaken_at
        self._running = ""
        self._clicked = clicked
        self.lives = 0
        self.faults: list[Fault] = []
        self.first: Gates | None = None
        """The gates of the first life."""
        self.audit: set[tuple[str, str, str]] = set()
        """Who, what follows, and for which job."""

    @asynccontextmanager
    async def playing(self) -> AsyncIterator["Play"]:
        await self._begin()
        try:
            yield self
        finally:
            await self._end()

    async def restart(self) -> None:
        """What the bot had in memory is gone."""
        await self._end()
        self.world.clock.tick(self._down)
        await self._begin()

    async def read_audit(self) -> None:
        """Check the chain, and what must be in it whatever happened."""
        links = await self.bot.store.audit_chain(1, 10_000)
        assert list(problems(links, [await self.bot.store.audit_anchor()])) == []
        self.audit = {(link.fields["by"]["id"], link.fields["does"], link.fields["job"]) for link in links}
        started = [link.fields["job"] for link in links if link.fields["does"] == Does.START]
        assert len(started) == len(set(started)), "something started twice"

    def _asked(self, what: str, interaction_id: int) -> None:
        """As the chat does for each command."""
        asking.set(Entry(str(interaction_id), what, Actor(MIKA.id, MIKA.name)))

    async def train(self, interaction_id: int = 9, **values: object) -> str:
        """The command; where the bot is cut in it, Discord's event comes again."""
        self.world.interaction = interaction_id
        request = TrainRequest(MIKA, CHANNEL, interaction_id, values=values)
        self._asked("/train", interaction_id)
        return (await self.alive(lambda bot: bot.submit.train(request))).id

    async def sweep(self, text: str, interaction_id: int = 9, **options: Any) -> str:
        """The same for a sweep, which is confirmed where it has to be."""
        self.world.interaction = interaction_id
        request = SweepRequest(MIKA, CHANNEL, interaction_id, text, **options)
        self._asked("/sweep", interaction_id)
        proposal = await self.alive(lambda bot: bot.propose.sweep(request))
        if proposal.needs_confirmation:
            self._asked("button confirm_sweep", interaction_id + 1_000)
            await self.alive(lambda bot: bot.propose.confirm(proposal.sweep.id, MIKA))
        return proposal.sweep.id

    async def click_stop(self, job_id: str) -> None:
        self._asked("/stop", 2_000)
        await self.alive(lambda bot: bot.stop.stop(job_id, MIKA))

    async def turn(self, seconds: float = 0.0) -> None:
        """Time, and a pass of every service."""
        asking.set(None)  # the loops answer nobody
        self.world.clock.tick(seconds)
        await self.alive(self._pass)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Turns until the world is so."""
        for _ in range(50):
            await self.turn(2)
            if reached():
                return
        raise AssertionError("the story does not go on")

    async def settle(self, seconds: float = 240.0) -> None:
        """Until everything that waits for time has had it, and once more after a restart."""
        for _ in range(int(seconds / 12)):
            await self.turn(12)
            if not await self.bot.store.unfinished() and not await self.bot.store.pending_posts():
                break

    async def alive(self, act: Callable[[Bot], Awaitable[T]]) -> T:
        """Does it, and does it again in the next life where the bot is cut in the middle."""
        while True:
            try:
                result = await act(self.bot)
                if not self.gates.dead:
                    return result
            except Cut:
                pass
            await self.restart()

    async def _pass(self, bot: Bot) -> None:
        """Each service as its loop runs it: what fails in passing is tried again at the next pass."""
        for name, once in self._services(bot).items():
            self._running = name
            with suppress(ServiceError):
                await once()
        self._running = ""

    async def _overtake(self) -> None:
        if self._clicked:
            with suppress(UserError):
                await self.bot.stop.stop(self._clicked, MIKA)
        waiting = OF_TRIALS if " Store.record " in self.gates.names[-1] else ()
        for name, once in self._services(self.bot).items():
            if name != self._running and name not in waiting:
                with suppress(ServiceError):
                    await once()

    def _services(self, bot: Bot) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "reconcile": bot.reconcile.once,
            "receive": lambda: bot.track_jobs.receive(bot.outside.events, 0),
            "launch": bot.launch.once,
            "stop": bot.stop.once,
            "track_jobs": bot.track_jobs.once,
            "tail": bot.tail.once,
            "explain_wait": bot.explain_wait.once,
            "announce_result": bot.announce_result.once,
            "archive": bot.archive.once,
            "dispatch": bot.dispatch.once,
            "track_trials": bot.track_trials.once,
            "stream_metrics": bot.stream_metrics.once,
            "prune": bot.prune.once,
            "collect_results": bot.collect_results.once,
            "report_trials": bot.report_trials.once,
            "refresh_board": bot.refresh_board.once,
            "announce_sweep": bot.announce_sweep.once,
            "deliver": bot.tell,
        }

    async def _begin(self) -> None:
        self.lives += 1
        asyncio.get_running_loop().set_exception_handler(_unless_cut)
        overtaken_at, self._overtaken_at = self._overtaken_at, -1
        self.gates = Gates(next(self._cuts, -1), self.faults, overtaken_at, self._overtake)
        self.first = self.first or self.gates
        self._held = AsyncExitStack()
        path = self._folder / "signalbox.db"
        store = await self._held.enter_async_context(open_store(path, now=self.world.bot_clock))
        assert await store._read(balance.wrong) == [], "the ledger after a cut"
        inside = SimpleNamespace(clock=self.world.bot_clock, disk_free=self.world.outside.disk_free)
        for port in PORTS:
            setattr(inside, port, Gated(port.title(), getattr(self.world.outside, port), self.gates))
        gated = Gated("Store", store, self.gates, only=COMMITS)
        self.bot = Bot(inside, gated, self._folder, new_id=self.world.new_id)

    async def _end(self) -> None:
        self.gates.dead = True
        tasks = self.bot.delivery.lanes.tasks
        await self.bot.delivery.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._held.aclose()


def _unless_cut(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A task that was cut need not be mourned."""
    if not isinstance(context.get("exception"), Cut):
        loop.default_exception_handler(context)
