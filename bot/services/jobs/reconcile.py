"""Compare what AWS runs with what the store knows: nothing runs twice, and nothing runs that nobody can see or stop.

Every job carries the bot's name and its own id as tags, and what it was asked for in its environment: enough to find
it again when the store was lost.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

import structlog

from bot.domain.model.job import Job
from bot.domain.model.observation import Observation
from bot.domain.model.states import JobState
from bot.domain.posts import Change, NewPost, PostKind
from bot.errors import ServiceError
from bot.ports.engine import Engine
from bot.services.jobs.adopt import RECONCILED, Adopt
from bot.services.jobs.launch import told_double
from bot.services.jobs.submit_call import BOT_TAG, JOB_TAG
from bot.services.running.core import Core

log = structlog.get_logger()


class Reconcile:
    """`bot_name` tells the bot's own jobs from those of others in the account."""

    def __init__(self, core: Core, engine: Engine, bot_name: str) -> None:
        self._store, self._engine, self._projects, self._wakeups = core.store, engine, core.projects, core.wakeups
        self._bot_name, self._now = bot_name, core.now
        self._adopt = Adopt(Core(core.store, core.projects, core.wakeups, core.now), engine)

    async def once(self) -> None:
        """Looks at what is unfinished in the projects' queues."""
        await self._queues(self._engine.live)

    async def recover(self, since: float) -> None:
        """Looks at everything that was made since then, finished jobs too: after the store was lost."""
        await self._queues(lambda queue: self._engine.made_since(queue, since))

    async def _queues(self, listed: Callable[[str], Awaitable[list[Observation]]]) -> None:
        """A queue that cannot be read keeps no other from being looked at."""
        failure: ServiceError | None = None
        for queue in sorted({project.queue for project in self._projects.values()}):
            try:
                for job_id, seen in self._ours(await listed(queue)).items():
                    await self._look(job_id, seen)
            except ServiceError as error:
                failure = error
        if failure is not None:
            raise failure

    def _ours(self, seen: Iterable[Observation]) -> dict[str, list[Observation]]:
        """By job id."""
        by_id: dict[str, list[Observation]] = defaultdict(list)
        for each in seen:
            tags = dict(each.tags)
            if tags.get(BOT_TAG) == self._bot_name and (job_id := tags.get(JOB_TAG)):
                by_id[job_id].append(each)
        return by_id

    async def _look(self, job_id: str, seen: list[Observation]) -> None:
        job = await self._store.job(job_id)
        if job is None:
            job = await self._adopt.adopt(_best(seen))
        if job is None:
            return
        if job.live and job.engine_id is None:
            await self._look_up(job)
        elif any(each.engine_id != job.engine_id or not job.live for each in seen if not each.state.terminal):
            await self._settle(job, seen)

    async def _look_up(self, job: Job) -> None:
        """An intent that AWS knows, though the store has no call of it: for `launch` its answer was lost."""
        at = self._now()

        def step(stored: Job) -> Change | None:
            tried = stored.engine_id is not None or stored.submit_tried_at is not None
            return None if tried else Change(replace(stored, submit_tried_at=at))

        await self._store.change(job.id, step)
        self._wakeups.launch.wake()

    async def _settle(self, job: Job, seen: list[Observation]) -> None:
        """Several Batch jobs of one command, or one of a command that was told as ended: all but one are ended.

        They are described anew: what was seen may have ended meanwhile.
        """
        ids = [job.engine_id, *(each.engine_id for each in seen)]
        described = await self._engine.describe([engine_id for engine_id in ids if engine_id])
        live = [each for each in described.values() if not each.state.terminal]
        stored = await self._store.job(job.id) or job
        kept = _best(described.values()) if stored.live and described else None
        if kept is not None and kept.engine_id != stored.engine_id:
            await self._keep(stored, kept)
        for each in live:
            if kept is None or each.engine_id != kept.engine_id:
                await self._end(stored, each, kept)

    async def _keep(self, job: Job, kept: Observation) -> None:
        def step(stored: Job) -> Change | None:
            begun = replace(
                stored,
                engine_id=kept.engine_id,
                state=JobState.SUBMITTED,
                attempts=(),
                attempt_states=0,
                started_at=None,
            )
            return Change(replace(begun, revision=stored.revision + 1)) if stored.live else None

        log.warning("an older job is kept", job=job.id, engine_id=kept.engine_id, instead_of=job.engine_id)
        await self._store.change(job.id, step)
        self._wakeups.track_jobs.wake()

    async def _end(self, job: Job, double: Observation, kept: Observation | None) -> None:
        """The note is committed first: it is told also where the bot is killed in between."""
        RECONCILED.labels("double").inc()
        log.warning("a double is ended", job=job.id, engine_id=double.engine_id)
        if kept is not None:
            note = told_double(job, double.engine_id, kept.engine_id)
        else:
            text = f"AWS Batch still runs {double.engine_id}, though this job's end has been told. It is ended."
            note = NewPost(f"double:{double.engine_id}", PostKind.NOTE, job.face, text=text)
        await self._store.change(job.id, lambda stored: Change(stored, (note,)))
        self._wakeups.deliver.wake()
        await self._engine.terminate(double.engine_id, "A second job of one command")


def _best(seen: Iterable[Observation]) -> Observation:
    """Which one is kept: one that succeeded or runs, as it holds the claim on the results; else the oldest. Never one
    that was ended as a double just now, while they were looked at."""
    return min(seen, key=lambda each: (each.terminated, _RANKS.get(each.state, len(_RANKS)), each.created_at or 0.0))


_RANKS = {state: rank for rank, state in enumerate((JobState.SUCCEEDED, JobState.RUNNING, JobState.FAILED))}
