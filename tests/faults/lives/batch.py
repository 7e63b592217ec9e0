"""An engine as strict as AWS Batch, which knows what its machines really did and when.

- A job goes SUBMITTED, RUNNABLE, STARTING, RUNNING, and back to RUNNABLE when its host is lost and attempts are left:
  https://docs.aws.amazon.com/batch/latest/userguide/job_states.html, job_retries.html
- "The minimum value for the timeout is 60 seconds", it counts per attempt from its start, and "If a job is terminated
  for exceeding the timeout duration, it isn't retried":
  https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html
- A running job that is terminated gets SIGTERM, and SIGKILL after 30 s; a waiting one ends at once:
  https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html
- Ended jobs are remembered for at least a day: https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
- SubmitJob has no token, so a request that is sent again makes a second job; reads lag behind writes
  (docs/assumptions.md: read-lag).
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.adapters.aws.batch_engine import CAPABILITIES, SHORTEST_TIMEOUT_SECONDS
from bot.adapters.aws.end_reasons import failure_reason
from bot.adapters.aws.wait_reasons import wait_cause
from bot.domain.model import observation
from bot.domain.model.observation import Observation
from bot.domain.model.states import EndReason, JobState
from bot.domain.money.quote import Terms
from bot.ports.engine import Hint, Machines, Pool, SubmitCall
from tests.faults.lives.fates import Fate, Wrong
from tests.support.clock import Clock

LONGEST_LAG = 30.0
LAGS = (0.0, 2.0, LONGEST_LAG)
REMEMBERS = 86_400.0
KILL_SECONDS = 30.0
FOUND_OUT = 600.0  # until the engine notices that a host is gone
RECLAIMED = "Host EC2 (instance i-1) terminated."
STALE = 0.1
"""How often a read is answered with what was so a moment ago."""
LOST = 0.1
"""How often a request to end a job is taken and forgotten."""
TWICE = 0.015
"""How often a request to submit is carried out twice."""


@dataclass(slots=True)
class Attempt:
    """Times in seconds since the epoch. A machine is there, and billed, from `machine_at` to `gone_at`."""

    machine_at: float
    run_at: float | None = None
    gone_at: float | None = None
    stopped_at: float | None = None
    """When the engine says that it stopped: later than `gone_at` where a host has vanished."""
    exit_code: int | None = None
    reason: str = ""
    stream: str = ""


@dataclass(slots=True)
class Truth:
    """One job of the engine."""

    id: str
    call: SubmitCall
    fate: Fate
    created_at: float
    shown_at: float
    state: JobState = JobState.SUBMITTED
    reason: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    terminated: bool = False
    stopped_at: float | None = None
    turn: int = 0
    """Counts what happens to it: what was planned before the last of it does not happen any more."""
    asked_to_end: list[float] = field(default_factory=list)
    """When requests to end it were taken, also those that were forgotten."""
    forgotten: list[float] = field(default_factory=list)
    before: tuple[float, Observation] | None = None
    """What was so before the last change, and until when."""

    @property
    def live(self) -> bool:
        return not self.state.terminal


class SimBatch:
    """`advance` lets everything happen that is due."""

    capabilities = CAPABILITIES

    def __init__(
        self, clock: Clock, drawn: random.Random, attempts: int, fate_of: Callable[[SubmitCall], Fate]
    ) -> None:
        self.clock, self._drawn, self._attempts, self._fate_of = clock, drawn, attempts, fate_of
        self.jobs: dict[str, Truth] = {}
        self.hints: list[Hint] = []
        self.submitted: Counter[str] = Counter()
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._events = 0

    # ---- what the bot calls --------------------------------------------------------------------------------
    async def submit(self, call: SubmitCall) -> str:
        first = self._take(call)
        self.submitted[call.name] += 1
        if self._drawn.random() < TWICE:
            self._take(call)
        return first.id

    async def find(self, queue: str, name: str) -> list[Observation]:
        return self._listed(job for job in self.jobs.values() if job.call.name == name)

    async def live(self, queue: str) -> list[Observation]:
        return [seen for seen in self._listed(self.jobs.values()) if not seen.state.terminal]

    async def made_since(self, queue: str, at: float) -> list[Observation]:
        return self._listed(job for job in self.jobs.values() if job.created_at >= at)

    async def describe(self, engine_ids: Sequence[str]) -> dict[str, Observation]:
        found = [self.jobs[each] for each in engine_ids if each in self.jobs]
        return {job.id: self._seen(job) for job in found if self._known(job)}

    async def terminate(self, engine_id: str, reason: str) -> None:
        job = self.jobs[engine_id]
        if not job.live:
            return
        job.asked_to_end.append(self.clock())
        if self._drawn.random() < LOST:
            job.forgotten.append(self.clock())
            return
        if not job.terminated:
            job.terminated = True
            takes = self._drawn.uniform(0, KILL_SECONDS) if job.state.on_a_machine else 0.0
            self._plan(self.clock() + takes, lambda at: self._end(job, at, JobState.FAILED, 143, reason), job)

    async def children(self, engine_id: str, state: JobState) -> list[str]:
        return []

    def child_id(self, engine_id: str, index: int) -> str:
        return f"{engine_id}:{index}"

    def child_index(self, child_id: str) -> int:
        return int(child_id.rpartition(":")[2])

    def parent_id(self, engine_id: str) -> str:
        return engine_id.partition(":")[0]

    async def room(self, queue: str, definition: str) -> int | None:
        return None

    async def machines(self, queue: str, definition: str, memory_mib: int = 0) -> Machines | None:
        return Machines("us-east-1", (Pool(("g4dn.xlarge",), Terms.SPOT),), self._attempts)

    # ---- what happens --------------------------------------------------------------------------------------
    def advance(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            at, _, happen = heapq.heappop(self._due)
            happen(at)

    def _take(self, call: SubmitCall) -> Truth:
        now = self.clock()
        job = Truth(f"batch-{len(self.jobs) + 1}", call, self._fate_of(call), now, now + self._drawn.choice(LAGS))
        self.jobs[job.id] = job
        self._plan(now + self._drawn.uniform(1, 5), lambda at: self._wait(job, at), job)
        return job

    def _plan(self, at: float, happen: Callable[[float], None], job: Truth) -> None:
        """It happens unless something else has happened to the job until then."""
        self._events += 1
        turn = job.turn

        def unless_overtaken(then: float) -> None:
            if job.live and job.turn == turn:
                happen(then)

        heapq.heappush(self._due, (at, self._events, unless_overtaken))

    def _changed(self, job: Truth, at: float, state: JobState, reason: str = "") -> None:
        """A transition, with its event, which may be lost, doubled or late: EventBridge delivers at least once, and
        not in order (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html); Batch says best
        effort."""
        job.before = (at, self._observed(job))
        job.state, job.reason = state, reason
        for _ in range(self._drawn.choice((0, 1, 1, 1, 2))):
            self.hints.append(Hint(job.id, f"receipt-{len(self.hints)}"))

    def _wait(self, job: Truth, at: float, reason: str = "") -> None:
        job.turn += 1
        self._changed(job, at, JobState.RUNNABLE, reason)
        if job.fate.wrong is not Wrong.NO_MACHINE:
            self._plan(at + job.fate.waits, lambda then: self._start(job, then), job)
        self._still_to_end(job, at)

    def _start(self, job: Truth, at: float) -> None:
        job.turn += 1
        job.attempts.append(Attempt(at))
        self._changed(job, at, JobState.STARTING)
        if job.fate.wrong is not Wrong.NOT_STARTING:
            self._plan(at + job.fate.starts, lambda then: self._run(job, then), job)
        self._still_to_end(job, at)

    def _run(self, job: Truth, at: float) -> None:
        job.turn += 1
        attempt, fate = job.attempts[-1], job.fate
        attempt.run_at, attempt.stream = at, f"s/{job.id}/{len(job.attempts)}"
        self._changed(job, at, JobState.RUNNING)
        for after, happen in self._what_follows(job, fate):
            self._plan(at + after, happen, job)
        self._still_to_end(job, at)

    def _still_to_end(self, job: Truth, at: float) -> None:
        """What was asked to end does so in its next state, too."""
        if job.terminated:
            self._plan(at + 1, lambda then: self._end(job, then, JobState.FAILED, 143, "Stopped"), job)

    def _what_follows(self, job: Truth, fate: Fate) -> Iterator[tuple[float, Callable[[float], None]]]:
        timeout = max(float(job.call.timeout_seconds), float(SHORTEST_TIMEOUT_SECONDS))
        if fate.wrong is not Wrong.OVERTIME:
            yield timeout, lambda at: self._time_out(job, at)
        if len(job.attempts) <= len(fate.reclaims):
            yield fate.reclaims[len(job.attempts) - 1], lambda at: self._reclaim(job, at)
        if fate.wrong is Wrong.VANISHED and len(job.attempts) == 1:
            yield fate.since, lambda at: _vanish(job.attempts[-1], at)
            yield fate.since + FOUND_OUT, lambda at: self._reclaim(job, at)
        if fate.wrong is Wrong.CRASH:
            reason = "Essential container in task exited"
            yield fate.since, lambda at: self._end(job, at, JobState.FAILED, 1, reason)
        if fate.wrong in (Wrong.NOTHING, Wrong.QUIET, Wrong.VANISHED):
            yield fate.lasts + self._drawn.random(), lambda at: self._end(job, at, JobState.SUCCEEDED, 0, "")

    def _time_out(self, job: Truth, at: float) -> None:
        reason = "Job attempt duration exceeded timeout"
        takes = self._drawn.uniform(0, KILL_SECONDS)
        self._plan(at + takes, lambda then: self._end(job, then, JobState.FAILED, 137, reason), job)

    def _reclaim(self, job: Truth, at: float) -> None:
        attempt = job.attempts[-1]
        _vanish(attempt, at)
        attempt.stopped_at, attempt.reason = at, RECLAIMED
        if len(job.attempts) >= self._attempts or job.terminated:
            job.turn += 1
            self._changed(job, at, JobState.FAILED, RECLAIMED)
            job.stopped_at = at
        else:
            self._wait(job, at, RECLAIMED)

    def _end(self, job: Truth, at: float, state: JobState, code: int, reason: str) -> None:
        job.turn += 1
        if job.attempts and job.attempts[-1].stopped_at is None:
            attempt = job.attempts[-1]
            _vanish(attempt, at)
            attempt.stopped_at = at
            attempt.exit_code, attempt.reason = code, reason if attempt.run_at is None else ""
        self._changed(job, at, state, reason)
        job.stopped_at = at

    # ---- what is seen of it ----------------------------------------------------------------------------------
    def _listed(self, jobs: Iterator[Truth] | Sequence[Truth]) -> list[Observation]:
        found = sorted((job for job in jobs if self._known(job)), key=lambda job: job.created_at)
        return [self._seen(job) for job in found]

    def _known(self, job: Truth) -> bool:
        now = self.clock()
        return job.shown_at <= now and (job.stopped_at is None or now < job.stopped_at + REMEMBERS)

    def _seen(self, job: Truth) -> Observation:
        if job.before is not None and self.clock() - job.before[0] < LONGEST_LAG and self._drawn.random() < STALE:
            return job.before[1]
        return self._observed(job)

    def _observed(self, job: Truth) -> Observation:
        attempts = tuple(
            observation.Attempt(each.stream or None, each.run_at, each.stopped_at, each.exit_code, each.reason)
            for each in job.attempts
        )
        last = attempts[-1].reason if attempts else ""
        meant = failure_reason((last, job.reason))
        ran = any(each.run_at for each in job.attempts)
        if meant is None and job.state is JobState.FAILED and not ran:
            meant = EndReason.NOT_STARTED
        return Observation(
            job.id,
            job.call.name,
            job.state,
            job.reason,
            job.created_at,
            attempts[-1].started_at if attempts else None,
            job.stopped_at,
            attempts,
            tuple(job.call.tags.items()),
            tuple(job.call.environment.items()),
            job.terminated,
            wait=wait_cause(job.reason, [each.reason for each in attempts]) if job.state.waiting else None,
            reason=meant,
        )


def _vanish(attempt: Attempt, at: float) -> None:
    if attempt.gone_at is None:
        attempt.gone_at = at
