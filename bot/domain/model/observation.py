"""What Batch says of a job: observations, and the reason for an end read from them."""

from dataclasses import dataclass

from bot.domain.model.states import EndReason, JobState


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
    """One job as DescribeJobs tells it. `attempts` holds the ended ones and, last, the one under way.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
    """

    engine_id: str
    name: str
    state: JobState
    status_reason: str = ""
    created_at: float | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    attempts: tuple[Attempt, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    """The container's, as it was submitted."""
    terminated: bool = False
    """Whether TerminateJob was called for it (`isTerminated`)."""
    children: tuple[tuple[JobState, int], ...] = ()
    """Of an array's parent: how many of its children are in which state (`statusSummary`)."""

    @property
    def last(self) -> Attempt:
        return self.attempts[-1] if self.attempts else Attempt()


# Beginnings of statusReason or of the container's reason, and what they mean. The first that fits counts.
_REASONS: tuple[tuple[str, EndReason], ...] = (
    ("Host EC2", EndReason.HOST_LOST),
    ("Job attempt duration exceeded timeout", EndReason.TIMED_OUT),
    ("OutOfMemory", EndReason.OUT_OF_MEMORY),
    ("CannotPullContainer", EndReason.IMAGE_NOT_PULLED),
    ("CannotPullECRContainer", EndReason.IMAGE_NOT_PULLED),
    ("Task failed to start", EndReason.NOT_STARTED),
    ("DockerTimeoutError", EndReason.NOT_STARTED),
    ("CannotStartContainer", EndReason.NOT_STARTED),
    ("CannotCreateContainer", EndReason.NOT_STARTED),
    ("ResourceInitializationError", EndReason.NOT_STARTED),
)


def end_reason(observation: Observation, *, stop_requested: bool) -> EndReason:
    """Why an observed job has ended. An exit code of 137 alone says nothing of memory, so it is not guessed."""
    if observation.state is JobState.SUCCEEDED:
        return EndReason.SUCCEEDED
    if stop_requested or observation.terminated:
        return EndReason.STOPPED
    for text in (observation.last.reason, observation.status_reason):
        for beginning, reason in _REASONS:
            if text.startswith(beginning):
                return reason
    return EndReason.COMMAND_FAILED
