"""Take back a Batch job of the bot's that the store does not know: from its tags and its environment alone."""

import json
from collections.abc import Mapping
from dataclasses import replace

import structlog
from prometheus_client import Counter

from bot.domain.model.job import Commit, Job
from bot.domain.model.observation import Observation
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Part, Search, Sweep, Trial
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.project import Project
from bot.domain.sweeps.grammar import parse
from bot.domain.sweeps.trial_changes import expanded
from bot.errors import UserError
from bot.ports.engine import Engine
from bot.services.jobs.submit import first_posts
from bot.services.jobs.submit_call import ASKER_TAG, CHANNEL_TAG, INTERACTION_TAG, JOB_TAG, PROJECT_TAG
from bot.services.running.core import Core

log = structlog.get_logger()

RECONCILED = Counter("signalbox_reconciled", "Batch jobs that the store did not know as they were", ["kind"])
FOUND = (
    "The bot had lost its memory of this job and found it again at AWS. What it printed before may be missing here; "
    "the whole log comes as a file at the end."
)
FOUND_SWEEP = "The bot had lost its memory of this sweep and found it again at AWS."


class Adopt:
    def __init__(self, core: Core, engine: Engine) -> None:
        self._store, self._projects, self._wakeups, self._now = core.store, core.projects, core.wakeups, core.now
        self._engine = engine

    async def adopt(self, seen: Observation) -> Job | None:
        """The job, as its tags and environment tell of it; what cannot be read is ended, as nobody could stop it."""
        project = self._projects.get(dict(seen.tags).get(PROJECT_TAG, ""))
        if project is None:
            log.error(
                "a job of the bot's belongs to no project of the config", engine_id=seen.engine_id, name=seen.name
            )
            return None
        job = found_again(seen, project, self._now())
        taken = job is not None and await (self._add(job) if job.part is None else self._part(job, seen, project))
        if job is None or not taken:
            RECONCILED.labels("unreadable").inc()
            log.error("a job that cannot be read is ended", engine_id=seen.engine_id, name=seen.name)
            await self._engine.terminate(seen.engine_id, "Carries the bot's tags, and cannot be read")
            return None
        RECONCILED.labels("adopted").inc()
        log.warning("adopted", job=job.id, engine_id=seen.engine_id)
        for wakeup in (self._wakeups.track_jobs, self._wakeups.dispatch, self._wakeups.deliver):
            wakeup.wake()
        return job

    async def _add(self, job: Job) -> bool:
        await self._store.add(job, _posts(job, FOUND))
        return True

    async def _part(self, part: Job, seen: Observation, project: Project) -> bool:
        """A part of a sweep, and the sweep where that is not known, either. One of a sweep whose end has been told is
        stopped: nobody would follow it."""
        face = await self._store.job(part.face)
        if face is None:
            face = sweep_of(part, seen, project)
            if face is None:
                return False
            await self._store.add(face, _posts(face, FOUND_SWEEP), _kept(face))
        elif not face.live:
            part = replace(part, stop_by="Signalbox", stop_at=self._now())
        await self._store.add_parts(face.id, [part], _unchanged)
        return True


def found_again(seen: Observation, project: Project, now: float) -> Job | None:
    """The job, or the part of a sweep, that was submitted like this; None where its tags or its environment cannot be
    read."""
    tags, environment = dict(seen.tags), dict(seen.environment)
    try:
        parameters = json.loads(environment.get("PARAMETERS", "{}"))
        channel_id = int(tags.get(CHANNEL_TAG) or project.channel_ids[0])
        job = Job(
            id=tags[JOB_TAG],
            project=project.name,
            commit=Commit(environment["COMMIT_ID"], environment.get("BRANCH_NAME", project.branches[0])),
            parameters=dict(parameters),
            asker_id=int(tags[ASKER_TAG]),
            asker_name=environment.get("ASKER", "somebody"),
            channel_id=channel_id,
            interaction_id=int(tags[INTERACTION_TAG]),
            created_at=seen.created_at or now,
            timeout_seconds=project.timeout_seconds,
            state=JobState.SUBMITTED,
            engine_id=seen.engine_id,
            found_at=now,
        )
        return _of_sweep(job, environment) if "SWEEP" in environment else job
    except (LookupError, TypeError, ValueError):
        return None


def _of_sweep(job: Job, environment: Mapping[str, str]) -> Job:
    """Of an array SWEEP_SPACE says which trials it holds; a trial by itself has its number in its name."""
    sweep_id, _, place = job.id.rpartition("-")
    numbers = environment["JOB_ID"].rpartition(".")[2]
    if "SWEEP_SPACE" in environment:
        numbers = json.loads(environment["SWEEP_SPACE"])["numbers"]
    part = Part(sweep_id, int(place), numbers, len(expanded(numbers)))
    return replace(job, told_at=job.created_at, archived_at=job.created_at, part=part)


def sweep_of(part: Job, seen: Observation, project: Project) -> Job | None:
    """The sweep that a part belongs to, by what its environment says was asked for; None where the config does not
    have it any more."""
    try:
        asked = json.loads(dict(seen.environment)["SWEEP"])
        wanted = {name: asked[name] for name in ("trials", "folds", "parallel", "stop_losers", "seed")}
        plan = parse(str(asked["text"]), project.parameters, Search(str(asked["search"])), **wanted)
    except (LookupError, TypeError, ValueError, UserError):
        return None
    retry_of = asked.get("retry_of")
    if retry_of and part.part is not None:
        numbers = str(asked.get("numbers") or part.part.numbers)
        plan = replace(plan, numbers=numbers, kept=plan.trials - len(expanded(numbers)))
    own = {*plan.space.names, "folds", "fold"} if plan.folds > 1 else {*plan.space.names}
    return replace(
        part,
        id=part.face,
        parameters={name: value for name, value in part.parameters.items() if name not in own},
        retry_of=retry_of,
        state=JobState.RUNNING,
        engine_id=None,
        told_at=None,
        archived_at=None,
        part=None,
        sweep=Sweep(plan),
    )


def _kept(face: Job) -> list[Trial]:
    """Of a retry, the trials of the sweep before that it did not run again: what they left tells their values."""
    if face.sweep is None or face.retry_of is None:
        return []
    run = set(expanded(face.sweep.plan.numbers))
    kept = Trial(0, None, JobState.SUCCEEDED, EndReason.SUCCEEDED, source=face.retry_of)
    return [replace(kept, number=number) for number in range(face.sweep.plan.trials) if number not in run]


def _posts(job: Job, found: str) -> tuple[NewPost, ...]:
    return (*first_posts(job.id), NewPost(f"found:{job.id}", PostKind.NOTE, job.id, text=found))


def _unchanged(face: Job) -> Change | None:  # noqa: ARG001
    return None
