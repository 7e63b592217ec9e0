"""Watch single jobs: warn, withdraw, and stop what nobody says to leave.

A warning is stored with its job before it is posted, and so is the stop that follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.guard.counters import Counters
from bot.domain.guard.losses import Losses
from bot.domain.guard.signs import Condition, Found, Signs, Stage, wrong
from bot.domain.guard.watch import WHOLE, Pass, Turn, turn
from bot.domain.inert import Inert
from bot.domain.model.execution import Execution, Stop
from bot.domain.model.job import Job
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.texts import guard_texts
from bot.domain.texts.engine import engine_title
from bot.ports.artifacts import Artifacts
from bot.ports.store import Step
from bot.services.guard import guard_posts
from bot.services.guard.following import Followed
from bot.services.guard.stages import scope_of, stage_of
from bot.services.running.core import Core
from bot.services.running.for_each import for_each
from bot.services.running.life_signs import StreamSigns

SAVE_GRACE_SECONDS = 60.0
"""How much of a grace a restart may give once more."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One pass over one job."""

    found: Mapping[Condition, Found]
    known: bool
    """False if its log could not be read: then what stands stays as it is."""
    counters: Counters
    now: Pass
    engine: Inert

    def turn(self, job: Job) -> Turn:
        """What follows for the job as it is stored. The end of a time limit needs no warning."""
        warned = {condition: {WHOLE: found} for condition, found in self.found.items() if not condition.ends_at_once}
        return turn(job.watch, warned, {WHOLE} if self.known else set(), {WHOLE}, self.now)

    @property
    def overtime(self) -> Found | None:
        return self.found.get(Condition.OVERTIME)


class WatchJobs:
    """Takes up live jobs that wait for a machine, start or run."""

    def __init__(self, core: Core, artifacts: Artifacts) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._signs, self._artifacts = core.signs, artifacts
        self._followed: dict[str, Followed] = {}

    async def once(self) -> set[str]:
        """Look at each of them once. Returns the log streams that matter."""
        jobs = [row for row in await self._store.unfinished() if isinstance(row, Job) and row.execution.live]
        self._followed = {job.id: self._followed.get(job.id) or Followed(job.watch.saved) for job in jobs}
        await for_each(jobs, self._watch)
        return {stream for job in jobs for stream in job.execution.streams[-1:]}

    async def _watch(self, job: Job) -> None:
        if job.execution.stop is not None and job.watch.warned:
            await self._store.change(job.id, _withdrawn)
        stage, followed = stage_of(job.execution), self._followed[job.id]
        if stage is None:
            return
        look = await self._look(job, stage, followed)
        happens = look.turn(job)
        if look.overtime or _changes(job, look, happens):
            await self._store.change(job.id, _step(look))
            guard_posts.count(job, happens)
            followed.unsaved = 0.0

    async def _look(self, job: Job, stage: Stage, followed: Followed) -> _Look:
        now, project = self._now(), self._projects[job.run.project]
        limits, scope = project.guard, scope_of(job.execution)
        elapsed: float | None = followed.staged(scope, now)
        stream = self._stream(job.execution) if stage is Stage.RUNNING else None
        if stage is Stage.RUNNING:
            # However rarely the log is read, no time between two reads is lost.
            elapsed = followed.listened(stream, now)
        known = elapsed is not None
        if stage is Stage.RUNNING and known and followed.to_list(limits.silent_seconds):
            files = await self._artifacts.list(project.prefix(job.run.results, job.id))
            followed.listed(files, limits.silent_seconds, warned=bool(job.watch.warned))
        followed.unsaved += elapsed or 0.0 if job.watch.warned else 0.0
        found = wrong(_signs(job, stage, followed.counters, stream), limits)
        return _Look(
            {each.condition: each for each in found},
            known,
            followed.counters,
            Pass(now, followed.unsaved, limits.grace_seconds, scope),
            engine_title(project),
        )

    def _stream(self, execution: Execution) -> StreamSigns | None:
        return self._signs.of(execution.streams[-1]) if execution.streams else None


def _signs(job: Job, stage: Stage, counters: Counters, stream: StreamSigns | None) -> Signs:
    execution, losses = job.execution, job.watch.losses
    seconds = counters.stage_seconds
    if stream is not None and execution.attempts and execution.attempts[-1].started_at is not None:
        # Both times are the engine's, so the bot's clock does not matter.
        seconds = max(seconds, stream.newest / 1_000 - execution.attempts[-1].started_at)
    return Signs(
        stage,
        seconds,
        counters.quiet_seconds,
        job.run.timeout_seconds,
        losses if losses.stream in execution.streams[-1:] else Losses(),
        stream.gpu if stream is not None else None,
    )


def _changes(job: Job, look: _Look, happens: Turn) -> bool:
    """True if something is to be said or stored."""
    news = happens.begun or happens.over or happens.due or happens.watch.left != job.watch.left
    return bool(news) or look.now.elapsed >= SAVE_GRACE_SECONDS or look.counters.to_save(job.watch.saved)


def _step(look: _Look) -> Step[Job]:
    def step(job: Job) -> Change | None:
        if stage_of(job.execution) is None or scope_of(job.execution) != look.now.scope:
            return None
        if look.overtime is not None:
            return _overtime(job, look, look.overtime)
        happens = look.turn(job)
        watch = replace(happens.watch, saved=look.counters)
        if not happens.due:
            return Change(replace(job, watch=watch), guard_posts.posts_of(job, happens))
        why = guard_texts.why_stopped(happens.due[0], round(look.now.grace / 60))
        stop = Stop(guard_texts.GUARD, look.now.now, why=why)
        stopped = replace(job, watch=watch.withdrawn(), execution=job.execution.stop_requested(stop))
        return Change(stopped, guard_posts.posts_of(job, happens))

    return step


def _overtime(job: Job, look: _Look, found: Found) -> Change:
    stop = Stop(guard_texts.GUARD, look.now.now, why=guard_texts.overtime_why(found.seconds))
    text = guard_texts.over_its_limit(round(found.seconds / 60), look.engine)
    note = NewPost(f"guard-overtime:{job.id}:{look.now.scope}", PostKind.NOTE, job.id, text=text)
    stopped = replace(job, watch=job.watch.withdrawn(), execution=job.execution.stop_requested(stop))
    return Change(stopped, (note,))


def _withdrawn(job: Job) -> Change | None:
    """It is being stopped: nothing more to warn of."""
    return Change(replace(job, watch=job.watch.withdrawn())) if job.watch.warned else None
