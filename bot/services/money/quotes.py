"""What a job or a sweep will cost, and can cost at most, before anything is spent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from bot.domain.model.job import Job
from bot.domain.model.sweep import Sweep
from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.quote import Quote, Terms
from bot.domain.money.rates import HOURS_A_MONTH, belongs
from bot.domain.project import Project
from bot.domain.sweeps.estimate import estimate
from bot.errors import ServiceError, UserError
from bot.ports.engine import Engine, Machines, Pool
from bot.ports.store import Store
from bot.services.money.price_book import PriceBook, Rate
from bot.services.money.spot.cheapest_spot import CheapestSpot

log = structlog.get_logger()

ADDRESS_USD = 0.005
"""An hour of a public IPv4 address, in each region, since February 2024:
https://aws.amazon.com/blogs/aws/new-aws-public-ipv4-address-charge-public-ip-insights/"""
UNKNOWN_ATTEMPTS = 3
"""If the engine can't be asked: what the stack sets (`deploy.jobs.<project>.attempts`)."""
RISE = 1.1
"""A preview is shown anew if what it costs at most has become that many times as much."""
RECENT_JOBS = 50
"""Of the project, by which the time is estimated."""
AnyPosted = TypeVar("AnyPosted", Job, Sweep)


@dataclass(frozen=True, slots=True)
class _Machine:
    """A type in a pool. `usual` is what an hour is likely to cost, `most` what it can come to."""

    name: str
    terms: Terms
    on_demand: float
    usual: float
    most: float


@dataclass(frozen=True, slots=True)
class Needs:
    """What of a run decides about its price."""

    timeout_seconds: float
    memory_mib: int = 0
    """0: what the job definition says."""


class Quotes:
    """`book` is None without prices: then only `usd_per_hour` of the config gives one."""

    def __init__(
        self, store: Store, engine: Engine, book: PriceBook | None = None, settings: PriceSettings | None = None
    ) -> None:
        self._store, self._engine, self._book = store, engine, book
        self._settings = settings or PriceSettings()
        self.spot = CheapestSpot(engine, book, self._settings)

    async def priced(self, posted: AnyPosted, project: Project, at_once: int | None = None) -> AnyPosted:
        """With its quote. `at_once` is how many of a sweep's trials can run at a time, if that is known."""
        project = project.on(posted.run.machine)
        recent = await self._store.jobs(project=project.name, live=False, limit=RECENT_JOBS)
        earlier = [job for job in recent if job.run.machine == posted.run.machine]
        runs = posted.plan.runs if isinstance(posted, Sweep) else 1
        seconds, needs = estimate(earlier).seconds(posted), Needs(posted.run.timeout_seconds, posted.run.memory_mib)
        quote = await self.of(project, runs, seconds, at_once=at_once or 0, needs=needs)
        return replace(posted, run=replace(posted.run, quote=quote))

    async def still(self, posted: AnyPosted, project: Project) -> tuple[AnyPosted, str]:
        """With a quote of now, and a sentence if it has risen since the one that people saw."""
        seen = posted.run.quote
        fresh = await self.priced(posted, project, seen.at_once if seen is not None else None)
        now = fresh.run.quote
        if seen is None or now is None or now.usd_most <= seen.usd_most * RISE:
            return fresh, ""
        most = f"at most ${now.usd_most:,.2f} instead of ${seen.usd_most:,.2f}"
        return fresh, f"Prices have risen since this preview: {most}."

    async def of(
        self,
        project: Project,
        runs: int = 1,
        expected_seconds: float | None = None,
        *,
        at_once: int = 0,
        needs: "Needs | None" = None,
    ) -> Quote | None:
        """None if nobody knows a price. Never raises. `needs` are the project's if none are given."""
        needs = needs or Needs(project.timeout_seconds)
        machines = await self.machines(project, needs.memory_mib)
        if project.usd_per_hour is not None:
            quote: Quote | None = self._fixed(project, project.usd_per_hour, machines)
        elif self._book is None or machines is None or not machines.pools:
            return None
        else:
            quote = await self._by_prices(project, machines, self._book)
        if quote is None:
            return None
        return replace(
            quote,
            timeout_seconds=needs.timeout_seconds,
            runs=runs,
            at_once=min(at_once, runs),
            expected_seconds=expected_seconds,
        )

    async def warm(self, projects: Iterable[Project]) -> None:
        """Read the prices that the projects' next jobs need."""
        for project in projects:
            await self.of(project)

    async def machines(self, project: Project, memory_mib: int = 0) -> Machines | None:
        """What the project's jobs may run on; without pools if the engine can't be asked."""
        try:
            resources = project.resources.with_memory(memory_mib)
            return await self._engine.machines(project.queue, project.job_definition, resources)
        except ServiceError as error:
            log.warning("the queue's machines are not known", queue=project.queue, error=str(error))
            return Machines("", (), UNKNOWN_ATTEMPTS)

    def _fixed(self, project: Project, usd: float, machines: Machines | None) -> Quote:
        """By the config. An engine that starts no machines has no minutes before and after a job either; one that can't
        be asked, or whose machines are not known, has them all the same."""
        billed = self._billed(machines.pools) if machines is not None else 0.0
        attempts = machines.attempts if machines is not None else 1
        return Quote(usd, project.timeout_seconds, attempts=attempts, billed_seconds=billed)

    async def _by_prices(self, project: Project, machines: Machines, book: PriceBook) -> Quote | None:
        region = self._settings.region or machines.region
        try:
            disk, found = await book.disk(region), list[_Machine]()
            rates = [disk]
            for pool in machines.pools:
                on_demand = await book.on_demand(region, pool.types)
                if missing := [name for name in pool.types if not any(belongs(each, name) for each in on_demand)]:
                    log.warning("a machine has no price", machine=missing[0], region=region, trouble=book.trouble)
                    return None
                fitting = {name: rate for name, rate in on_demand.items() if machines.fits(name)}
                spot = await book.spot(region, list(fitting)) if pool.terms is Terms.SPOT else {}
                rates += [*fitting.values(), *spot.values()]
                found += _in_pool(pool, fitting, spot)
        except UserError as error:
            log.warning("there are no prices", error=str(error))
            return None
        if not found:
            return None
        beside = self._settings.disk_gib * disk.usd / HOURS_A_MONTH + ADDRESS_USD
        dearest, usual = max(found, key=lambda each: each.most), _usual(found, machines.pools)
        stale = [rate for rate in rates if rate.stale]
        return Quote(
            usd_per_hour=dearest.most + beside,
            timeout_seconds=project.timeout_seconds,
            terms=usual.terms,
            machine=dearest.name,
            usual_usd_per_hour=usual.usual + beside,
            usual_machine=usual.name,
            usual_on_demand_usd_per_hour=usual.on_demand + beside,
            attempts=machines.attempts,
            billed_seconds=self._billed(machines.pools),
            priced_at=min(rate.at for rate in stale or rates),
            stale=bool(stale),
        )

    def _billed(self, pools: Iterable[Pool]) -> float:
        idle = max((pool.idle_seconds for pool in pools), default=0.0)
        return self._settings.start_seconds + max(idle, self._settings.idle_seconds)


def _in_pool(pool: Pool, on_demand: Mapping[str, Rate], spot: Mapping[str, Rate]) -> Iterator[_Machine]:
    """Spot costs at most what the pool pays, and never more than on demand:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances.html"""
    for name, rate in on_demand.items():
        most = rate.usd * pool.most_of_on_demand
        usual = min(most, spot[name].usd) if name in spot else most
        yield _Machine(name, pool.terms, rate.usd, usual, most)


def _usual(found: Iterable[_Machine], pools: tuple[Pool, ...]) -> _Machine:
    """The cheapest of the pool that the queue tries first: every strategy prefers the lower price, among machines that
    are to be had (https://docs.aws.amazon.com/batch/latest/userguide/allocation-strategies.html)."""
    first = [each for each in found if each.terms is pools[0].terms]
    return min(first or found, key=lambda each: each.usual)
