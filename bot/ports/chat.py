"""Where the team talks."""

from typing import Protocol

from bot.domain.model.rows import Posted
from bot.domain.posts import Post


class Chat(Protocol):
    """Where the team talks. All writes pass one limiter."""

    async def send(self, post: Post, job: Posted) -> int:
        """Delivers a post with its nonce: the id of the message (of the thread for THREAD).

        Repeated within the nonce window it gives the same message, or `Deleted` if that was deleted. `Missing`:
        channel, thread or card is gone.
        MEMBER adds whoever asked to the thread, and changes nothing if they are in it: the id of the thread.
        `Denied`: not allowed there (permission, locked thread). END goes to `job.end_place`.
        """

    async def sent(self, post: Post, job: Posted) -> int | None:
        """Looks in the history whether this post has arrived since `post.attempted_at`; its message's id if so."""

    async def show(self, job: Posted) -> None:
        """Edits the job's card to what the job is now. `Missing` where the card is gone."""
