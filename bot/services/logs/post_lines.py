"""Bring the log into the thread: in blocks while it keeps up, in digests when it falls behind.

A block is made only when the thread's lane is empty, so the slower Discord takes them, the more a block holds.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.clock import passed
from bot.domain.logs.log_lines import LogEvent, digest, event_block, readable
from bot.domain.model.job import NOWHERE, Job
from bot.domain.posts import Change, NewPost, PostKind
from bot.services.running.core import Core

CONTENT = 2_000
"""Characters of a message."""
EMBED = 4_096
"""Characters of an embed's description."""
LOOK_AHEAD = 200
"""Lines that are looked at to make a block; with more waiting, the thread is far behind."""
ENOUGH = 25
"""Lines that wait for no others."""
TAIL = 60
"""Last lines that a digest looks at."""


class PostLines:
    """Lines wait up to `hold_seconds` for others, so that a message is worth reading; not after the job's end."""

    def __init__(self, core: Core, hold_seconds: float) -> None:
        self._store, self._wakeups, self._hold, self._now = core.store, core.wakeups, hold_seconds, core.now
        self._since: dict[str, float] = {}

    async def once(self) -> None:
        """One block for each job whose thread has taken the one before, and whose lines have waited long enough."""
        behind = await self._store.behind()
        self._since = {job.id: self._since.get(job.id, self._now()) for job in behind}
        for job in behind:
            if job.thread_id == NOWHERE:
                await self._commit(job, LOOK_AHEAD, "", is_digest=False)
            elif job.thread_id is not None:
                await self._say(job)

    async def _say(self, job: Job) -> None:
        waiting = await self._store.log_lines(job.id, job.log_posted, LOOK_AHEAD)
        if told := _told_before(job, waiting.events):
            await self._commit(job, told, "", is_digest=False)
            return
        held = not passed(self._since[job.id], self._hold, self._now())
        if job.live and held and waiting.total - job.log_posted < ENOUGH:
            return
        if waiting.total - job.log_posted > LOOK_AHEAD:
            tail = await self._store.log_lines(job.id, -TAIL, TAIL)
            left_out = max(0, tail.first - job.log_posted)
            text = digest(readable(tail.events), left_out, limit=EMBED)
            taken = tail.first + len(tail.events) - job.log_posted  # more may have come since the first look
            await self._commit(job, taken, text, is_digest=True)
            return
        text, taken = event_block(waiting.events, CONTENT)
        await self._commit(job, taken, text, is_digest=False)

    async def _commit(self, job: Job, taken: int, text: str, *, is_digest: bool) -> None:
        first = job.log_posted
        post = NewPost(f"log:{job.id}:{first}", PostKind.LOG, job.id, text=text, digest=is_digest)

        def step(stored: Job) -> Change | None:
            if stored.log_posted != first:
                return None
            return Change(replace(stored, log_posted=first + taken), (post,) if text else ())

        await self._store.change(job.id, step)
        self._since.pop(job.id, None)
        self._wakeups.deliver.wake()
        self._wakeups.archive.wake()


def _told_before(job: Job, waiting: Sequence[LogEvent]) -> int:
    """How many of the first lines are older than the store itself, which was lost: the thread may have them."""
    if job.found_at is None:
        return 0
    since = job.found_at * 1000
    return next((place for place, event in enumerate(waiting) if event.timestamp >= since), len(waiting))
