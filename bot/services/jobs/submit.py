"""Accept a command: check it, pin its commit, and commit the intent. `launch` does the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.domain.access import Person, Verb
from bot.domain.jobs.remedies import kept
from bot.domain.jobs.set_text import SET, merged
from bot.domain.jobs.unfold_words import unfold_words
from bot.domain.model.job import Job
from bot.domain.model.request import Request
from bot.domain.model.rows import Posted
from bot.domain.model.run import Commit, Run
from bot.domain.money.deadline import BY, START_BELOW, WHEN, price
from bot.domain.money.machine import MACHINE
from bot.domain.parameters import Value, complete, find
from bot.domain.project import Project, choose
from bot.errors import BadInput
from bot.ports.code import Code
from bot.ports.engine import Capabilities
from bot.services.jobs.submit_call import call_for_job, check_fits, new_run
from bot.services.money.admission import Admission
from bot.services.money.quotes import Quotes
from bot.services.money.spot.start_below import held_for_price
from bot.services.people.lookup import job_for
from bot.services.running.core import Core


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """One `/train` as typed; empty means left out. `values` maps parameter names or aliases to values."""

    person: Person
    channel_id: int
    interaction_id: int
    project: str = ""
    branch: str = ""
    commit: str = ""
    machine: str = ""
    """By its name in the config; `default` is the project's own queue. Left out of a retry, the machine of before."""
    start_below: float | None = None
    """Wait for a spot price below this, in USD an hour."""
    by: str = ""
    """Until when it waits, as typed."""
    values: Mapping[str, object] = field(default_factory=dict)
    settings: str = ""
    """The text of `set`: more values."""


class Submit:
    """Called by the chat. Spends nothing: when a method returns, the intent is durable, and becomes exactly one job."""

    def __init__(
        self, core: Core, code: Code, engine: Capabilities, quotes: Quotes, *, new_id: Callable[[], str]
    ) -> None:
        self._core, self._store, self._now, self._permits = core, core.store, core.now, core.permits
        self._projects = tuple(core.projects.values())
        self._code, self._engine, self._quotes, self._new_id = code, engine, quotes, new_id
        self._admission = Admission(core)

    async def train(self, request: TrainRequest) -> Job:
        """Accept a job. Raises `NotAllowed`, `BadInput`, `UnknownName`. The same interaction returns the same job."""
        request = _unfolded(request)
        visible = self._permits.visible(request.person, self._projects)
        project = choose(visible, request.project, request.channel_id)
        self._permits.check(request.person, Verb.TRAIN, project.name)
        request = _placed(request, project)
        values = merged(project.parameters, request.values, request.settings)
        parameters = complete(project.parameters, values, f"{SET}:")
        commit = await self._code.resolve(
            project.repository, project.branches, branch=request.branch, commit=request.commit
        )
        run = new_run(project, commit, parameters, request.machine)
        return await self._accept(project, request, run)

    async def retry(self, job_id: str, request: TrainRequest) -> Job:
        """Run the same commit with the same parameters, apart from those that the request sets."""
        return await self.rerun(await job_for(self._store, self._permits, job_id, request.person), request)

    async def rerun(self, old: Posted, request: TrainRequest) -> Job:
        """The same for a job that is not in the store: a trial of a sweep, written as a job."""
        request = _unfolded(request)
        visible = self._permits.visible(request.person, self._projects)
        project = choose(visible, old.run.project, request.channel_id)
        self._permits.check(request.person, Verb.TRAIN, project.name)
        request = _placed(request, project, old.run.machine)
        before = {p.name: old.run.parameters[p.name] for p in project.parameters if p.name in old.run.parameters}
        values = merged(project.parameters, request.values, request.settings)
        parameters = complete(project.parameters, {**_without(before, project, values), **values}, f"{SET}:")
        if request.branch or request.commit:
            commit = await self._code.resolve(
                project.repository, project.branches, branch=request.branch, commit=request.commit
            )
        else:
            commit = await self._code.resolve(project.repository, project.branches, commit=old.run.commit.sha)
            commit = Commit(commit.sha, old.run.commit.branch, commit.subject)
        run = new_run(project, commit, parameters, request.machine)
        place = project.on(run.machine)
        machines = await self._quotes.machines(place) if old.run.remedied is not None else None
        run = kept(old.run, run, machines.memory_mib if machines is not None else 0)
        return await self._accept(project, request, run, retry_of=old.id)

    async def _accept(
        self,
        project: Project,
        request: TrainRequest,
        run: Run,
        retry_of: str | None = None,
    ) -> Job:
        stored = stored_request(request, self._now(), retry_of)
        job = Job(self._new_id(), stored, run)
        job = await self._quotes.priced(job, project)
        if request.start_below is not None:
            wanted, place = (request.start_below, request.by), project.on(job.run.machine)
            job = await held_for_price(job, place, wanted, self._core, self._quotes.spot)
        self._permits.check_cost(request.person, Verb.TRAIN, project.name, job.run.quote)
        check_fits(call_for_job(job, project, "signalbox"), self._engine, "This job", "Use shorter values.")
        return await self._admission.add(job, request.person)


class StartsSomething(Protocol):
    """Every command that starts something."""

    @property
    def person(self) -> Person: ...
    @property
    def channel_id(self) -> int: ...
    @property
    def interaction_id(self) -> int: ...


def stored_request(command: StartsSomething, now: float, retry_of: str | None = None) -> Request:
    """The command as a job or a sweep stores it."""
    person = command.person
    return Request(person.id, person.name, command.channel_id, command.interaction_id, now, retry_of)


def _unfolded(request: TrainRequest) -> TrainRequest:
    """The request with what was typed into its texts in the right places. Raises `BadInput`."""
    fields = {"project": request.project, "branch": request.branch, "commit": request.commit, SET: request.settings}
    found, values = unfold_words(fields, request.values)
    return replace(
        request,
        project=found.get("project", ""),
        branch=found.get("branch", ""),
        commit=found.get("commit", ""),
        values=values,
        settings=found.get(SET, ""),
    )


def _placed(request: TrainRequest, project: Project, before: str = "") -> TrainRequest:
    """With the options of where and when it runs out of the values, apart from those that are parameters of the
    project. `before` is the machine of what is retried. Raises `BadInput`."""
    declared = {name for each in project.parameters for name in (each.name, *each.aliases)}
    own = {name for name in (*WHEN, *((MACHINE,) if project.machines else ())) if name not in declared}
    taken = {name: value for name, value in request.values.items() if name in own}
    if BY in taken and START_BELOW not in taken:
        raise BadInput(f"`{BY}` says until when a job waits for `{START_BELOW}`. Set both, or neither.")
    below = taken.get(START_BELOW)
    return replace(
        request,
        machine=str(taken.get(MACHINE, "")) or before,
        start_below=None if below is None else price(below),
        by=str(taken.get(BY, "")),
        values={name: value for name, value in request.values.items() if name not in own},
    )


def _without(values: Mapping[str, Value], project: Project, replaced: Mapping[str, object]) -> dict[str, object]:
    """The values that are not replaced, under their name or an alias."""
    names = {find(project.parameters, name).name for name in replaced}
    return {name: value for name, value in values.items() if name not in names}
