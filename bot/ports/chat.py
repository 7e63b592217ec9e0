"""Where the team talks."""

from collections.abc import Collection
from typing import Protocol

from bot.domain.inert import Inert
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

    async def send_text(
        self, channel_id: int, text: Inert, *, nonce: str, roles: Collection[int] = (), users: Collection[int] = ()
    ) -> int:
        """Sends a message that belongs to no job and pings nobody but these roles and people: its id. The nonce and
        the errors are as in `send`."""

    async def find_text(self, channel_id: int, text: Inert, *, after: int) -> int | None:
        """Looks in the history for the bot's own message with this text, later than message `after`: its id."""
