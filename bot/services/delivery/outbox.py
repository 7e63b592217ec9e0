"""Deliver the outbox: in order per lane, each post once, and keep the cards current."""

from dataclasses import dataclass, field

from prometheus_client import Gauge

from bot.domain.model.rows import Posted
from bot.ports.chat import Chat
from bot.services.delivery.cards import EditCards
from bot.services.delivery.lanes import Backoff, LaneKey, Lanes
from bot.services.delivery.posts import DeliverPosts, as_task
from bot.services.delivery.progress import Progress
from bot.services.running.core import Core

LANES = Gauge("signalbox_lanes_pending", "Lanes of jobs with an undelivered message")
OPEN = Gauge("signalbox_jobs_open", "Jobs with work left: an end, a message or an archive")


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Seconds. `card` is the least time between two edits of one card."""

    card: float
    nonce_window: float
    backoff: Backoff = field(default_factory=Backoff)


class Delivery:
    """`once` starts what can be delivered and returns; `lanes.settle` waits until all of that is done."""

    def __init__(self, core: Core, chat: Chat, settings: DeliverySettings) -> None:
        self._store = core.store
        self._progress = Progress(core.now)
        self.lanes = Lanes(core.now, settings.backoff, core.wakeups.of("deliver"), self._progress)
        self._posts = DeliverPosts(core, chat, settings.nonce_window)
        self._cards = EditCards(core, chat, self.lanes, settings.card)
        self._wakeup = core.wakeups.of("deliver")
        self._opened: frozenset[int | None] = frozenset()

    async def once(self) -> None:
        """Start the first post of each free lane, and an edit in each channel with an outdated card.

        Only posts that can be delivered now count as waiting: another may wait for its card or its thread.
        """
        busy = self.lanes.busy  # a lane that becomes free from here on may have delivered what is read next
        posts = await self._store.pending_posts()
        rows = await self._store.unfinished()
        jobs = {row.id: row for row in rows if isinstance(row, Posted)}
        LANES.set(len(posts))
        OPEN.set(len(rows))
        ready, opened = set(busy), self._opened
        self._opened = frozenset()
        for post in posts:
            key: LaneKey = (post.new.job_id, post.new.lane)
            job = jobs.get(key[0]) or await self._store.job(key[0])
            if job is None or not post.new.rule.ready(job.publication):
                continue
            ready.add(key)
            if key not in busy and self.lanes.free(key):
                self.lanes.start(key, as_task(post, job), self._posts.deliver(post, job))
        self._progress.waiting(len(ready))
        self._cards.start(jobs.values())
        for job in jobs.values():
            if self._posts.may_reopen(job, opened):
                await self._posts.reopen(job)

    def opened(self, place_id: int | None) -> None:
        """A thread or a channel has changed, or any may have (None): what it refused is tried again at once."""
        self._opened |= {place_id}
        self._wakeup.wake()

    def wrong(self) -> str:
        """What the health page shows if nothing has been delivered for minutes; empty if all is well."""
        return self._progress.wrong()

    @property
    def busy(self) -> bool:
        """True while deliveries are under way."""
        return bool(self.lanes.busy)

    async def settle(self) -> None:
        """Wait for the deliveries under way, without cancelling them."""
        await self.lanes.settle()

    async def close(self) -> None:
        """Give the deliveries under way a moment, then cancel them; they stay pending."""
        await self.lanes.close()
