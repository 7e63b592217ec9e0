"""How a job or a sweep runs: its state, its attempts, and why it ended. Times are in seconds since the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from bot.domain.model.observation import NOT_RUN, Attempt, Observation, end_reason, machine_seconds, why_ended
from bot.domain.model.states import EndReason, JobState, WaitCause
from bot.domain.money.hold import Approval, Hold


@dataclass(frozen=True, slots=True)
class Stop:
    """A request to stop: who made it, and when it was committed.

    `by` is a display name, which anybody may choose: it is for people to read. `by_id` is who it was; 0 where the bot
    itself stops something, and where an older bot stored the name alone.
    """

    by: str
    at: float
    by_id: int = 0
    why: str = ""
    """The guard's reason, as people read it; empty for a person's request."""


def engine_reason(by_id: int, why: str = "") -> str:
    """What the engine keeps as the reason of a stop: a person's id and never their name, or why the bot does it."""
    if by_id:
        return f"Stopped by Discord user {by_id}"
    return f"Stopped by Signalbox: {why}" if why else "Stopped by Signalbox"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What everything that is run has: a state, and at last a reason for its end."""

    state: JobState = JobState.INTENT
    state_since: float | None = None
    """When the bot first saw this state with this `status_reason`, by its own clock."""
    unanswered_since: float | None = None
    """When the engine stopped answering for this job; None while it answers."""
    credentials_expired: bool = False
    """Why it does not answer: the bot's credentials have expired."""
    started_at: float | None = None
    ended_at: float | None = None
    """By the engine's clock, where the engine reports it."""
    reason: EndReason | None = None
    detail: str = ""
    """One clear line on the reason: the entrypoint's, or the vendor's."""
    stop: Stop | None = None
    hold: Hold | None = None
    """What it waits for before it, or more of it, is submitted; None if nothing keeps it."""
    approval: Approval | None = None
    """Who approved it; None if nobody had to, or has yet."""
    paused_by: str = ""
    """Who has paused everything new, while that keeps it from being submitted."""

    @property
    def live(self) -> bool:
        return not self.state.terminal

    def begun(self) -> Self:
        """Mark a sweep as running: its first trials are on their way."""
        return replace(self, state=JobState.RUNNING, started_at=None)

    def stop_requested(self, stop: Stop) -> Self:
        """Record a request to stop. The first one counts."""
        return self if self.stop is not None else replace(self, stop=stop)

    def held(self, hold: Hold) -> Self:
        """Submit nothing more of it until `released`."""
        return replace(self, hold=hold)

    def released(self) -> Self:
        return self if self.hold is None else replace(self, hold=None)

    def approved(self, approval: Approval) -> Self:
        """Let it start. The first word counts."""
        return replace(self.released(), approval=self.approval or approval)

    def paused(self, by: str) -> Self:
        """Record who keeps it from being submitted; empty once the pause is over."""
        return replace(self, paused_by=by)

    def unanswered(self, since: float | None, *, expired: bool = False) -> Self:
        """Record since when the engine has not answered, and why; None once it answers again."""
        return replace(self, unanswered_since=since, credentials_expired=expired)

    def explained(self, detail: str) -> Self:
        """Record the entrypoint's own line on why the job ends, which may come before the end itself.

        It says nothing of a success: an earlier attempt wrote it.
        """
        return self if self.reason is EndReason.SUCCEEDED else replace(self, detail=detail)

    def judged(self, reason: EndReason | None, detail: str) -> Self:
        """Settle why it ended, once everything that it left has been read."""
        return replace(self, reason=reason, detail=detail)

    def ended(self, reason: EndReason, at: float, detail: str = "") -> Self:
        """End it. A success is SUCCEEDED, every other reason FAILED."""
        return replace(
            self,
            state=JobState.SUCCEEDED if reason is EndReason.SUCCEEDED else JobState.FAILED,
            unanswered_since=None,
            credentials_expired=False,
            reason=reason,
            ended_at=at,
            detail=detail if reason is EndReason.SUCCEEDED else detail or self.detail,
        )


@dataclass(frozen=True, slots=True)
class Execution(Lifecycle):
    """How one engine job runs: a job, or a submission of a sweep."""

    engine_id: str | None = None
    submit_called_at: float | None = None
    """When SubmitJob was last called without a known answer; None before the first call."""
    status_reason: str = ""
    wait: WaitCause | None = None
    attempts: tuple[Attempt, ...] = ()
    attempts_ended: int = 0
    """How many attempts had ended when the state was seen: the state is monotonic only within one."""
    unstarted: int = 0
    """How many attempts had a machine, and their container never started on it."""
    unstarted_seconds: float = 0.0
    """How long they had those machines, as far as the bot saw it: the engine keeps no time of it."""
    doubles: Mapping[str, float] = field(default_factory=dict)
    """By engine id, how long other jobs of the same command had a machine, in seconds, when they were ended."""
    memory_mib: int = 0
    """The memory that it has, as the engine reports it; 0 if that is not known."""

    @property
    def exit_code(self) -> int | None:
        return self.attempts[-1].exit_code if self.attempts else None

    @property
    def streams(self) -> tuple[str, ...]:
        """The log streams of all attempts so far, oldest first."""
        return tuple(attempt.log_stream for attempt in self.attempts if attempt.log_stream)

    @property
    def machine_seconds(self) -> float:
        """How long it has had a machine, over all attempts, once it has ended; 0 if it never had one."""
        if self.ended_at is None:
            return 0.0
        alone = Attempt(started_at=self.started_at)
        known = any(attempt.started_at is not None for attempt in self.attempts)
        return machine_seconds(self.attempts if known else (alone,), self.ended_at)

    @property
    def to_submit(self) -> bool:
        """True if SubmitJob should be called: nothing holds it, and nobody has asked to stop it meanwhile."""
        return self.state is JobState.INTENT and self.stop is None and self.hold is None

    @property
    def never_submitted(self) -> bool:
        """True if SubmitJob was never called, so there can be no engine job."""
        return self.engine_id is None and self.submit_called_at is None

    def submit_called(self, at: float) -> Self:
        """Record a call of SubmitJob before it is made: its answer may be lost."""
        return replace(self, submit_called_at=at)

    def submit_refused(self) -> Self:
        """Record that the last call surely made no engine job, so another may follow at once."""
        return replace(self, submit_called_at=None)

    def submitted(self, engine_id: str) -> Self:
        taken = replace(self, engine_id=engine_id, state=JobState.SUBMITTED, submit_called_at=None)
        return taken.unanswered(None)

    def moved_to(self, engine_id: str) -> Self:
        """Follow another engine job of the same command from its beginning: the other one is ended."""
        return replace(
            self, engine_id=engine_id, state=JobState.SUBMITTED, attempts=(), attempts_ended=0, started_at=None
        )

    def doubled(self, double: Observation, now: float) -> Self:
        """Record that another job of the same command is being ended, if it has had a machine."""
        if not double.state.on_a_machine and not double.attempts:
            return self
        seconds = machine_seconds(double.attempts, now)
        return replace(self, doubles={**self.doubles, double.engine_id: seconds})

    def outdated(self, seen: Observation) -> bool:
        """True for an observation that says nothing new.

        Nothing changes after the end, and an observation of an earlier attempt, or of an earlier state of the same
        attempt, comes late: DescribeJobs may lag.
        """
        if self.state.terminal:
            return True
        ended = _ended_attempts(seen)
        if ended != self.attempts_ended:
            return ended < self.attempts_ended
        return seen.state.rank < self.state.rank

    def observed(self, seen: Observation, now: float) -> Self:
        """Apply an answer of the engine. Returns the same execution if nothing has changed."""
        known = self if self.unanswered_since is None else self.unanswered(None)
        if self.outdated(seen):
            return known
        changed = replace(
            known,
            state=seen.state,
            engine_id=seen.engine_id,
            status_reason=seen.status_reason,
            wait=seen.wait,
            attempts=seen.attempts or known.attempts,
            attempts_ended=_ended_attempts(seen),
            started_at=seen.started_at or known.started_at,
            memory_mib=seen.memory_mib or known.memory_mib,
        )
        if (seconds := _never_started(known, seen, now)) is not None:
            changed = replace(
                changed, unstarted=known.unstarted + 1, unstarted_seconds=known.unstarted_seconds + seconds
            )
        if (changed.state, changed.status_reason) != (known.state, known.status_reason):
            changed = replace(changed, state_since=now)
        if seen.state.terminal:
            reason = end_reason(seen, stop_requested=known.stop is not None)
            detail = why_ended(seen, reason) if reason in NOT_RUN else known.detail or why_ended(seen, reason)
            changed = changed.ended(reason, seen.stopped_at or now, detail)
        return known if changed == known else changed


def _ended_attempts(seen: Observation) -> int:
    return sum(1 for attempt in seen.attempts if attempt.stopped_at is not None)


def _never_started(known: Execution, seen: Observation, now: float) -> float | None:
    """How long the attempt that was starting had a machine, if it is over and its container never ran; else None."""
    if known.state is not JobState.STARTING or seen.state.on_a_machine:
        return None
    attempt = next(iter(seen.attempts[known.attempts_ended :]), Attempt())
    if attempt.started_at is not None:
        return None
    return max(0.0, (attempt.stopped_at or seen.stopped_at or now) - (known.state_since or now))
