"""What runs jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.model.observation import Observation
from bot.domain.model.states import JobState


@dataclass(frozen=True, slots=True)
class Submission:
    """One SubmitJob call. `name` is unique to the intent: what makes a lost answer recoverable."""

    name: str
    queue: str
    definition: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    tags: Mapping[str, str]
    timeout_seconds: int
    array_size: int = 0
    """From 2 to 10,000 for an array; 0 for a job by itself."""


class Engine(Protocol):
    """AWS Batch. The SDK's retries are off for `submit`, which may have had its effect when `Unavailable`."""

    async def submit(self, submission: Submission) -> str:
        """The Batch job id. `Throttled`: surely no job. `Unavailable`: perhaps a job. `Refused`: no job."""

    async def find(self, queue: str, name: str) -> list[Observation]:
        """All jobs of exactly that name in the queue, whatever their state, oldest first. May lag by seconds."""

    async def describe(self, engine_ids: Sequence[str]) -> dict[str, Observation]:
        """By Batch id; any number of ids, 100 a call. Ids that Batch does not know are absent."""

    async def terminate(self, engine_id: str, reason: str) -> None:
        """Ends the job in any state; no error where it has ended already. `reason` becomes its statusReason."""

    async def live(self, queue: str) -> list[Observation]:
        """All unfinished jobs of the queue, with their tags: for reconciling."""

    async def children(self, engine_id: str, state: JobState) -> list[str]:
        """The Batch ids (`parent:index`) of an array's children in that state."""

    async def room(self, queue: str, definition: str) -> int | None:
        """How many jobs of that definition the queue's environments can run at once; None where that is not known."""

    async def made_since(self, queue: str, at: float) -> list[Observation]:
        """All jobs made since then, finished ones too, while Batch remembers them; oldest first."""


@dataclass(frozen=True, slots=True)
class Hint:
    """That something happened to a Batch job; `receipt` acknowledges it. `engine_id` is "" if it cannot be read, and
    `excerpt` then shows the beginning of what came."""

    engine_id: str
    receipt: str
    excerpt: str = ""


class Events(Protocol):
    """State-change events. At least once, unordered, perhaps never: hints, not the truth."""

    async def receive(self, wait_seconds: float) -> list[Hint]:
        """Waits up to so long (20 at most) for hints; malformed and foreign ones come with an empty `engine_id`."""

    async def acknowledge(self, hints: Sequence[Hint]) -> None:
        """They are not delivered again (mostly)."""
