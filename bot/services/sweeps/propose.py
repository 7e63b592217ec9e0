"""Accept a `/sweep`: check it, pin its commit, show what it would cost, and commit it once it is confirmed."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.access import Person, Verb
from bot.domain.clock import passed
from bot.domain.jobs.set_text import SET, fields_in, read
from bot.domain.model.plan import Plan, Search
from bot.domain.model.rows import Posted
from bot.domain.model.run import Commit
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value, complete
from bot.domain.project import Project, choose
from bot.domain.sweeps.grammar import completions, parse, so_far
from bot.domain.sweeps.one_by_one import limit_one_by_one
from bot.domain.sweeps.sum_trials import tally
from bot.domain.sweeps.trial_changes import NUMBERS, again_of, carried_over_of
from bot.domain.texts.command_names import command
from bot.errors import BadInput, NotAllowed, SignalboxError, UserError
from bot.ports.code import Code
from bot.ports.engine import Capabilities, Engine
from bot.ports.store import AnyPosted
from bot.services.jobs.submit import TrainRequest, stored_request
from bot.services.jobs.submit_call import call_for_submission, check_fits, new_run
from bot.services.money.admission import Admission
from bot.services.money.quotes import Quotes
from bot.services.people.lookup import job_for
from bot.services.running.core import Core
from bot.services.sweeps.preview import Preview, Proposal

EXPIRES_SECONDS = 3_600.0
"""An older preview cannot be confirmed."""
MAX_LIVE = 1_000
"""Live jobs among which a retry looks for another retry of the same sweep."""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """One `/sweep` as typed; empty and None mean left out."""

    person: Person
    channel_id: int
    interaction_id: int
    text: str
    project: str = ""
    branch: str = ""
    commit: str = ""
    machine: str = ""
    """By its name in the config; empty for the project's own queue."""
    search: str = ""
    trials: int | None = None
    parallel: int | None = None
    folds: int | None = None
    stop_losers: bool = False
    settings: str = ""
    """The text of `set`: values for all trials."""


class Propose:
    """Called by the chat. Spends nothing: an accepted sweep is durable when a method returns. `dispatch` submits it."""

    def __init__(self, core: Core, engine: Engine, code: Code, quotes: Quotes, *, new_id: Callable[[], str]) -> None:
        self._store, self._permits = core.store, core.permits
        self._projects = tuple(core.projects.values())
        self._engine, self._code, self._quotes = engine, code, quotes
        self._preview, self._admission = Preview(core, engine), Admission(core)
        self._now, self._new_id = core.now, new_id
        self._turn = asyncio.Lock()
        """Serializes clicks, so the second one sees what the first did."""

    async def sweep(self, request: SweepRequest) -> Proposal:
        """Propose a sweep; a small one is accepted at once. Raises `NotAllowed`, `BadInput`, `UnknownName` and the
        grammar's errors. The same interaction returns the same sweep."""
        request = _unfolded(request)
        project = self._chosen(request.project, request)
        self._permits.check(request.person, Verb.SWEEP, project.name)
        sweep_id = self._new_id()
        plan = await asyncio.to_thread(self._plan, request, project, sweep_id)  # 100,000 points take 0.2 s
        fixed = _fixed(plan, project, request.settings)
        commit = await self._code.resolve(
            project.repository, project.branches, branch=request.branch, commit=request.commit
        )
        machines = await self._preview.machines(project.on(request.machine), plan)
        plan = limit_one_by_one(plan, machines)
        run = new_run(project, commit, fixed, request.machine)
        sweep = Sweep(sweep_id, stored_request(request, self._now()), run, plan)
        _check_size(sweep, project, self._engine.capabilities)
        return await self._proposed(sweep, project, machines, request.person)

    async def confirm(self, sweep_id: str, person: Person) -> Posted:
        """Accept exactly what was shown. Raises `UserError` if it is gone or too old, `NotAllowed` for other people."""
        async with self._turn:
            accepted = self._seen(await self._store.job(sweep_id), person)
            if accepted is not None:
                self._check_own(accepted, person)
                return accepted
            draft = self._seen(await self._store.draft(sweep_id), person)
            if draft is None:
                raise UserError("This preview is gone. Nothing was started; use the command again.")
            self._check_own(draft, person)
            checked = await self._checked(draft, person)
            return await self._accept(replace(checked, request=replace(draft.request, created_at=self._now())), person)

    async def cancel(self, sweep_id: str, person: Person) -> None:
        """Drop the draft. Raises `UserError` if it was confirmed already."""
        async with self._turn:
            if self._seen(await self._store.job(sweep_id), person) is not None:
                raise UserError(f"{sweep_id} is already confirmed. {command('stop')} ends it.")
            draft = self._seen(await self._store.draft(sweep_id), person)
            if draft is not None:
                self._check_own(draft, person)
                await self._store.drop_draft(sweep_id)

    async def again(self, sweep_id: str, person: Person) -> Proposal | None:
        """The preview of a draft, made anew: Discord's client forgets it at a reload. None if there is no such draft,
        or it was confirmed. Raises `UserError` if it is too old, `NotAllowed` for other people."""
        draft = self._seen(await self._store.draft(sweep_id), person)
        if draft is None or await self._store.job(sweep_id) is not None:
            return None
        self._check_own(draft, person)
        self._check_age(draft)
        project = self._project_of(draft, person)
        machines = await self._preview.machines(project.on(draft.run.machine), draft.plan)
        return await self._preview.of(draft, project, machines)

    async def unconfirmed(self, person: Person) -> list[Sweep]:
        """The drafts that this person can still confirm, newest first."""
        drafts = await self._store.drafts(person.id)
        fresh = [draft for draft in drafts if self._seen(draft, person) and not self._too_old(draft)]
        return [draft for draft in fresh if await self._store.job(draft.id) is None]

    async def retry_failed(self, sweep_id: str, request: TrainRequest) -> Proposal:
        """Propose a new sweep that runs the failed trials again and takes over the good ones.

        A small one is accepted at once. Raises `UserError` if none failed, or if they are being run again already.
        """
        old = await job_for(self._store, self._permits, sweep_id, request.person)
        if not isinstance(old, Sweep):
            raise UserError(f"{old.id} is a single job and has no trials.")
        project = self._chosen(old.run.project, request)
        self._permits.check(request.person, Verb.SWEEP, project.name)
        if old.execution.live:
            raise UserError(f"{old.id} is still running. Retry its failed trials when it has ended.")
        plan = again_of(old.plan, carried_over_of(old.id, old.plan, await self._store.trials(old.id)))
        if not plan.runs:
            raise UserError(f"None of {old.id}'s trials failed, so there is nothing to retry.")
        commit = await self._code.resolve(project.repository, project.branches, commit=old.run.commit.sha)
        commit = Commit(commit.sha, old.run.commit.branch, commit.subject)
        run = new_run(project, commit, old.run.parameters, request.machine or old.run.machine)
        retry = Sweep(self._new_id(), stored_request(request, self._now(), old.id), run, plan)
        machines = await self._preview.machines(project.on(run.machine), plan)
        async with self._turn:
            return await self._proposed(retry, project, machines, request.person)

    async def so_far(self, project: str, text: str, search: str, person: Person) -> list[tuple[str, str]]:
        """Autocomplete, as (name, value): what the text means so far, then how it could go on. Never raises."""
        try:
            chosen = choose(self._permits.visible(person, self._projects), project, person.channel_id)
            method = Search(search) if search else Search.GRID
        except (SignalboxError, ValueError):
            return []
        continued = [(each, each) for each in completions(text, chosen.parameters)]
        return [(so_far(text, chosen.parameters, method), text), *continued]

    # ---- parts of a proposal ------------------------------------------------------------------------------
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

    def _chosen(self, name: str, request: SweepRequest | TrainRequest) -> Project:
        return choose(self._permits.visible(request.person, self._projects), name, request.channel_id)

    def _project_of(self, draft: Sweep, person: Person) -> Project:
        return choose(self._permits.visible(person, self._projects), draft.run.project, draft.request.channel_id)

    def _seen(self, found: AnyPosted | None, person: Person) -> AnyPosted | None:
        """None if it is of a project that they may not see: it does not exist for them."""
        return found if found is not None and self._permits.sees(person, found.run.project) else None

    async def _checked(self, draft: Sweep, person: Person) -> Sweep:
        """Roles, grants and prices may have changed since the preview. `UserError` if prices rose: it is shown anew."""
        project = self._project_of(draft, person)
        self._permits.check(person, Verb.SWEEP, project.name)
        self._check_age(draft)
        seen, (fresh, risen) = draft.run.quote, await self._quotes.still(draft, project)
        self._permits.check_cost(person, Verb.SWEEP, project.name, fresh.run.quote or seen)
        if not risen:
            return draft if seen is not None else fresh
        await self._store.keep_draft(fresh)
        preview = command("status", f"job:{draft.id}")
        raise UserError(f"{risen} Nothing was started. {preview} shows the new preview, and Confirm starts it.")

    async def _proposed(self, sweep: Sweep, project: Project, machines: int | None, person: Person) -> Proposal:
        """Accept it at once if it is small; else store it as a draft. Raises `NotAllowed` if it may cost too much."""
        pilot = project.pilot and sweep.plan.runs > max(1, project.confirm_trials)
        sweep = replace(sweep, plan=replace(sweep.plan, pilot=pilot))
        sweep = await self._quotes.priced(sweep, project, machines)
        proposal = await self._preview.of(sweep, project, machines)
        self._permits.check_cost(person, Verb.SWEEP, project.name, sweep.run.quote)
        if sweep.plan.runs > project.confirm_trials:
            await self._store.keep_draft(sweep)
            return proposal
        return replace(proposal, sweep=await self._accept(sweep, person), needs_confirmation=False)

    async def _accept(self, sweep: Sweep, person: Person) -> Sweep:
        known = await self._carried_over(sweep)
        if known:
            goal = choose(self._projects, sweep.run.project, sweep.request.channel_id).goal
            sweep = replace(sweep, tally=tally(sweep.plan, known, self._now(), goal))
        return await self._admission.add(sweep, person, known)

    async def _carried_over(self, sweep: Sweep) -> list[Trial]:
        """The trials that a retry takes over. Two clicks count as one: `UserError` while another retry of that sweep is
        live."""
        request = sweep.request
        old = await self._store.job(request.retry_of) if request.retry_of is not None else None
        if not isinstance(old, Sweep):
            return []
        for other in await self._store.jobs(project=sweep.run.project, live=True, limit=MAX_LIVE):
            same = other.id == sweep.id or other.request.interaction_id == request.interaction_id
            if isinstance(other, Sweep) and other.request.retry_of == old.id and not same:
                raise UserError(f"The failed trials of {old.id} are already being retried, as {other.id}.")
        return carried_over_of(old.id, old.plan, await self._store.trials(old.id))

    def _too_old(self, draft: Sweep) -> bool:
        return passed(draft.request.created_at, EXPIRES_SECONDS, self._now())

    def _check_age(self, draft: Sweep) -> None:
        if self._too_old(draft):
            raise UserError("This preview is more than an hour old. Nothing was started; use the command again.")

    def _check_own(self, draft: Posted, person: Person) -> None:
        if (asker_id := draft.request.asker_id) != person.id:
            raise NotAllowed(f"Only <@{asker_id}>, who asked for this sweep, may confirm or cancel it.")


def _search(name: str) -> Search:
    try:
        return Search(name or Search.GRID)
    except ValueError:
        raise BadInput(f'There is no search "{name}".', choices=list(Search)) from None


def _unfolded(request: SweepRequest) -> SweepRequest:
    """The request with a branch, commit or project from the text of `set` in its place. Raises `BadInput`."""
    named, settings = fields_in(request.settings)
    before = {"project": request.project, "branch": request.branch, "commit": request.commit}
    if twice := [name for name in named if before[name]]:
        raise BadInput(f"`{twice[0]}` is set a second time. Set it once.")
    found = before | named
    return replace(request, project=found["project"], branch=found["branch"], commit=found["commit"], settings=settings)


def _fixed(plan: Plan, project: Project, settings: str) -> dict[str, Value]:
    """The parameters that are not varied, as set or at their defaults. Raises `BadInput` for one without either."""
    varied = {axis.name: axis.values[0] if axis.values else axis.low for axis in plan.space.axes}
    folds = {"folds": plan.folds, "fold": 0} if plan.folds > 1 else {}
    given = read(settings, project.parameters)
    if twice := [name for name in given if name in varied]:
        raise BadInput(f"`{twice[0]}` is in both `space` and `{SET}`. Leave it out of one.")
    if twice := [name for name in given if name in folds]:
        raise BadInput(f"`folds:{plan.folds}` already sets `{twice[0]}`. Leave it out of `{SET}`.")
    parameters = complete(project.parameters, {**varied, **folds, **given}, f"{SET}:")
    return {name: value for name, value in parameters.items() if name not in varied and name not in folds}


def _check_size(sweep: Sweep, project: Project, engine: Capabilities) -> None:
    """Raise `BadInput` if what the trials need to know does not fit into their environment."""
    example = Submission(sweep.id, sweep.id, 0, "0", engine.array_size, sweep.run, sweep.request.created_at)
    call = call_for_submission(example, sweep, project, "signalbox")
    check_fits(call, engine, "This sweep", "Use shorter lists or ranges.", room=NUMBERS)
