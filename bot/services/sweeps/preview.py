"""What a sweep would take: machines, time and money, before anything is spent."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.domain.inert import Inert
from bot.domain.model.plan import Plan
from bot.domain.model.sweep import Sweep
from bot.domain.money.caps import Caps
from bot.domain.project import Project
from bot.domain.sweeps.estimate import Estimate, estimate
from bot.domain.texts import notes
from bot.domain.texts.engine import engine_title
from bot.errors import ServiceError
from bot.ports.engine import Capabilities, Engine
from bot.services.running.core import Core

JOBS_FOR_ESTIMATE = 50
"""Recent jobs of the project from which the time is estimated."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would run. `seconds` are None if they cannot be known; what it costs is in the sweep's quote."""

    sweep: Sweep
    needs_confirmation: bool
    """False: it has been accepted already."""
    machines: int | None
    """How many trials can run at once."""
    seconds: float | None
    """Expected wall-clock time."""
    most_seconds: float
    """Machine time if every trial ran into its time limit in all its attempts."""
    remarks: tuple[Inert, ...] = field(default=())


class Preview:
    """Asks the engine and the store; changes nothing."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self._store, self._engine, self._caps = core.store, engine, core.caps

    async def of(self, sweep: Sweep, project: Project, machines: int | None) -> Proposal:
        """`machines` is what `machines` returns for its plan."""
        earlier = await self._store.jobs(project=project.name, live=False, limit=JOBS_FOR_ESTIMATE)
        remarks = _remarks(sweep.plan, engine_title(project), self._engine.capabilities)
        approval = _approval(sweep, self._caps)
        return _proposal(sweep, project, machines, estimate(earlier), (*approval, *remarks))

    async def machines(self, project: Project, plan: Plan) -> int | None:
        """How many trials can run at once. None if AWS does not say, which prevents no sweep."""
        try:
            capacity = await self._engine.room(project.queue, project.job_definition, project.resources)
        except ServiceError:
            return plan.parallel or None
        limits = [limit for limit in (capacity, plan.parallel or None, plan.runs) if limit]
        return min(limits) if capacity else plan.parallel or None


def _proposal(
    sweep: Sweep, project: Project, machines: int | None, expected: Estimate, remarks: tuple[Inert, ...]
) -> Proposal:
    plan, quote = sweep.plan, sweep.run.quote
    each, attempts = expected.seconds(sweep), quote.attempts if quote is not None else 1
    at_once = machines or plan.parallel or None
    rounds = -(-plan.runs // at_once) if at_once else None
    return Proposal(
        sweep=sweep,
        needs_confirmation=True,
        machines=machines,
        seconds=each * rounds if each is not None and rounds is not None else None,
        most_seconds=float(plan.runs * attempts * project.timeout_seconds),
        remarks=remarks,
    )


def _approval(sweep: Sweep, caps: Caps) -> Iterator[Inert]:
    limit, quote = caps.approve_above(sweep.run.project), sweep.run.quote
    if limit is not None and quote is not None and quote.usd_most > limit[0]:
        yield notes.needs_approval(limit[0])


def _remarks(plan: Plan, engine: Inert, capabilities: Capabilities) -> Iterator[Inert]:
    if plan.runs == 1:
        yield notes.single_point()
    if plan.pilot:
        yield notes.pilot_first(plan.runs - 1)
    if plan.incremental:
        yield notes.one_by_one(plan)
    elif plan.runs > (most := capabilities.array_size):
        yield notes.several_arrays(-(-plan.runs // most), most, engine)
    if plan.stop_losers:
        yield notes.stops_weak_trials()
