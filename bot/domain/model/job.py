"""A job: one training run of one commit with one set of parameters."""

from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.guard.watch import Watch
from bot.domain.model.execution import Execution
from bot.domain.model.observation import Observation
from bot.domain.model.progress import Progress
from bot.domain.model.publication import Publication
from bot.domain.model.request import Request
from bot.domain.model.run import Run
from bot.domain.model.states import EndReason
from bot.domain.remedy import Offer


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that the bot knows about a job."""

    id: str
    request: Request
    run: Run
    execution: Execution = field(default_factory=Execution)
    progress: Progress = field(default_factory=Progress)
    publication: Publication = field(default_factory=Publication)
    watch: Watch = field(default_factory=Watch)
    """What the guard knows and has warned of."""
    offer: Offer | None = None
    """Of one that failed: what may mend it, and what became of that."""

    @property
    def thread_owner_id(self) -> str:
        """Id of the job or sweep whose thread carries news about this one."""
        return self.id

    @property
    def open(self) -> bool:
        """True while there is work left: not ended, result not posted, log not archived, or card out of date."""
        publication = self.publication
        done = publication.result.committed_at is not None and publication.archived_at is not None
        return self.execution.live or not done or publication.outdated

    @property
    def card_view(self) -> tuple[Any, ...]:
        """What the card shows: if this changes, the card is out of date."""
        publication = self.publication
        shown = replace(self.execution, submit_called_at=None)
        thread = publication.thread_id or None, publication.closed.why
        result = publication.result.undeliverable
        return self.run, shown, self.progress, self.watch.shown, self.offer, *thread, result

    def observed(self, seen: Observation, now: float) -> "Job":
        """Apply an answer of the engine. Returns the same job if nothing has changed."""
        execution = self.execution.observed(seen, now)
        return self if execution is self.execution else replace(self, execution=execution)

    def retried_as(self, job_id: str) -> "Job":
        """Record what has become of its offer."""
        return self if self.offer is None else replace(self, offer=replace(self.offer, retried_as=job_id))

    def ended(self, reason: EndReason, at: float, detail: str = "") -> "Job":
        return replace(self, execution=self.execution.ended(reason, at, detail))
