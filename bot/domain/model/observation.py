"""What an engine reports about a job."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.model.states import EndReason, JobState, WaitCause


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try on one machine. Times in seconds since the epoch; None while not known."""

    log_stream: str | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    exit_code: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One job as its engine describes it. `attempts` holds the ended ones and, last, the one under way."""

    engine_id: str
    name: str
    state: JobState
    status_reason: str = ""
    """The engine's own words on its state."""
    created_at: float | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    attempts: tuple[Attempt, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    """The container's, as it was submitted."""
    terminated: bool = False
    """True if the engine was asked to end it. False if it ended the job by a rule of its own."""
    children: tuple[tuple[JobState, int], ...] = ()
    """Of an array: how many of its children are in which state."""
    wait: WaitCause | None = None
    """Why it waits for a machine, or why it never got one; None in any other state."""
    reason: EndReason | None = None
    """Why it failed, as far as the engine's own words show it; None if they leave only the command."""
    memory_mib: int = 0
    """The memory that it has; 0 if that is not known."""

    @property
    def last(self) -> Attempt:
        return self.attempts[-1] if self.attempts else Attempt()


def machine_seconds(attempts: Iterable[Attempt], until: float) -> float:
    """Return how long these attempts had a machine. One that has not stopped counts to `until`.

    The waits between them are not counted: AWS charges for instances that run.
    """
    spans = ((attempt.started_at, attempt.stopped_at or until) for attempt in attempts)
    return sum(max(0.0, stop - start) for start, stop in spans if start is not None)


def lost_attempts(attempts: Sequence[Attempt], reason: EndReason | None) -> list[Attempt]:
    """Those that had a machine and lost it: the engine starts no other one again. `reason` is that of the end."""
    gone = attempts if reason is EndReason.HOST_LOST else attempts[:-1]
    return [attempt for attempt in gone if attempt.started_at is not None]


def end_reason(observation: Observation, *, stop_requested: bool) -> EndReason:
    """Why an observed job has ended: the request to stop it counts before the engine's reason."""
    if observation.state is JobState.SUCCEEDED:
        return EndReason.SUCCEEDED
    if stop_requested or observation.terminated:
        return EndReason.STOPPED
    return observation.reason or EndReason.COMMAND_FAILED


NOT_RUN = (EndReason.NEVER_STARTED, EndReason.NOT_STARTED, EndReason.IMAGE_NOT_PULLED)
"""There is no log, so the engine's own words are all there is to read."""


def why_ended(observation: Observation, reason: EndReason) -> str:
    """Return the engine's own words on an end that no log explains: nothing ran, or there is no exit code."""
    unexplained = reason is EndReason.COMMAND_FAILED and observation.last.exit_code is None
    return (observation.last.reason or observation.status_reason) if unexplained or reason in NOT_RUN else ""
