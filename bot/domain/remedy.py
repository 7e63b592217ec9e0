"""What is changed of a run that failed, so that the next one may succeed."""

from dataclasses import dataclass, field
from enum import StrEnum


class RemedyMode(StrEnum):
    """`remedy` of the config: what happens after an end that more memory, more time or another machine may mend."""

    AUTO = "auto"
    """Retry it once by itself."""
    OFFER = "offer"
    OFF = "off"


class RemedyKind(StrEnum):
    MEMORY = "memory"
    """More of the machine's memory. It never mends a lack of GPU memory."""
    TIME = "time"
    """A longer time limit."""
    AGAIN = "again"
    """Nothing but another machine."""
    ON_DEMAND = "on demand"
    """The machine of the project that is on demand, after spot machines were taken back."""


class Obstacle(StrEnum):
    """Why nothing is offered though the end is of a kind that can be mended."""

    MACHINES_TOO_SMALL = "machines too small"
    MACHINES_UNKNOWN = "machines unknown"
    """Nobody knows how much the job had, or how much the queue's machines have."""
    LONGEST_TIME = "longest time"
    """The project allows no longer time limit."""


@dataclass(frozen=True, slots=True)
class Remedied:
    """What was changed of this run. `before` and `after` are in MiB or in seconds, 0 if it has neither."""

    kind: RemedyKind
    of: str
    """The id of the job that failed."""
    before: int = 0
    after: int = 0
    by_bot: bool = False
    """Whether the bot has retried by itself, for this run or for one before it: it does so once."""
    machine: str = ""
    """Of `ON_DEMAND`: where it runs."""
    reclaims: int = 0
    """Of `ON_DEMAND`: how many machines were lost before."""


@dataclass(frozen=True, slots=True)
class ResumeFrom:
    """Another job's files, from whose checkpoint a run goes on."""

    job: str
    uri: str
    key: str = field(default="", repr=False)
    """That job's own, with which its checkpoint is sealed."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the result of a failed job offers. Stored with the result, so that a button means what it says."""

    kind: RemedyKind
    before: int = 0
    after: int = 0
    """In MiB or in seconds; 0 if it has neither."""
    resume_from: ResumeFrom | None = None
    """Where it goes on; None if it starts from the beginning."""
    usd_most: float | None = None
    """What it may cost at most; None if nobody knows."""
    obstacle: Obstacle | None = None
    """Why it can't be taken; `most` then is what limits it."""
    most: int = 0
    """In MiB or in seconds."""
    not_by_bot: str = ""
    """Why the bot has not retried by itself, though the config says so: a cap, or a pause."""
    machine: str = ""
    """Of `ON_DEMAND`: where it would run."""
    reclaims: int = 0
    """Of `ON_DEMAND`: how many machines it and the jobs before it have lost."""
    retried_as: str = ""
    """The id of the job that it has become; of two clicks, the first counts."""
    by_bot: bool = False

    @property
    def open(self) -> bool:
        return self.obstacle is None and not self.retried_as
