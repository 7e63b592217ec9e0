"""Jobs that wait for a spot price: `/train start_below:0.20 by:02:00`."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from bot.domain.model.job import Job
from bot.domain.model.rows import Row
from bot.domain.model.states import EndReason
from bot.domain.money.deadline import deadline
from bot.domain.money.hold import Hold, HoldKind
from bot.domain.posts import Change
from bot.domain.project import Project
from bot.domain.texts.spot_texts import not_below
from bot.errors import UserError
from bot.services.money.spot.cheapest_spot import CheapestSpot, SpotNow
from bot.services.running.core import Core
from bot.services.running.pending import awaiting_price

log = structlog.get_logger()

LOOK_SECONDS = 30.0
"""Between two looks at the prices, which are read from AWS once in `prices.spot_minutes`."""
SHOWN_CHANGE = 0.001
"""USD. A smaller change is not shown on the card."""


class StartBelow:
    """`once` lets start what has become cheap enough, and ends what has waited until its time."""

    def __init__(self, core: Core, spot: CheapestSpot) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._spot = spot

    async def once(self) -> None:
        now: dict[tuple[str, str], SpotNow | None] = {}
        for job, hold in awaiting_price(await self._store.unfinished()):
            project = self._projects.get(job.run.project)
            if hold.until is not None and self._now() >= hold.until:
                await self._change(job, hold, _over(not_below(hold), hold.until))
                log.info("not started in time", job=job.id, below=hold.below_usd, seen=hold.seen_usd)
            elif project is not None:
                key = project.name, job.run.machine
                if key not in now:
                    now[key] = await self._spot.now(project.on(job.run.machine))
                await self._look(job, hold, now[key])

    async def _look(self, job: Job, hold: Hold, spot: SpotNow | None) -> None:
        if spot is None or spot.usd is None:
            return  # a price of some time ago starts nothing
        if spot.usd < hold.below_usd:
            log.info("spot price reached", job=job.id, machine=spot.machine, usd=spot.usd)
            await self._change(job, hold, _released)
        elif spot.machine != hold.machine or abs(spot.usd - hold.seen_usd) >= SHOWN_CHANGE:
            await self._change(job, hold, _seen(spot.machine, spot.usd))

    async def _change(self, job: Job, hold: Hold, then: Callable[[Job], Job]) -> None:
        """Unless something else has happened to it in the meantime."""

        def step(stored: Row) -> Change | None:
            waits = isinstance(stored, Job) and stored.execution.hold == hold and bool(awaiting_price([stored]))
            return Change(then(stored)) if waits and isinstance(stored, Job) else None

        await self._store.change(job.id, step)


async def held_for_price(job: Job, project: Project, wanted: tuple[float, str], core: Core, spot: CheapestSpot) -> Job:
    """The job as it waits for a price below `wanted`'s USD an hour, until what its text says. As it is, if the price is
    below that now. Raises `BadInput`, and `UserError` if there is no spot price to wait for."""
    below, by = wanted
    until = deadline(by, core.now(), core.caps.calendar.zone)
    seen = await spot.now(project)
    if seen is None:
        raise UserError(
            f"`start_below` waits for a spot price, and the queue {project.queue} starts no spot machines whose prices "
            "I know. Leave it out."
        )
    if seen.usd is not None and seen.usd < below:
        return job
    hold = Hold(
        HoldKind.PRICE, job.request.created_at, until, below_usd=below, machine=seen.machine, seen_usd=seen.usd or 0.0
    )
    return replace(job, execution=job.execution.held(hold))


def _released(job: Job) -> Job:
    return replace(job, execution=job.execution.released())


def _seen(machine: str, usd: float) -> Callable[[Job], Job]:
    def step(job: Job) -> Job:
        hold = replace(job.execution.hold or Hold(HoldKind.PRICE, 0.0), machine=machine, seen_usd=usd)
        return replace(job, execution=job.execution.held(hold))

    return step


def _over(detail: str, at: float) -> Callable[[Job], Job]:
    return lambda job: job.ended(EndReason.NOT_STARTED_IN_TIME, at, detail)
