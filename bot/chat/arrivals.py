"""Waiting for a job's card to be posted, so that an answer can link to it."""

import asyncio

from bot.domain.model.rows import Posted


class Arrivals:
    """Lets answers wait for a job's card that this process is about to post."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[int]] = {}

    async def wait(self, job: Posted, seconds: float) -> int | None:
        """The message id of the job's card; None if it does not arrive in time."""
        card_id = job.publication.card_id
        if card_id is not None:
            return card_id or None
        future = self._waiting.setdefault(job.id, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(future)
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(job.id, None)

    def arrived(self, job_id: str, message_id: int) -> None:
        future = self._waiting.pop(job_id, None)
        if future is not None and not future.done():
            future.set_result(message_id)
