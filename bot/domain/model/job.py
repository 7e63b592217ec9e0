"""A job: one training run of one commit with one set of parameters, and how it moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.model.observation import Attempt, Observation, end_reason
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Part, Sweep
from bot.domain.parameters import Value

# No vowels, so that no word is spelt, and nothing that looks like another (0 o, 1 l i).
ID_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
ID_LENGTH = 6

NOWHERE = 0
"""In place of a card's or a thread's id: it could not be made, or is gone."""
DIRECT = -1
"""In place of a channel's id: the direct messages of whoever asked for the job."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit on a branch. `sha` is the full id."""

    sha: str
    branch: str
    subject: str = ""

    @property
    def short(self) -> str:
        return self.sha[:7]


@dataclass(frozen=True, slots=True)
class Progress:
    """What the log has told so far. `latest` and `best` map metric names to values."""

    epoch: int | None = None
    epochs: int | None = None
    latest: Mapping[str, float] = field(default_factory=dict)
    best: float | None = None
    best_epoch: int | None = None
    first_at: float | None = None
    """When the first row came, in seconds since the epoch: with `last_at`, the pace."""
    last_at: float | None = None
    rows: int = 0
    """Epochs from `first_at` to `last_at`, both counted; rows where the job tells no epochs."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything the bot knows of a job. Times are in seconds since the epoch."""

    id: str
    project: str
    commit: Commit
    parameters: Mapping[str, Value]
    asker_id: int
    asker_name: str
    channel_id: int
    interaction_id: int
    created_at: float
    timeout_seconds: int
    retry_of: str | None = None

    state: JobState = JobState.INTENT
    engine_id: str | None = None
    submit_tried_at: float | None = None
    """When SubmitJob was last called without a known answer; None before the first call."""
    status_reason: str = ""
    attempts: tuple[Attempt, ...] = ()
    attempt_states: int = 0
    """How many attempts had ended when the state was seen: the state is monotonic only within one."""
    seen_at: float | None = None
    """When the bot first saw the job in this state and with this `status_reason`, by its own clock."""
    unseen_since: float | None = None
    """Since when AWS has not answered what the state is; None while it does."""
    started_at: float | None = None
    ended_at: float | None = None
    """By AWS's clock, where AWS has told of it."""
    reason: EndReason | None = None
    detail: str = ""
    """One clear line on the reason: the entrypoint's, or the vendor's."""
    stop_by: str | None = None
    stop_at: float | None = None

    progress: Progress = field(default_factory=Progress)
    message_id: int | None = None
    thread_id: int | None = None
    log_posted: int = 0
    """The number of log lines that are in the thread, or on their way to it."""
    told_at: float | None = None
    """When the message on its end was committed to the outbox."""
    archived_at: float | None = None
    """When its whole log was stored and its file committed to the outbox."""
    found_at: float | None = None
    """When it was found again after the store was lost; what is told of it may have been told before."""
    end_in: int | None = None
    """Where the message on its end goes, if not to its channel: another channel, or `DIRECT`."""
    refused_in: tuple[int, ...] = ()
    """The places that would not take that message."""
    untold: str = ""
    """Why the message on its end could not be delivered anywhere."""
    revision: int = 0
    """Counts the changes that show on the card."""
    shown_revision: int = 0
    """The revision that the card shows."""

    sweep: Sweep | None = None
    """Of a sweep: its plan and its trials, summed up. Batch knows its parts alone."""
    part: Part | None = None
    """Of one SubmitJob call of a sweep, which nobody sees: no card, no thread, no end to tell."""

    @property
    def live(self) -> bool:
        return not self.state.terminal

    @property
    def face(self) -> str:
        """The id of the job in whose thread it is told of this one."""
        return self.part.sweep_id if self.part is not None else self.id

    @property
    def exit_code(self) -> int | None:
        return self.attempts[-1].exit_code if self.attempts else None

    @property
    def end_place(self) -> int:
        """Where the message on its end goes: a channel's id, or `DIRECT`."""
        return self.channel_id if self.end_in is None else self.end_in

    def end_refused(self, channels: Sequence[int], why: str) -> "Job":
        """This job, the message on whose end was refused: with the next place for it, or `untold` where none is left.

        `channels` are the project's.
        """
        refused = (*self.refused_in, self.end_place)
        left = [place for place in (*channels, DIRECT) if place not in refused]
        tried = replace(self, refused_in=refused, revision=self.revision + 1)
        return replace(tried, end_in=left[0]) if left else replace(tried, untold=why)

    @property
    def streams(self) -> tuple[str, ...]:
        """The log streams of all attempts so far, oldest first."""
        return tuple(attempt.log_stream for attempt in self.attempts if attempt.log_stream)

    def observed(self, seen: Observation, now: float) -> "Job":
        """This job after an observation; itself where nothing has changed.

        A terminal job stays as it is, and so does one for an observation of an attempt before the present
        one, or of a state before the present one in the same attempt: DescribeJobs may lag.
        """
        ended = sum(1 for attempt in seen.attempts if attempt.stopped_at is not None)
        if self.state.terminal or self._stale(seen.state, ended):
            return self
        changed = replace(
            self,
            state=seen.state,
            engine_id=seen.engine_id,
            status_reason=seen.status_reason,
            attempts=seen.attempts or self.attempts,
            attempt_states=ended,
            started_at=seen.started_at or self.started_at,
        )
        if self.part is not None and seen.children:
            changed = replace(changed, part=replace(self.part, children=dict(seen.children)))
        if (changed.state, changed.status_reason) != (self.state, self.status_reason):
            changed = replace(changed, seen_at=now)
        if seen.state.terminal:
            changed = changed.ended(end_reason(seen, stop_requested=self.stop_at is not None), seen.stopped_at or now)
        return self if changed == self else replace(changed, revision=self.revision + 1)

    def ended(self, reason: EndReason, at: float, detail: str = "") -> "Job":
        """This job, ended. A success is SUCCEEDED, every other reason FAILED."""
        state = JobState.SUCCEEDED if reason is EndReason.SUCCEEDED else JobState.FAILED
        return replace(
            self,
            state=state,
            unseen_since=None,
            reason=reason,
            ended_at=at,
            detail=detail or self.detail,
            revision=self.revision + 1,
        )

    def _stale(self, state: JobState, ended: int) -> bool:
        if ended != self.attempt_states:
            return ended < self.attempt_states
        return _ORDER[state] < _ORDER[self.state]


_ORDER = {state: place for place, state in enumerate(JobState)}
