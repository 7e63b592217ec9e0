"""Deliver the outbox: in order per lane, each post once, and keep the cards current.

A post's nonce makes Discord answer a repeated send with the same message, for "the past few minutes". When that
window may have passed since the first try, the history is read back before anything is sent again.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace

import structlog
from prometheus_client import Gauge

from bot.domain.clock import passed
from bot.domain.model.job import NOWHERE, Job
from bot.domain.posts import Change, Lane, Post, PostKind
from bot.errors import Denied, Missing, Refused, ServiceError, Throttled, Unavailable
from bot.ports.chat import Chat
from bot.ports.store import Step
from bot.services.running.core import Core

log = structlog.get_logger()

LANES = Gauge("signalbox_lanes_pending", "Lanes of jobs with a message that is not delivered yet")
OPEN = Gauge("signalbox_jobs_open", "Jobs that need something still: an end, a message, an archive")

LaneKey = tuple[str, str]
REFUSED_REST_SECONDS = 600.0
"""Before a card whose edit was refused is edited again: each refusal counts with Discord."""
CARD = "card"
"""Beside a job's lanes: the edits of its card, which wait for nothing else."""


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Seconds. `card` is the least time between two edits of one card."""

    card: float
    nonce_window: float
    backoff: float = 0.5
    most_backoff: float = 30.0


class Delivery:
    """`once` starts what can be delivered and returns; `settle` waits until all of that is done."""

    def __init__(self, core: Core, chat: Chat, settings: DeliverySettings) -> None:
        self._store, self._chat, self._projects, self._wakeups = core.store, chat, core.projects, core.wakeups
        self._settings, self._now = settings, core.now
        self._busy: dict[LaneKey, asyncio.Task[None]] = {}
        self._rest: dict[LaneKey, tuple[float, float]] = {}
        """Lane → (since when, for how long), after a failure."""
        self._edited: dict[str, float] = {}

    async def once(self) -> None:
        """Starts the first post of each free lane, and the edit of each card that is behind."""
        busy = set(self._busy)  # a lane that becomes free from here on may have delivered what is read next
        posts = await self._store.pending_posts()
        jobs = {job.id: job for job in await self._store.open_jobs()}
        LANES.set(len(posts))
        OPEN.set(len(jobs))
        for post in posts:
            key: LaneKey = (post.new.job_id, post.new.lane)
            job = jobs.get(key[0]) or await self._store.job(key[0])
            if job is not None and key not in busy and self._free(key) and _possible(post, job):
                self._start(key, self._deliver(post, job))
        for job in jobs.values():
            key = (job.id, CARD)
            if self._card_due(job) and self._free(key):
                self._start(key, self._show(job))

    @property
    def busy(self) -> bool:
        """Whether deliveries are under way."""
        return bool(self._busy)

    async def settle(self) -> None:
        """Waits for the deliveries under way, without cancelling them."""
        while self._busy:
            await asyncio.wait(list(self._busy.values()))

    async def close(self) -> None:
        """Cancels the deliveries under way; what they had not finished is pending still."""
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _free(self, key: LaneKey) -> bool:
        return key not in self._busy and passed(*self._rest.get(key, (0.0, 0.0)), self._now())

    def _card_due(self, job: Job) -> bool:
        if not job.message_id or job.shown_revision >= job.revision:
            return False
        return not job.live or passed(self._edited.get(job.id, 0.0), self._settings.card, self._now())

    def _start(self, key: LaneKey, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._guarded(key, work), name=f"notify {key[0]} {key[1]}")
        self._busy[key] = task
        task.add_done_callback(lambda _: self._ended(key))

    def _ended(self, key: LaneKey) -> None:
        self._busy.pop(key, None)
        self._wakeups.deliver.wake()

    async def _guarded(self, key: LaneKey, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Unavailable as error:
            self._later(key, error)
            return
        except Exception:
            log.exception("a delivery failed", job=key[0], lane=key[1])
            self._later(key, ServiceError("unexpected"))
            return
        if passed(*self._rest.get(key, (0.0, 0.0)), self._now()):
            self._rest.pop(key, None)

    def _later(self, key: LaneKey, error: ServiceError) -> None:
        delay = min(self._rest.get(key, (0.0, 0.0))[1] * 2, self._settings.most_backoff) or self._settings.backoff
        wait = max(delay, error.retry_after if isinstance(error, Throttled) else 0.0)
        self._rest[key] = (self._now(), wait)
        log.warning("delivery failed in passing", job=key[0], error=str(error), again_in_seconds=wait)

    # ---- posts -------------------------------------------------------------------------------------------
    async def _deliver(self, post: Post, job: Job) -> None:
        if post.new.lane is Lane.THREAD and job.thread_id == NOWHERE:
            await self._store.post_parked(post.id, "there is no thread to post it in", self._now())
            return
        try:
            message_id = await self._once(post, job)
        except Refused as error:
            await self._refused(post, job, error)
            return
        await self._store.post_done(post.id, message_id, self._now(), _after(post, message_id, job))
        if post.new.kind is PostKind.THREAD:
            self._wakeups.post_lines.wake()

    async def _refused(self, post: Post, job: Job, error: Refused) -> None:
        """An end goes to the next place that may take it; everything else is parked, with what hangs on it."""
        log.warning("a post cannot be delivered", job=job.id, kind=post.new.kind, error=str(error))
        project = self._projects.get(job.project)
        channels = project.channel_ids if project is not None and isinstance(error, Missing | Denied) else None
        job = await self._store.change(job.id, _lost(post, channels, str(error)))
        if post.new.kind is PostKind.END and not job.untold:
            log.warning("the end is told elsewhere", job=job.id, place=job.end_place)
            return
        if job.untold:
            log.error("an end could not be told anywhere", job=job.id, error=str(error))
        await self._store.post_parked(post.id, str(error), self._now())

    async def _once(self, post: Post, job: Job) -> int:
        """The message's id, whether it is sent now or had arrived before."""
        if self._unsure(post, job):
            arrived = await self._chat.sent(post, job)
            if arrived is not None:
                return arrived
        await self._store.post_attempted(post.id, self._now())
        return await self._chat.send(post, job)

    def _unsure(self, post: Post, job: Job) -> bool:
        """Whether it may have arrived and its nonce protects it no more; a lost store had other nonces."""
        if post.attempted_at is None:
            return False
        return job.found_at is not None or passed(post.attempted_at, self._settings.nonce_window, self._now())

    # ---- cards -------------------------------------------------------------------------------------------
    async def _show(self, job: Job) -> None:
        self._edited[job.id] = self._now()
        gone = False
        try:
            await self._chat.show(job)
        except Refused as error:
            log.warning("the card cannot be edited", job=job.id, error=str(error))
            gone = isinstance(error, Missing)
            self._rest[(job.id, CARD)] = (self._now(), REFUSED_REST_SECONDS)
        await self._store.change(job.id, _shown(job, gone=gone))
        if not job.live:
            self._edited.pop(job.id, None)


def _possible(post: Post, job: Job) -> bool:
    """Whether what the post hangs on has been settled: the card for its thread, the thread for what goes into it."""
    if post.new.kind is PostKind.THREAD:
        return job.message_id is not None
    return post.new.lane is Lane.CHANNEL or job.thread_id is not None


def _lost(post: Post, channels: Sequence[int] | None, why: str) -> Step:
    """A post that was refused takes with it what hangs on it: no invalid request is made twice.

    `channels` are the other places for an end; None where it would be refused everywhere.
    """

    def step(job: Job) -> Change | None:
        if post.new.kind is PostKind.END:
            return Change(replace(job, untold=why) if channels is None else job.end_refused(channels, why))
        if post.new.kind is PostKind.CARD:
            return Change(replace(job, message_id=NOWHERE, thread_id=NOWHERE))
        if post.new.kind is PostKind.THREAD or post.new.lane is Lane.THREAD:
            return Change(replace(job, thread_id=NOWHERE))
        return None

    return step


def _after(post: Post, message_id: int, seen: Job) -> Step:
    """What a delivered post changes of its job; `seen` is what it was made of."""

    def step(job: Job) -> Change | None:
        if post.new.kind is PostKind.CARD:
            if post.attempted_at is not None:  # it may have arrived as it was at the first attempt: an edit follows
                return Change(replace(job, message_id=message_id, revision=job.revision + 1))
            shown = _with_picture(job, seen)
            return Change(replace(shown, message_id=message_id, shown_revision=seen.revision))
        if post.new.kind is PostKind.THREAD:
            return Change(replace(job, thread_id=message_id, revision=job.revision + 1))
        return None

    return step


def _shown(seen: Job, *, gone: bool) -> Step:
    """What the edit of a card changes of its job; `seen` is what the card was made of."""

    def step(job: Job) -> Change | None:
        message_id = NOWHERE if gone else job.message_id
        shown = _with_picture(job, seen)
        return Change(replace(shown, message_id=message_id, shown_revision=max(job.shown_revision, seen.revision)))

    return step


def _with_picture(job: Job, seen: Job) -> Job:
    """The card has the picture of the sweep that it was made of."""
    if job.sweep is None or seen.sweep is None:
        return job
    return replace(job, sweep=replace(job.sweep, shown_picture=seen.sweep.picture))
