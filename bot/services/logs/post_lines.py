"""Post log lines in the thread: in blocks while it keeps up, in digests when it falls behind.

A block is built only when the thread's lane is empty: the slower Discord takes blocks, the more lines each one holds.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.inert import EMPTY, Inert
from bot.domain.logs.log_blocks import digest, event_block
from bot.domain.logs.log_lines import LogEvent, readable
from bot.domain.model.job import Job
from bot.domain.model.publication import NOWHERE
from bot.domain.posts import Change, NewPost, PostKind, log_key
from bot.services.running.core import Core
from bot.services.running.timers import Timers

CONTENT = 2_000
"""Characters of a message."""
EMBED = 4_096
"""Characters of an embed's description."""
BLOCK_LINES = 200
"""Read this many lines to build a block; with more waiting, the thread is far behind."""
ENOUGH_LINES = 25
"""This many lines do not wait for more."""
DIGEST_LINES = 60
"""A digest shows some of the last lines: it reads this many."""


class PostLines:
    """Takes up jobs with stored lines that are not posted, and an empty lane in their thread.

    Lines wait up to `hold_seconds` for others, so that a message is worth reading; not after the job's end.
    """

    def __init__(self, core: Core, hold_seconds: float) -> None:
        self._store, self._hold = core.store, hold_seconds
        self._waiting: Timers[str] = Timers(core.now)
        """By job: since when lines wait."""

    async def once(self) -> None:
        """Post one block for each job whose lines have waited long enough."""
        behind = await self._store.behind()
        self._waiting.keep([job.id for job in behind])
        for job in behind:
            self._waiting.since(job.id)
            if job.publication.may_reopen:
                continue
            if job.publication.thread_id == NOWHERE:
                await self._commit(job, BLOCK_LINES, EMPTY, is_digest=False)
            elif job.publication.thread_id is not None:
                await self._post(job)

    async def _post(self, job: Job) -> None:
        posted = job.publication.lines_posted
        waiting = await self._store.log_lines(job.id, posted, BLOCK_LINES)
        if old := _lines_before_recovery(job, waiting.events):
            await self._commit(job, old, EMPTY, is_digest=False)
            return
        held = not self._waiting.waited(job.id, self._hold)
        if job.execution.live and held and waiting.total - posted < ENOUGH_LINES:
            return
        if waiting.total - posted > BLOCK_LINES or waiting.first > posted:
            tail = await self._store.log_lines(job.id, -DIGEST_LINES, DIGEST_LINES)
            left_out = max(0, tail.first - posted)
            text = digest(readable(tail.events), left_out, limit=EMBED, whole=not tail.dropped)
            taken = tail.first + len(tail.events) - posted  # more may have come since the first read
            await self._commit(job, taken, text, is_digest=True)
            return
        text, taken = event_block(waiting.events, CONTENT)
        await self._commit(job, taken, text, is_digest=False)

    async def _commit(self, job: Job, taken: int, text: Inert, *, is_digest: bool) -> None:
        first = job.publication.lines_posted
        key = log_key(job.id, first, job.publication.closed.refusals)
        post = NewPost(key, PostKind.LOG, job.id, text=text, digest=is_digest)

        def step(stored: Job) -> Change | None:
            publication = stored.publication
            if publication.lines_posted != first:
                return None
            return Change(replace(stored, publication=publication.posted(taken)), (post,) if text else ())

        await self._store.change(job.id, step)
        self._waiting.drop(job.id)


def _lines_before_recovery(job: Job, waiting: Sequence[LogEvent]) -> int:
    """How many of the first lines were printed before the store was lost: the thread may have them already."""
    recovered_at = job.publication.recovered_at
    if recovered_at is None:
        return 0
    since = recovered_at * 1000
    return next((index for index, event in enumerate(waiting) if event.timestamp >= since), len(waiting))
