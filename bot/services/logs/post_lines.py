"""Bring the log into the thread: in blocks while it keeps up, in digests when it falls behind.

A block is made only when the thread's lane is empty, so the slower Discord takes them, the more a block holds.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.clock import passed
from bot.domain.inert import EMPTY, Inert
from bot.domain.logs.log_blocks import digest, event_block
from bot.domain.logs.log_lines import LogEvent, readable
from bot.domain.model.job import Job
from bot.domain.model.publication import NOWHERE
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
        self._store, self._hold, self._now = core.store, hold_seconds, core.now
        self._since: dict[str, float] = {}

    async def once(self) -> None:
        """One block for each job whose thread has taken the one before, and whose lines have waited long enough."""
        behind = await self._store.behind()
        self._since = {job.id: self._since.get(job.id, self._now()) for job in behind}
        for job in behind:
            if job.publication.thread_id == NOWHERE:
                await self._commit(job, LOOK_AHEAD, EMPTY, is_digest=False)
            elif job.publication.thread_id is not None:
                await self._post_next(job)

    async def _post_next(self, job: Job) -> None:
        posted = job.publication.lines_posted
        waiting = await self._store.log_lines(job.id, posted, LOOK_AHEAD)
        if known := _known_before(job, waiting.events):
            await self._commit(job, known, EMPTY, is_digest=False)
            return
        held = not passed(self._since[job.id], self._hold, self._now())
        if job.execution.live and held and waiting.total - posted < ENOUGH:
            return
        if waiting.total - posted > LOOK_AHEAD:
            tail = await self._store.log_lines(job.id, -TAIL, TAIL)
            left_out = max(0, tail.first - posted)
            text = digest(readable(tail.events), left_out, limit=EMBED)
            taken = tail.first + len(tail.events) - posted  # more may have come since the first look
            await self._commit(job, taken, text, is_digest=True)
            return
        text, taken = event_block(waiting.events, CONTENT)
        await self._commit(job, taken, text, is_digest=False)

    async def _commit(self, job: Job, taken: int, text: Inert, *, is_digest: bool) -> None:
        first = job.publication.lines_posted
        post = NewPost(f"log:{job.id}:{first}", PostKind.LOG, job.id, text=text, digest=is_digest)

        def step(stored: Job) -> Change | None:
            publication = stored.publication
            if publication.lines_posted != first:
                return None
            return Change(replace(stored, publication=publication.posted(taken)), (post,) if text else ())

        await self._store.change(job.id, step)
        self._since.pop(job.id, None)


def _known_before(job: Job, waiting: Sequence[LogEvent]) -> int:
    """Count the first lines that are older than the recovered store: the thread may have them already."""
    recovered_at = job.publication.recovered_at
    if recovered_at is None:
        return 0
    since = recovered_at * 1000
    return next((index for index, event in enumerate(waiting) if event.timestamp >= since), len(waiting))
