"""Compare what AWS runs with what the store knows: nothing runs twice, and nothing runs that nobody can see or stop.

Every job carries the bot's name and its own id as tags, and the request in its environment: enough to find it again if
the store is lost.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace

import structlog

from bot.domain.audit.entry import Does, own
from bot.domain.model.observation import Observation
from bot.domain.model.rows import Submitted
from bot.domain.model.states import JobState
from bot.domain.posts import Change
from bot.domain.texts import notes
from bot.domain.texts.engine import engine_title
from bot.ports.engine import Engine
from bot.services.jobs.adopt import RECONCILED, UNREADABLE, Adopt, Orphan
from bot.services.jobs.launch import leftover_note
from bot.services.jobs.submit_call import BOT_TAG, JOB_TAG
from bot.services.money.quotes import Quotes
from bot.services.running.core import Core
from bot.services.running.for_each import for_each

log = structlog.get_logger()

SECOND = "A second job of one command"


class Reconcile:
    """Takes up the engine's jobs, not the store's: those in the projects' queues that carry `bot_name` as a tag."""

    def __init__(self, core: Core, engine: Engine, bot_name: str, quotes: Quotes) -> None:
        self._store, self._engine, self._projects = core.store, engine, core.projects
        self._bot_name, self._now = bot_name, core.now
        self._adopt = Adopt(core, quotes)
        self.orphans: Mapping[str, Orphan] = {}
        """By engine id, as of the last whole pass."""

    async def once(self) -> None:
        """Check unfinished jobs."""
        self._adopt.orphans.clear()
        await self._queues(self._engine.live)
        self.orphans = dict(self._adopt.orphans)

    async def recover(self, since: float) -> None:
        """After the store was lost: check all jobs created since then, finished ones too."""
        await self._queues(lambda queue: self._engine.made_since(queue, since))

    async def _queues(self, listed: Callable[[str], Awaitable[list[Observation]]]) -> None:
        """A failure holds up no other queue."""

        async def check(queue: str) -> None:
            for job_id, seen in self._ours(await listed(queue)).items():
                await self._check(job_id, seen)

        await for_each(sorted(frozenset().union(*(project.queues for project in self._projects.values()))), check)

    def _ours(self, seen: Iterable[Observation]) -> dict[str, list[Observation]]:
        """By job id."""
        by_id: dict[str, list[Observation]] = defaultdict(list)
        for each in seen:
            tags = dict(each.tags)
            if tags.get(BOT_TAG) != self._bot_name:
                continue
            if job_id := tags.get(JOB_TAG):
                by_id[job_id].append(each)
            else:
                self._adopt.orphan(each, UNREADABLE)
        return by_id

    async def _check(self, job_id: str, seen: list[Observation]) -> None:
        job = await self._store.submitted(job_id)
        if job is None:
            job = await self._adopt.adopt(_best(seen))
        if job is None:
            return
        execution = job.execution
        if execution.live and execution.engine_id is None:
            await self._have_launch_look(job)
        elif any(each.engine_id != execution.engine_id or not execution.live for each in _live(seen)):
            await self._end_doubles(job, seen)

    async def _have_launch_look(self, job: Submitted) -> None:
        """AWS knows an intent that the store has no call for. Treat it as a lost answer, so that `launch` finds it,
        also if it waits for something: the store was restored, and it had waited for that before."""
        at = self._now()

        def step(stored: Submitted) -> Change | None:
            execution = stored.execution
            return Change(replace(stored, execution=execution.submit_called(at))) if execution.never_submitted else None

        await self._store.change(job.id, step)

    async def _end_doubles(self, job: Submitted, seen: list[Observation]) -> None:
        """End all but one of several Batch jobs of one command, and any of a command whose end was announced.

        They are described anew, because they may have ended in the meantime.
        """
        ids = [job.execution.engine_id, *(each.engine_id for each in seen)]
        described = await self._engine.describe([engine_id for engine_id in ids if engine_id])
        live = _live(described.values())
        stored = await self._store.submitted(job.id) or job
        ours = _best(described.values()) if stored.execution.live and described else None
        if ours is not None and ours.engine_id != stored.execution.engine_id:
            await self._move_to(stored, ours)
        for each in live:
            if ours is None or each.engine_id != ours.engine_id:
                await self._end(stored, each, ours)

    async def _move_to(self, job: Submitted, ours: Observation) -> None:
        def step(stored: Submitted) -> Change | None:
            execution = stored.execution
            return Change(replace(stored, execution=execution.moved_to(ours.engine_id))) if execution.live else None

        log.warning("following another job", job=job.id, engine_id=ours.engine_id, instead_of=job.execution.engine_id)
        await self._store.change(job.id, step)

    async def _end(self, job: Submitted, double: Observation, ours: Observation | None) -> None:
        """Commit the note first, so that it appears even if the bot is killed in between."""
        RECONCILED.labels("double").inc()
        log.warning("ending a double", job=job.id, engine_id=double.engine_id)
        engine = engine_title(self._projects.get(job.run.project))
        if ours is not None:
            text = notes.second_ended(double.engine_id, ours.engine_id, engine)
        else:
            text = notes.leftover_ended(double.engine_id, engine)
        note, now = leftover_note(job, double.engine_id, text), self._now()

        def step(stored: Submitted) -> Change:
            return Change(replace(stored, execution=stored.execution.doubled(double, now)), (note,))

        await self._store.change(job.id, step)
        await self._store.audit(own(Does.END, job.id, job.run.project, double.engine_id, why=SECOND))
        await self._engine.terminate(double.engine_id, SECOND)


def _live(seen: Iterable[Observation]) -> list[Observation]:
    return [each for each in seen if not each.state.terminal]


def _best(seen: Iterable[Observation]) -> Observation:
    """The job to go on with: one that succeeded or runs, as it holds the claim on the results; else the oldest. Never
    one that was just ended as a double."""
    return min(seen, key=lambda each: (each.terminated, _RANKS.get(each.state, len(_RANKS)), each.created_at or 0.0))


_RANKS = {state: rank for rank, state in enumerate((JobState.SUCCEEDED, JobState.RUNNING, JobState.FAILED))}
