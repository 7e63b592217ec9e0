"""Take a command: check it, pin its commit, and commit the intent. `launch` does the rest."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.domain.access import Person
from bot.domain.model.job import Commit, Job
from bot.domain.parameters import Value, complete
from bot.domain.posts import NewPost, PostKind
from bot.domain.project import Project, choose
from bot.errors import BadInput, UnknownName
from bot.ports.code import Code
from bot.services.running.core import Core

_NAMED = re.compile(r"(?<=\s)([\w-]+):(\S+)")


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """One `/train` as typed; empty means not given. `values` maps parameter names or aliases to values."""

    person: Person
    channel_id: int
    interaction_id: int
    project: str = ""
    branch: str = ""
    commit: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


class Submit:
    """Nothing is spent here: when a method returns, the intent is durable, and exactly one job will come of it."""

    def __init__(self, core: Core, code: Code, *, new_id: Callable[[], str]) -> None:
        self._store, self._wakeups, self._now = core.store, core.wakeups, core.now
        self._projects = tuple(core.projects.values())
        self._code, self._new_id = code, new_id

    async def train(self, request: TrainRequest) -> Job:
        """The accepted job. Raises `NotAllowed`, `BadInput`, `UnknownName`; the same interaction gives the same job."""
        request = _unfolded(request)
        project = choose(self._projects, request.project, request.channel_id)
        project.access.check_train(request.person)
        parameters = complete(project.parameters, request.values)
        commit = await self._code.resolve(
            project.repository, project.branches, branch=request.branch, commit=request.commit
        )
        return await self._accept(project, request, commit, parameters)

    async def retry(self, job_id: str, request: TrainRequest) -> Job:
        """The same commit with the same parameters, unless some are given anew in the request."""
        old = await self._store.job(job_id)
        if old is None:
            raise UnknownName("job", given=job_id)
        return await self.again(old, request)

    async def again(self, old: Job, request: TrainRequest) -> Job:
        """The same for a job that the store may not have: a trial of a sweep, written as a job."""
        request = _unfolded(request)
        project = choose(self._projects, old.project, request.channel_id)
        project.access.check_train(request.person)
        kept = {p.name: old.parameters[p.name] for p in project.parameters if p.name in old.parameters}
        given = complete(project.parameters, {**_without(kept, project, request.values), **request.values})
        if request.branch or request.commit:
            commit = await self._code.resolve(
                project.repository, project.branches, branch=request.branch, commit=request.commit
            )
        else:
            commit = await self._code.resolve(project.repository, project.branches, commit=old.commit.sha)
            commit = Commit(commit.sha, old.commit.branch, commit.subject)
        return await self._accept(project, request, commit, given, retry_of=old.id)

    async def _accept(
        self,
        project: Project,
        request: TrainRequest,
        commit: Commit,
        parameters: Mapping[str, Value],
        retry_of: str | None = None,
    ) -> Job:
        job = replace(intent(self._new_id(), project, request, commit, parameters, self._now()), retry_of=retry_of)
        accepted = await self._store.add(job, first_posts(job.id))
        self._wakeups.launch.wake()
        self._wakeups.deliver.wake()
        return accepted


class Asked(Protocol):
    """What every command that starts something says of itself."""

    @property
    def person(self) -> Person: ...
    @property
    def channel_id(self) -> int: ...
    @property
    def interaction_id(self) -> int: ...


def intent(
    job_id: str, project: Project, asked: Asked, commit: Commit, parameters: Mapping[str, Value], now: float
) -> Job:
    """The job that was asked for, before anything has come of it."""
    return Job(
        id=job_id,
        project=project.name,
        commit=commit,
        parameters=parameters,
        asker_id=asked.person.id,
        asker_name=asked.person.name,
        channel_id=asked.channel_id,
        interaction_id=asked.interaction_id,
        created_at=now,
        timeout_seconds=project.timeout_seconds,
    )


def first_posts(job_id: str) -> tuple[NewPost, ...]:
    """The card and its thread: what every job and every sweep begins with in the channel."""
    return (NewPost(f"card:{job_id}", PostKind.CARD, job_id), NewPost(f"thread:{job_id}", PostKind.THREAD, job_id))


def _unfolded(request: TrainRequest) -> TrainRequest:
    """With `branch:main warmup:3`, typed as a line, Discord puts all of `main warmup:3` into the branch.

    No branch has a space in its name, so what follows is parameters. Raises `BadInput` for one that is given twice.
    """
    words = _NAMED.findall(request.branch)
    named = dict(words)
    doubled = sorted(named.keys() & request.values.keys())
    if doubled or len(named) < len(words):
        raise BadInput(", ".join(doubled) or "branch", given=request.branch, expected="each parameter once")
    if not named:
        return request
    return replace(request, branch=request.branch.split()[0], values={**request.values, **named})


def _without(kept: Mapping[str, Value], project: Project, given: Mapping[str, object]) -> dict[str, object]:
    """The kept values, less those that are given anew under their name or an alias."""
    renewed = {p.name for p in project.parameters if p.name in given or any(a in given for a in p.aliases)}
    return {name: value for name, value in kept.items() if name not in renewed}
