"""Commit the result of a job or a sweep, once.

The message and `committed_at` are committed in one transaction, so it is posted after any crash, and never twice.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from bot.domain.clock import passed
from bot.domain.inert import Inert
from bot.domain.model.job import Job
from bot.domain.model.rows import AnyPosted
from bot.domain.posts import Change, File, NewPost, PostKind
from bot.errors import ServiceError
from bot.services.running.core import Core
from bot.services.running.pending import unannounced

log = structlog.get_logger()


class Announcer:
    """A result waits for its picture until `deadline` seconds after the end."""

    def __init__(self, core: Core, deadline: float) -> None:
        self._store, self._now, self._deadline = core.store, core.now, deadline

    def gives_up(self, job_id: str, ended_at: float, error: ServiceError) -> bool:
        """True if the result should go out without the picture, which has just failed."""
        if passed(ended_at, self._deadline, self._now()):
            return True
        log.warning("the result waits for its picture", job=job_id, error=str(error))
        return False

    async def commit(
        self,
        posted: AnyPosted,
        text: Inert,
        files: tuple[File, ...],
        *,
        settle: Callable[[AnyPosted], AnyPosted] | None = None,
        more: tuple[NewPost, ...] = (),
        starts: Job | None = None,
    ) -> None:
        """Does nothing if it was announced already. `settle` adds what else is known; `more` is posted too, and
        `starts` begins with it. Raises like `Store.add` if it may not."""
        at = self._now()

        def step(stored: AnyPosted) -> Change | None:
            if not unannounced(stored):
                return None
            settled = stored if settle is None else settle(stored)
            announced = replace(settled, publication=settled.publication.announced(at))
            result = NewPost(f"end:{posted.id}", PostKind.END, posted.id, text=text, files=files)
            return Change(announced, (result, *more), starts)

        await self._store.change(posted.id, step)
        log.info("result announced", job=posted.id, reason=posted.execution.reason)
