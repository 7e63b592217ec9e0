"""Take a `/sweep`: check it, pin its commit, show what it would cost, and commit it once it is confirmed."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.domain.access import Person
from bot.domain.clock import passed
from bot.domain.model.job import Commit, Job
from bot.domain.model.sweep import ARRAY, Part, Plan, Search, Sweep, Trial
from bot.domain.parameters import Value, complete
from bot.domain.project import Project, choose
from bot.domain.sweeps.estimate import Estimate, estimate
from bot.domain.sweeps.grammar import completions, parse, so_far
from bot.domain.sweeps.tally import tally
from bot.domain.sweeps.trial_changes import NUMBERS, again_of, kept_of
from bot.errors import BadInput, NotAllowed, ServiceError, SignalboxError, UserError
from bot.ports.code import Code
from bot.ports.engine import Engine
from bot.services.jobs.submit import TrainRequest, first_posts, intent
from bot.services.jobs.submit_call import ENVIRONMENT, submission
from bot.services.running.core import Core

EXPIRES_SECONDS = 3_600.0
"""A preview that was shown so long ago is confirmed no more."""
MOST_FED = 2_000
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

    job: Job
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
        self._store, self._wakeups = core.store, core.wakeups
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
        plan = _fed(plan, machines)
        _check_fed(plan)
        job = replace(intent(sweep_id, project, request, commit, fixed, self._now()), sweep=Sweep(plan))
        _check_size(job, project)
        return await self._proposed(job, plan, project, machines)

    async def confirm(self, sweep_id: str, person: Person) -> Job:
        """Accepts exactly what was shown. `UserError` where it is gone or too old, `NotAllowed` for another's."""
        async with self._turn:
            accepted = await self._store.job(sweep_id)
            draft = accepted or await self._store.draft(sweep_id)
            if draft is None:
                raise UserError("This preview is gone. Nothing was started; give the command again.")
            self._check_own(draft, person)
            if accepted is not None:
                return accepted
            choose(self._projects, draft.project, draft.channel_id).access.check_train(person)
            if passed(draft.created_at, EXPIRES_SECONDS, self._now()):
                raise UserError("This preview is more than an hour old. Nothing was started; give the command again.")
            return await self._accept(replace(draft, created_at=self._now()))

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
        if old is None or old.sweep is None:
            raise UserError(f"There is no sweep {sweep_id}.")
        project = choose(self._projects, old.project, request.channel_id)
        project.access.check_train(request.person)
        if old.live:
            raise UserError(f"{old.id} is running still: its failed trials can be run again when it has ended.")
        plan = again_of(old.sweep.plan, kept_of(old.id, old.sweep.plan, await self._store.trials(old.id)))
        if not plan.runs:
            raise UserError(f"None of {old.id}'s trials failed: there is nothing to run again.")
        commit = await self._code.resolve(project.repository, project.branches, commit=old.commit.sha)
        commit = Commit(commit.sha, old.commit.branch, commit.subject)
        face = intent(self._new_id(), project, request, commit, old.parameters, self._now())
        again = replace(face, sweep=Sweep(plan), retry_of=old.id)
        machines = await self._machines(project, plan)
        async with self._turn:
            return await self._proposed(again, plan, project, machines)

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

    async def _proposed(self, face: Job, plan: Plan, project: Project, machines: int | None) -> Proposal:
        """Accepted at once where it is small."""
        proposal = _proposal(face, plan, project, machines, await self._expected(project))
        if plan.runs > project.confirm_trials:
            await self._store.keep_draft(face)
            return proposal
        return replace(proposal, job=await self._accept(face), needs_confirmation=False)

    async def _accept(self, face: Job) -> Job:
        kept = await self._kept(face)
        if kept and face.sweep is not None:
            maximize = choose(self._projects, face.project, face.channel_id).maximize
            summed = tally(face.sweep, kept, self._now(), maximize=maximize)
            face = replace(face, sweep=replace(face.sweep, tally=summed))
        accepted = await self._store.add(face, first_posts(face.id), kept)
        for wakeup in (self._wakeups.dispatch, self._wakeups.refresh_board, self._wakeups.deliver):
            wakeup.wake()
        return accepted

    async def _kept(self, face: Job) -> list[Trial]:
        """Of a retry, what is known of its trials. `UserError` where another retry of that sweep is not over: two
        clicks are one wish."""
        old = await self._store.job(face.retry_of) if face.retry_of is not None else None
        if old is None or old.sweep is None:
            return []
        for other in await self._store.jobs(project=face.project, live=True, limit=MOST_LIVE):
            same = other.id == face.id or other.interaction_id == face.interaction_id
            if other.sweep is not None and other.retry_of == old.id and not same:
                raise UserError(f"What failed of {old.id} is being run again already, as {other.id}.")
        return kept_of(old.id, old.sweep.plan, await self._store.trials(old.id))

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

    def _check_own(self, draft: Job, person: Person) -> None:
        if draft.asker_id != person.id:
            raise NotAllowed(f"Only <@{draft.asker_id}>, who asked for this sweep, may confirm or cancel it.")


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


def _fed(plan: Plan, machines: int | None) -> Plan:
    """A sampler that learns needs results before it asks for more, so it never has all of its trials under way."""
    if plan.search is not Search.TPE or plan.parallel:
        return plan
    return replace(plan, parallel=max(1, min(AT_A_TIME, machines or AT_A_TIME, plan.trials)))


def _check_fed(plan: Plan) -> None:
    if plan.fed and plan.trials > MOST_FED:
        why = "`tpe` submits its trials" if plan.search is Search.TPE else "with `parallel:` trials are submitted"
        expected = f"at most {MOST_FED:,}, as {why} one by one; grid and random without `parallel:` take 100,000,"
        raise BadInput("trials", given=f"{plan.trials:,}", expected=expected)


def _check_size(face: Job, project: Project) -> None:
    """`BadInput` where what the trials need to know does not fit into their environment."""
    example = replace(face, sweep=None, part=Part(face.id, 0, "0", ARRAY))
    environment = submission(example, project, "signalbox", face.sweep).environment
    size = sum(len(name) + len(value) for name, value in environment.items())
    most = ENVIRONMENT - NUMBERS
    if size > most:
        given, expected = (
            f"a sweep that takes {size:,} characters",
            f"one of at most {most:,} (AWS hands a job no more)",
        )
        raise BadInput("sweep", given=given, expected=f"{expected}, by shorter lists or by ranges,")


def _proposal(face: Job, plan: Plan, project: Project, machines: int | None, expected: Estimate) -> Proposal:
    rate = project.usd_per_hour / 3_600
    each, most = expected.seconds(face), float(plan.runs * project.timeout_seconds)
    at_once = machines or plan.parallel or None
    rounds = -(-plan.runs // at_once) if at_once else None
    return Proposal(
        job=face,
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
    if plan.fed:
        why = "learns from each result" if plan.search is Search.TPE else "keeps to `parallel`"
        remarks.append(f"It {why}, so {plan.parallel} at a time are submitted, one by one.")
    elif plan.runs > ARRAY:
        remarks.append(f"AWS Batch takes {ARRAY:,} in one array: it is {-(-plan.runs // ARRAY)} arrays.")
    if plan.stop_losers:
        remarks.append("Trials that cannot win any more are stopped early, as far as they report `epoch` and `epochs`.")
    return remarks
