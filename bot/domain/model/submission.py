"""A submission: one call that hands one or many trials of a sweep to the engine. Nobody sees it in the chat."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.domain.model.execution import Execution
from bot.domain.model.observation import Observation
from bot.domain.model.run import Run
from bot.domain.model.states import EndReason, JobState


@dataclass(frozen=True, slots=True)
class Submission:
    """`numbers` are its trials', written as `0-9999` or `3,7,9-12`; `size` is how many there are."""

    id: str
    sweep_id: str
    number: int
    """Tells the submissions of one sweep apart."""
    numbers: str
    size: int
    run: Run
    created_at: float
    execution: Execution = field(default_factory=Execution)
    children: Mapping[JobState, int] = field(default_factory=dict)
    """Of an array: how many are in which state, as the engine reports it."""
    recovered_at: float | None = None
    """When it was found again after the store was lost."""

    @property
    def thread_owner_id(self) -> str:
        """Id of the job or sweep whose thread carries news about this one."""
        return self.sweep_id

    @property
    def open(self) -> bool:
        """True while there is work left."""
        return self.execution.live

    @property
    def trials(self) -> list[int]:
        """The numbers of its trials, by array index."""
        return expanded(self.numbers)

    def observed(self, seen: Observation, now: float) -> "Submission":
        """Apply an answer of the engine. Returns the same submission if nothing has changed."""
        news = seen.children and not self.execution.outdated(seen)
        execution = self.execution.observed(seen, now)
        children = dict(seen.children) if news else self.children
        if execution is self.execution and children == self.children:
            return self
        return replace(self, execution=execution, children=children)

    def ended(self, reason: EndReason, at: float, detail: str = "") -> "Submission":
        return replace(self, execution=self.execution.ended(reason, at, detail))


def expanded(text: str) -> list[int]:
    """`3,7,9-12` as numbers. ValueError for anything else."""
    ends = [run.split("-") for run in text.split(",")]
    return [number for end in ends for number in range(int(end[0]), int(end[-1]) + 1)]
