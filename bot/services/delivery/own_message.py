"""Send a message that belongs to no job once, however often the bot is killed meanwhile."""

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from bot.domain.clock import passed
from bot.domain.inert import Inert
from bot.ports.chat import Chat


class OwnMessage(Protocol):
    """It is in the store already."""

    @property
    def text(self) -> Inert: ...

    @property
    def nonce(self) -> str: ...

    @property
    def attempted_at(self) -> float | None: ...


class SendOnce:
    """`nonce_window` is how long Discord knows a nonce, in seconds: beyond it, the channel's history is searched."""

    def __init__(self, chat: Chat, now: Callable[[], float], nonce_window: float) -> None:
        self._chat, self._now, self._nonce_window = chat, now, nonce_window

    async def arrived(
        self,
        channel_id: int,
        message: OwnMessage,
        after: int,
        attempt: Callable[[float], Awaitable[None]],
        *,
        users: Collection[int] = (),
    ) -> int:
        """The message's id, whether it is sent now or had arrived before, later than message `after`. `attempt` stores
        the time of the first attempt. `users` are pinged. Raises what `Chat.send_text` raises."""
        if message.attempted_at is None:
            await attempt(self._now())
        elif passed(message.attempted_at, self._nonce_window, self._now()):
            found = await self._chat.find_text(channel_id, message.text, after=after)
            if found is not None:
                return found
        return await self._chat.send_text(channel_id, message.text, nonce=message.nonce, users=users)
