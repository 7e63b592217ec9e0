"""Deliver the outbox: in order per lane, each post once, and keep the cards current."""

from dataclasses import dataclass, field

from prometheus_client import Gauge

from bot.domain.model.rows import Posted
from bot.ports.chat import Chat
from bot.services.delivery.cards import EditCards
from bot.services.delivery.lanes import Backoff, LaneKey, Lanes
from bot.services.delivery.posts import DeliverPosts
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
        self.lanes = Lanes(core.now, settings.backoff, core.wakeups.of("deliver"), self._progress.delivered)
        self._posts = DeliverPosts(core, chat, settings.nonce_window)
        self._cards = EditCards(core, chat, self.lanes, settings.card)

    async def once(self) -> None:
        """Start the first post of each free lane, and the edit of each outdated card."""
        busy = self.lanes.busy  # a lane that becomes free from here on may have delivered what is read next
        posts = await self._store.pending_posts()
        rows = await self._store.unfinished()
        jobs = {row.id: row for row in rows if isinstance(row, Posted)}
        LANES.set(len(posts))
        OPEN.set(len(rows))
        self._progress.waiting(len({(post.new.job_id, str(post.new.lane)) for post in posts} | busy))
        for post in posts:
            key: LaneKey = (post.new.job_id, post.new.lane)
            job = jobs.get(key[0]) or await self._store.job(key[0])
            if job is None or key in busy or not self.lanes.free(key):
                continue
            if post.new.rule.ready(job.publication):
                self.lanes.start(key, self._posts.deliver(post, job))
        for job in jobs.values():
            if self._cards.due(job):
                self._cards.start(job)
            if self._posts.may_reopen(job):
                await self._posts.reopen(job)

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
