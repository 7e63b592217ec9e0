"""How long a machine may be there, by the config and docs/money.md alone.

Allowed are, from the moment that a condition begins: its limit and the grace, and `REACTS` for the passes of the loops.
Time in which the bot was down or a call failed does not count, and a restart costs a count what docs/money.md says: "at
most five minutes of its count, and at most a minute of the grace once more".
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from bot.domain.guard.limits import GuardLimits
from bot.domain.guard.signs import Condition
from tests.faults.lives.batch import KILL_SECONDS, Attempt, Truth
from tests.faults.lives.fates import GUARDED, Wrong

REACTS = 300.0
"""A minute each until it is seen at the engine, in the log, by the guard, and until the stop is carried out; and what
the engine takes for that."""
FORGOTTEN = 120.0
"""A request to end a job that the engine forgets is repeated after 30 s; a pass here takes up to a minute."""
RESTART = 300.0 + 60.0 + 120.0


@dataclass
class Allowed:
    """Times in seconds since the epoch."""

    guard: GuardLimits
    bad: list[tuple[float, float]] = field(default_factory=list)
    """When the bot could not see or act."""
    restarts: list[float] = field(default_factory=list)
    lost_counts: list[tuple[float, float]] = field(default_factory=list)
    """When the store was restored, and how old the snapshot was."""
    stopped: dict[str, float] = field(default_factory=dict)
    """By command: when somebody stopped it."""
    left: dict[str, list[tuple[int, Condition]]] = field(default_factory=lambda: defaultdict(list))
    """By command: of which attempt somebody said to leave what."""
    named_at: dict[str, float] = field(default_factory=dict)
    """By engine job: when the channel knew that it belongs to nobody."""

    def excess(self, job: Truth, number: int, gone: float, asked: Collection[str]) -> tuple[float, str]:
        """How long its machine was there beyond what is allowed, and what bounds it."""
        attempt, worst, why = job.attempts[number], 0.0, ""
        for name, since, allowed in self._terms(job, number, attempt, asked):
            begins = max(since, attempt.machine_at)
            excess = gone - begins - allowed - self._excused(job, begins, gone)
            if excess > worst:
                worst, why = excess, name
        return worst, why

    def _terms(
        self, job: Truth, number: int, attempt: Attempt, asked: Collection[str]
    ) -> Iterator[tuple[str, float, float]]:
        """What bounds the attempt: its name, when it begins, and how long the machine may be there from then on."""
        job_id, guard = job.call.environment["JOB_ID"], self.guard
        timeout, wrong = float(job.call.timeout_seconds), job.fate.wrong
        condition = GUARDED.get(wrong)
        left = condition is not None and (number, condition) in self.left[job_id]
        if attempt.run_at is None:
            limit = timeout + guard.overtime_seconds if left else guard.starting_seconds + guard.grace_seconds
            if wrong is Wrong.NOT_STARTING and job_id in asked:
                yield "not starting", attempt.machine_at, limit + REACTS
        else:
            overtime = guard.overtime_seconds + REACTS if wrong is Wrong.OVERTIME else KILL_SECONDS
            if job_id in asked:
                yield "over its time limit", attempt.run_at, timeout + overtime
            if condition is not None and wrong is not Wrong.NO_MACHINE and not left:
                limit = self._until_found(wrong, job.fate.pace) + guard.grace_seconds
                yield f"{wrong}", attempt.run_at + job.fate.since, limit + REACTS + job.fate.late
        if job_id in self.stopped:
            yield "stopped by a person", self.stopped[job_id], REACTS
        if job.id in self.named_at:
            yield "orphan", self.named_at[job.id], guard.grace_seconds + REACTS

    def _until_found(self, wrong: Wrong, pace: float) -> float:
        guard = self.guard
        rows = 60.0 + 3 * pace
        return {
            Wrong.SILENT: guard.silent_seconds + guard.silent_seconds / 6,
            Wrong.GPU_IDLE: guard.gpu_idle_seconds,
        }.get(wrong, rows)

    def _excused(self, job: Truth, since: float, until: float) -> float:
        """Time between these moments in which the bot could not see or act."""
        spans = sorted((max(a, since), min(b, until)) for a, b in self.bad if b > since and a < until)
        total, reached = 0.0, since
        for begin, end in spans:
            total += max(0.0, end - max(begin, reached))
            reached = max(reached, end)
        restarts = sum(since < at <= until for at in self.restarts)
        forgotten = sum(since <= at <= until for at in job.forgotten)
        lost = sum(seconds for at, seconds in self.lost_counts if since < at <= until)
        return total + restarts * RESTART + forgotten * FORGOTTEN + lost
