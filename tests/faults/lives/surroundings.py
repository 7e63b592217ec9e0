"""What the jobs leave: lines, some of them late, and files."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from bot.domain.logs.log_lines import LogEvent
from bot.errors import Missing
from bot.ports.artifacts import Artifact
from bot.ports.engine import Hint
from bot.ports.logs import LogPage
from tests.faults.lives.batch import Attempt, SimBatch, Truth
from tests.faults.lives.fates import Fate, Wrong
from tests.support.clock import Clock
from tests.support.fakes import FakeArtifacts
from trainer.contract import format_metrics
from trainer.gpu_line import GpuUse, format_gpu

MINUTE = 60.0
BEGINS = 5.0
"""Until the first line."""
FILE_EVERY = 240.0
"""A run that is quiet stores its state this often."""


class SimLogs:
    """Each stream's lines are made when it is first read, as far as its attempt could go on."""

    def __init__(self, clock: Clock, engine: SimBatch) -> None:
        self._clock, self._engine = clock, engine
        self._streams: dict[str, tuple[list[int], list[LogEvent]]] = {}

    async def read(self, group: str, streams: Sequence[str], since_ms: int, token: str | None = None) -> LogPage:
        found = [event for name in streams for event in self._of(name, since_ms)]
        return LogPage(tuple(sorted(found, key=lambda event: event.timestamp)), None)

    def _of(self, name: str, since_ms: int) -> Sequence[LogEvent]:
        job = self._engine.jobs[name.split("/")[1]]
        attempt = job.attempts[int(name.split("/")[2]) - 1]
        now, gone = self._clock(), attempt.gone_at if attempt.gone_at is not None else math.inf
        if attempt.run_at is None or now < attempt.run_at + BEGINS + job.fate.late:
            raise Missing(f"no stream {name}")
        times, events = self._made(name, job, attempt)
        begin = bisect_left(times, since_ms)
        end = bisect_left(times, int(min(now - job.fate.late, gone) * 1_000))
        return events[begin:end]

    def _made(self, name: str, job: Truth, attempt: Attempt) -> tuple[list[int], list[LogEvent]]:
        if name not in self._streams:
            start = attempt.run_at or 0.0
            lines = sorted(_lines(job.fate, job.call.timeout_seconds * 3.0))
            events = [
                LogEvent(f"{name}#{number}", name, int((start + at) * 1_000), text)
                for number, (at, text) in enumerate(lines)
            ]
            self._streams[name] = [event.timestamp for event in events], events
        return self._streams[name]


def _lines(fate: Fate, until: float) -> Iterator[tuple[float, str]]:
    """By seconds since the attempt began."""
    wrong, since = fate.wrong, fate.since
    yield BEGINS, "loading"
    until = min(until, fate.lasts) if wrong in (Wrong.NOTHING, Wrong.QUIET, Wrong.VANISHED) else until
    ends = since if wrong in (Wrong.SILENT, Wrong.QUIET, Wrong.CRASH) else until
    for number in range(1, int(ends / fate.pace)):
        at = number * fate.pace
        yield at, format_metrics({"epoch": number, "train_loss": _loss(fate, at), "val_accuracy": 50 + at / 200})
    if fate.gpu:
        for number in range(1, int(until / MINUTE)):
            at = number * MINUTE
            idle = max(0.0, at - since) if wrong is Wrong.GPU_IDLE else 0.0
            yield at, format_gpu(GpuUse(0 if idle else 90, 4_096, idle, used=True))


def _loss(fate: Fate, at: float) -> float:
    if at >= fate.since and fate.wrong is Wrong.NOT_FINITE:
        return math.nan
    if at >= fate.since and fate.wrong is Wrong.DIVERGED:
        return 1_000.0 + at
    return 0.1 + math.exp(-at / 1_000)


class SimArtifacts(FakeArtifacts):
    """A run that is quiet stores a file now and then."""

    def __init__(self, clock: Clock, engine: SimBatch) -> None:
        super().__init__()
        self._clock, self._engine = clock, engine

    async def list(self, prefix_uri: str) -> list[Artifact]:
        quiet = [job for job in self._engine.jobs.values() if job.fate.wrong is Wrong.QUIET]
        ours = [job for job in quiet if prefix_uri == job.call.environment["OUTPUT_URI"]]
        starts = [attempt.run_at for job in ours for attempt in job.attempts if attempt.run_at is not None]
        if not starts or (now := self._clock()) < starts[-1] + FILE_EVERY:
            return []
        at = starts[-1] + (now - starts[-1]) // FILE_EVERY * FILE_EVERY
        return [Artifact("state.pt", f"{prefix_uri}state.pt", 1, at)]


class SimEvents:
    """Events come late where the world says so, and are all hints."""

    def __init__(self, engine: SimBatch) -> None:
        self._engine = engine

    async def receive(self, wait_seconds: float) -> list[Hint]:
        return self._engine.hints[:10]

    async def acknowledge(self, hints: Sequence[Hint]) -> None:
        self._engine.hints = [hint for hint in self._engine.hints if hint not in hints]
