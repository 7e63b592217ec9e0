"""What runs jobs. A second engine is another folder under `bot/adapters` that keeps these promises."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.model.observation import Observation
from bot.domain.model.states import JobState
from bot.domain.money.machine import NO_RESOURCES, Resources
from bot.domain.money.quote import Terms


@dataclass(frozen=True, slots=True)
class SubmitCall:
    """One call that hands a job, or an array of them, to the engine. `name` makes a lost answer recoverable: no other
    command has the same."""

    name: str
    queue: str
    definition: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    tags: Mapping[str, str]
    timeout_seconds: int
    array_size: int = 0
    """0 for a job by itself; otherwise from 2 to the engine's `Capabilities.array_size`."""
    resources: Resources = NO_RESOURCES
    """In place of what the definition says."""

    @property
    def characters(self) -> int:
        """Of command, environment and resources, written as JSON."""
        pairs = [{"name": name, "value": value} for name, value in self.environment.items()]
        resources = {"resourceRequirements": self.resources.requirements} if self.resources else {}
        return len(json.dumps({"command": self.command, "environment": pairs, **resources}))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What differs between engines, declared instead of special-cased."""

    name: str
    """As people read it: `AWS Batch`."""
    array_size: int
    """Jobs in one array, at most."""
    call_characters: int
    """`SubmitCall.characters`, at most."""
    remembers_seconds: float
    """How far back ended jobs can be found, at best."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Machines that a queue starts on the same terms."""

    types: tuple[str, ...]
    """Those that a job fits on, by the vendor's names. A family stands for all of its types."""
    terms: Terms
    most_of_on_demand: float = 1.0
    """Of spot: the highest price that is paid, as a share of the price on demand."""
    idle_seconds: float = 0.0
    """How long a machine is kept after its last job, at least, as somebody has set it."""


@dataclass(frozen=True, slots=True)
class Machines:
    """What a queue may start for jobs of one definition."""

    region: str
    pools: tuple[Pool, ...]
    """In the order in which the queue tries them. Empty if there is one whose machines have no price."""
    attempts: int
    """Of one job, at most."""
    fits: Callable[[str], bool] = lambda _: True
    """Whether a job fits on a type; of a family's types, not all are large enough."""
    memory_mib: int = 0
    """What a job of the definition asks for; 0 if that is unknown."""
    most_memory_mib: int = 0
    """What a job can ask for and still fit on the largest of them; 0 if that is unknown."""


class Engine(Protocol):
    """Runs jobs. A job's id is the engine's own, and so is the form of the ids of an array's children."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def submit(self, call: SubmitCall) -> str:
        """The engine's id of the new job. `Throttled`: surely no job. `Unavailable`: perhaps a job. `Refused`: no job.

        It is never repeated by itself: after `Unavailable` the caller looks the job up by its name.
        """

    async def find(self, queue: str, name: str) -> list[Observation]:
        """All jobs of exactly that name in the queue, whatever their state, oldest first. May lag by seconds."""

    async def describe(self, engine_ids: Sequence[str]) -> dict[str, Observation]:
        """By id; any number of ids. Ids that the engine does not know (yet, or any more) are absent."""

    async def terminate(self, engine_id: str, reason: str) -> None:
        """End the job in any state; no error if it has ended already. `reason` is kept with it."""

    async def live(self, queue: str) -> list[Observation]:
        """All unfinished jobs of the queue, with their tags: for reconciling."""

    async def children(self, engine_id: str, state: JobState) -> list[str]:
        """The ids of an array's children in that state."""

    def child_id(self, engine_id: str, index: int) -> str:
        """The id of an array's child."""

    def child_index(self, child_id: str) -> int:
        """The place of a child in its array, from 0."""

    def parent_id(self, engine_id: str) -> str:
        """The array that a child belongs to; any other id as it is."""

    async def room(self, queue: str, definition: str, resources: Resources = NO_RESOURCES) -> int | None:
        """How many jobs of that definition the queue's machines can run at once; None if that is unknown. `resources`
        stand in place of the definition's."""

    async def machines(self, queue: str, definition: str, resources: Resources = NO_RESOURCES) -> Machines | None:
        """What the queue may start for jobs of that definition; None if that is unknown. Cached for minutes."""

    async def made_since(self, queue: str, at: float) -> list[Observation]:
        """All jobs made since then, ended ones too, as far as the engine remembers them; oldest first."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something happened to an engine job. `receipt` acknowledges the hint. `engine_id` is "" for a hint that cannot be
    read; `excerpt` then shows its beginning."""

    engine_id: str
    receipt: str
    excerpt: str = ""


class Events(Protocol):
    """State changes, reported at least once, in any order, perhaps never: hints, not the truth."""

    async def receive(self, wait_seconds: float) -> list[Hint]:
        """Wait up to `wait_seconds` (20 at most) for hints. Malformed and foreign ones have an empty `engine_id`."""

    async def acknowledge(self, hints: Sequence[Hint]) -> None:
        """They are not delivered again (mostly)."""
