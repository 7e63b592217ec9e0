"""Take a `/sweep`: check it, pin its commit, show what it would cost, and commit it once it is confirmed."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.domain.access import Person
from bot.domain.clock import passed
from bot.domain.model.plan import Plan, Search
from bot.domain.model.rows import Posted
from bot.domain.model.run import Commit, Run
from bot.domain.model.submission import ARRAY, Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value, complete
from bot.domain.project import Project, choose
from bot.domain.sweeps.estimate import Estimate, estimate
from bot.domain.sweeps.grammar import completions, parse, so_far
from bot.domain.sweeps.tally import tally
from bot.domain.sweeps.trial_changes import NUMBERS, again_of, carried_over_of
from bot.errors import BadInput, NotAllowed, ServiceError, SignalboxError, UserError
from bot.ports.code import Code
from bot.ports.engine import Engine
from bot.services.jobs.submit import TrainRequest, asked_by, first_posts
from bot.services.jobs.submit_call import ENVIRONMENT, call_for_submission
from bot.services.running.core import Core

EXPIRES_SECONDS = 3_600.0
"""A preview that was shown so long ago is confirmed no more."""
MOST_INCREMENTAL = 2_000
"""Trials of a sweep whose trials are submitted one by one."""
AT_A_TIME = 4
"""Trials that a sampler which learns has under way, where nothing else is said."""
LOOKED_BACK = 50
"""Jobs of the project that the expected time is taken from."""
MOST_LIVE = 1_000
"""Live jobs among which a retry looks for another of the same sweep."""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """One `/sweep` as typed; empty and None mean not given."""

    person: Person
    channel_id: int
    interaction_id: int
    text: str
    project: str = ""
    branch: str = ""
    commit: str = ""
    search: str = ""
    trials: int | None = None
    parallel: int | None = None
    folds: int | None = None
    stop_losers: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would run. Seconds and USD are None where they cannot be known."""

    sweep: Sweep
    needs_confirmation: bool
    """False: it has been accepted already."""
    machines: int | None
    """How many trials can run at once."""
    seconds: float | None
    """Expected, by the clock on the wall."""
    most_seconds: float
    """On machines, if every trial ran into its time limit."""
    usd_expected: float | None
    usd_most: float | None
    remarks: tuple[str, ...] = field(default=())


class Propose:
    """Nothing is spent here: what is accepted is durable when a method returns, and `feed` submits it."""

    def __init__(self, core: Core, engine: Engine, code: Code, *, new_id: Callable[[], str]) -> None:
        self._store = core.store
        self._projects = tuple(core.projects.values())
        self._engine, self._code = engine, code
        self._now, self._new_id = core.now, new_id
        self._turn = asyncio.Lock()
        """Of clicks that come at once, each finds what the one before it has done."""

    async def sweep(self, request: SweepRequest) -> Proposal:
        """What would run, accepted at once where it is small. Raises `NotAllowed`, `BadInput`, `UnknownName` and the
        grammar's own errors; the same interaction gives the same sweep."""
        project = choose(self._projects, request.project, request.channel_id)
        project.access.check_train(request.person)
        sweep_id = self._new_id()
        plan = await asyncio.to_thread(self._plan, request, project, sweep_id)  # 100,000 points take 0.2 s
        fixed = _fixed(plan, project)
        commit = await self._code.resolve(
            project.repository, project.branches, branch=request.branch, commit=request.commit
        )
        machines = await self._machines(project, plan)
        plan = _incremental(plan, machines)
        _check_incremental(plan)
        run = Run(project.name, commit, fixed, project.timeout_seconds)
        sweep = Sweep(sweep_id, asked_by(request, self._now()), run, plan)
        _check_size(sweep, project)
        return await self._proposed(sweep, project, machines)

    async def confirm(self, sweep_id: str, person: Person) -> Posted:
        """Accepts exactly what was shown. `UserError` where it is gone or too old, `NotAllowed` for another's."""
        async with self._turn:
            accepted = await self._store.job(sweep_id)
            if accepted is not None:
                self._check_own(accepted, person)
                return accepted
            draft = await self._store.draft(sweep_id)
            if draft is None:
                raise UserError("This preview is gone. Nothing was started; give the command again.")
            self._check_own(draft, person)
            choose(self._projects, draft.run.project, draft.request.channel_id).access.check_train(person)
            if passed(draft.request.created_at, EXPIRES_SECONDS, self._now()):
                raise UserError("This preview is more than an hour old. Nothing was started; give the command again.")
            return await self._accept(replace(draft, request=replace(draft.request, created_at=self._now())))

    async def cancel(self, sweep_id: str, person: Person) -> None:
        """Nothing will come of it. `UserError` where it was confirmed already."""
        async with self._turn:
            if await self._store.job(sweep_id) is not None:
                raise UserError(f"{sweep_id} was confirmed already; `/stop` ends it.")
            draft = await self._store.draft(sweep_id)
            if draft is not None:
                self._check_own(draft, person)
                await self._store.drop_draft(sweep_id)

    async def retry_failed(self, sweep_id: str, request: TrainRequest) -> Proposal:
        """The trials that failed once more, beside the good ones, as a sweep of its own, accepted at once where they
        are few. `UserError` if none failed, or they are being run again already."""
        old = await self._store.job(sweep_id)
        if not isinstance(old, Sweep):
            raise UserError(f"There is no sweep {sweep_id}.")
        project = choose(self._projects, old.run.project, request.channel_id)
        project.access.check_train(request.person)
        if old.execution.live:
            raise UserError(f"{old.id} is running still: its failed trials can be run again when it has ended.")
        plan = again_of(old.plan, carried_over_of(old.id, old.plan, await self._store.trials(old.id)))
        if not plan.runs:
            raise UserError(f"None of {old.id}'s trials failed: there is nothing to run again.")
        commit = await self._code.resolve(project.repository, project.branches, commit=old.run.commit.sha)
        commit = Commit(commit.sha, old.run.commit.branch, commit.subject)
        run = Run(project.name, commit, old.run.parameters, project.timeout_seconds)
        again = Sweep(self._new_id(), asked_by(request, self._now(), old.id), run, plan)
        machines = await self._machines(project, plan)
        async with self._turn:
            return await self._proposed(again, project, machines)

    async def so_far(self, project: str, channel_id: int, text: str, search: str) -> list[tuple[str, str]]:
        """For autocomplete, as (name, value): what the text makes so far, then how it could go on. Never raises."""
        try:
            chosen = choose(self._projects, project, channel_id)
            method = Search(search) if search else Search.GRID
        except (SignalboxError, ValueError):
            return []
        going_on = [(each, each) for each in completions(text, chosen.parameters)]
        return [(so_far(text, chosen.parameters, method), text), *going_on]

    # ---- what it is made of ------------------------------------------------------------------------------
    def _plan(self, request: SweepRequest, project: Project, sweep_id: str) -> Plan:
        return parse(
            request.text,
            project.parameters,
            _search(request.search),
            trials=request.trials,
            folds=1 if request.folds is None else request.folds,
            parallel=request.parallel or 0,
            stop_losers=request.stop_losers,
            seed=int.from_bytes(hashlib.sha256(sweep_id.encode()).digest()[:4]),
        )

    async def _proposed(self, sweep: Sweep, project: Project, machines: int | None) -> Proposal:
        """Accepted at once where it is small."""
        proposal = _proposal(sweep, project, machines, await self._expected(project))
        if sweep.plan.runs > project.confirm_trials:
            await self._store.keep_draft(sweep)
            return proposal
        return replace(proposal, sweep=await self._accept(sweep), needs_confirmation=False)

    async def _accept(self, sweep: Sweep) -> Sweep:
        known = await self._carried_over(sweep)
        if known:
            goal = choose(self._projects, sweep.run.project, sweep.request.channel_id).goal
            sweep = replace(sweep, tally=tally(sweep.plan, known, self._now(), goal))
        return await self._store.add(sweep, first_posts(sweep.id), known)

    async def _carried_over(self, sweep: Sweep) -> list[Trial]:
        """Of a retry, what is known of its trials. `UserError` where another retry of that sweep is not over: two
        clicks are one wish."""
        request = sweep.request
        old = await self._store.job(request.retry_of) if request.retry_of is not None else None
        if not isinstance(old, Sweep):
            return []
        for other in await self._store.jobs(project=sweep.run.project, live=True, limit=MOST_LIVE):
            same = other.id == sweep.id or other.request.interaction_id == request.interaction_id
            if isinstance(other, Sweep) and other.request.retry_of == old.id and not same:
                raise UserError(f"What failed of {old.id} is being run again already, as {other.id}.")
        return carried_over_of(old.id, old.plan, await self._store.trials(old.id))

    async def _machines(self, project: Project, plan: Plan) -> int | None:
        """How many trials can run at once; not known where AWS does not say, which keeps nobody from sweeping."""
        try:
            room = await self._engine.room(project.queue, project.definition)
        except ServiceError:
            return plan.parallel or None
        limits = [limit for limit in (room, plan.parallel or None, plan.runs) if limit]
        return min(limits) if room else plan.parallel or None

    async def _expected(self, project: Project) -> Estimate:
        return estimate(await self._store.jobs(project=project.name, live=False, limit=LOOKED_BACK))

    def _check_own(self, draft: Posted, person: Person) -> None:
        asker_id = draft.request.asker_id
        if asker_id != person.id:
            raise NotAllowed(f"Only <@{asker_id}>, who asked for this sweep, may confirm or cancel it.")


def _search(given: str) -> Search:
    try:
        return Search(given or Search.GRID)
    except ValueError:
        raise BadInput("search", given=given, expected="a search", choices=list(Search)) from None


def _fixed(plan: Plan, project: Project) -> dict[str, Value]:
    """The parameters that are not varied, at their defaults. `BadInput` for one that has none."""
    varied = {axis.name: axis.values[0] if axis.values else axis.low for axis in plan.space.axes}
    folds = {"folds": plan.folds, "fold": 0} if plan.folds > 1 else {}
    given = complete(project.parameters, {**varied, **folds})
    return {name: value for name, value in given.items() if name not in varied and name not in folds}


def _incremental(plan: Plan, machines: int | None) -> Plan:
    """A sampler that learns needs results before it asks for more, so it never has all of its trials under way."""
    if plan.search is not Search.TPE or plan.parallel:
        return plan
    return replace(plan, parallel=max(1, min(AT_A_TIME, machines or AT_A_TIME, plan.trials)))


def _check_incremental(plan: Plan) -> None:
    if plan.incremental and plan.trials > MOST_INCREMENTAL:
        why = "`tpe` submits its trials" if plan.search is Search.TPE else "with `parallel:` trials are submitted"
        expected = (
            f"at most {MOST_INCREMENTAL:,}, as {why} one by one; grid and random without `parallel:` take 100,000,"
        )
        raise BadInput("trials", given=f"{plan.trials:,}", expected=expected)


def _check_size(sweep: Sweep, project: Project) -> None:
    """`BadInput` where what the trials need to know does not fit into their environment."""
    example = Submission(sweep.id, sweep.id, 0, "0", ARRAY, sweep.run, sweep.request.created_at)
    environment = call_for_submission(example, sweep, project, "signalbox").environment
    size = sum(len(name) + len(value) for name, value in environment.items())
    most = ENVIRONMENT - NUMBERS
    if size > most:
        given, expected = (
            f"a sweep that takes {size:,} characters",
            f"one of at most {most:,} (AWS hands a job no more)",
        )
        raise BadInput("sweep", given=given, expected=f"{expected}, by shorter lists or by ranges,")


def _proposal(sweep: Sweep, project: Project, machines: int | None, expected: Estimate) -> Proposal:
    plan, rate = sweep.plan, project.usd_per_hour / 3_600
    each, most = expected.seconds(sweep), float(plan.runs * project.timeout_seconds)
    at_once = machines or plan.parallel or None
    rounds = -(-plan.runs // at_once) if at_once else None
    return Proposal(
        sweep=sweep,
        needs_confirmation=True,
        machines=machines,
        seconds=each * rounds if each is not None and rounds is not None else None,
        most_seconds=most,
        usd_expected=each * plan.runs * rate if each is not None and rate else None,
        usd_most=most * rate if rate else None,
        remarks=tuple(_remarks(plan)),
    )


def _remarks(plan: Plan) -> list[str]:
    remarks = []
    if plan.runs == 1:
        remarks.append("One point only: it runs as a single job.")
    if plan.incremental:
        why = "learns from each result" if plan.search is Search.TPE else "keeps to `parallel`"
        remarks.append(f"It {why}, so {plan.parallel} at a time are submitted, one by one.")
    elif plan.runs > ARRAY:
        remarks.append(f"AWS Batch takes {ARRAY:,} in one array: it is {-(-plan.runs // ARRAY)} arrays.")
    if plan.stop_losers:
        remarks.append("Trials that cannot win any more are stopped early, as far as they report `epoch` and `epochs`.")
    return remarks
