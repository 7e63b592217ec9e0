"""The machine on demand on which a job may run that has lost its machines (`on_demand_machine`)."""

import structlog

from bot.domain.jobs.reclaims import reclaims
from bot.domain.jobs.remedies import OnDemand
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.money.quote import Terms
from bot.domain.project import Project
from bot.domain.remedy import Offer
from bot.errors import UserError
from bot.ports.store import Store
from bot.services.money.quotes import Quotes

log = structlog.get_logger()

LONGEST_ROW = 100
"""Retries of retries that are read, at most."""


class OnDemandPlaces:
    """Called by `Remedies`."""

    def __init__(self, store: Store, quotes: Quotes) -> None:
        self._store, self._quotes = store, quotes

    async def of(self, job: Job, project: Project) -> OnDemand | None:
        """None if the project has no such machine, or the job can't go there."""
        name = project.on_demand_machine
        if not name or job.execution.reason is not EndReason.HOST_LOST or job.run.machine == name:
            return None
        if why_not := await self._why_not(job, project, name):
            log.warning("a job is not moved to the machine on demand", job=job.id, machine=name, why=why_not)
            return None
        return OnDemand(name, project.on_demand_after, reclaims(await self.row(job), name))

    async def row(self, job: Job) -> list[Job]:
        """The job, the one whose retry it is, the one whose retry that is, and so on."""
        found = [job]
        while (before := found[-1].request.retry_of) and len(found) < LONGEST_ROW:
            earlier = await self._store.job(before)
            if not isinstance(earlier, Job):
                break
            found.append(earlier)
        return found

    async def check(self, failed: Job, project: Project, offer: Offer) -> None:
        """Raises `UserError` if the job can't go there any more."""
        plain = "Plain Retry runs it again where it ran."
        if offer.machine not in {machine.name for machine in project.machines}:
            raise UserError(f"The project {project.name} has no machine {offer.machine} any more. {plain}")
        if why_not := await self._why_not(failed, project, offer.machine):
            raise UserError(f"It can't run on {offer.machine} any more: {why_not}. {plain}")

    async def _why_not(self, job: Job, project: Project, name: str) -> str:
        """Empty if it can, or if nobody knows."""
        machines = await self._quotes.machines(project.on(name))
        if machines is None:
            return ""
        if any(pool.terms is Terms.SPOT for pool in machines.pools):
            return "its queue may start spot machines"
        if 0 < machines.most_memory_mib < job.run.memory_mib:
            return "none of its machines has as much memory as the job needs"
        return ""
