"""The `Chat` port: delivers posts, finds those that have arrived, and keeps cards current.

A thread that starts from a message has the message's id, and there is one for each message:
https://docs.discord.com/developers/resources/channel#start-thread-from-message
"""

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

import discord

from bot.chat.buttons.views import card_buttons
from bot.chat.delivery.breaker import Breaker
from bot.chat.delivery.limiter import Limiter
from bot.chat.delivery.messages import FORMS, Channel, channel_id_of, drawn, has_text, send_text
from bot.chat.delivery.request_time import uncancelled
from bot.chat.delivery.threads import add_member, start_thread
from bot.chat.discord_errors import NO_MUTUAL_SERVER, NOT_IN_SERVER, PASSING, THREAD_EXISTS, calling
from bot.chat.interactions import BoxClient
from bot.chat.limits import HISTORY_PAGE
from bot.domain.inert import Inert
from bot.domain.model.publication import DIRECT
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.posts import Post, PostKind
from bot.errors import Deleted, Missing, Unavailable

HISTORY_PAGES = 20
UNKNOWN_MESSAGE = 10008

T = TypeVar("T")


class Poster:
    """Writes with the bot's token, every call through the limiter. Waits for the first connection."""

    def __init__(
        self,
        client: BoxClient,
        limiter: Limiter,
        *,
        breaker: Breaker | None = None,
    ) -> None:
        self._client, self._limiter = client, limiter
        self._breaker = breaker or Breaker(time.monotonic)

    async def send(self, post: Post, job: Posted) -> int:
        """As `Chat` promises; for THREAD and MEMBER the id of the thread, which is its message's."""
        if post.new.kind is PostKind.THREAD:
            return await self._start_thread(job)
        if post.new.kind is PostKind.MEMBER:
            return await self._add_asker(job)
        message_id = await self._send_message(post, job)
        if post.new.kind is PostKind.CARD:
            self._client.arrivals.arrived(job.id, message_id)
        return message_id

    async def sent(self, post: Post, job: Posted) -> int | None:
        """As `Chat` promises. A thread is not searched for: starting it again gives the same one. Nor is a member.

        Reads the newest `HISTORY_PAGES` pages at most, back to the previous delivery or the command. Both have ids
        from Discord's clock, so this machine's clock does not matter.
        """
        if post.attempted_at is None or post.new.kind not in FORMS:
            return None
        channel = await self._channel(post, job)
        begin = post.previous_id or job.request.interaction_id
        return await self._found(channel, begin, lambda message: FORMS[post.new.kind].carries(message, post, job))

    async def send_text(
        self, channel_id: int, text: Inert, *, nonce: str, roles: Collection[int] = (), users: Collection[int] = ()
    ) -> int:
        """As `Chat` promises."""
        place = self._messageable(channel_id)
        return await self._sent(place, "Posting a text", lambda to: send_text(to, text, nonce, roles, users))

    async def find_text(self, channel_id: int, text: Inert, *, after: int) -> int | None:
        """As `Chat` promises, with the pages of `sent`."""
        return await self._found(self._messageable(channel_id), after, lambda message: has_text(message, text))

    async def _found(self, channel: Channel, begin: int, fits: Callable[[discord.Message], bool]) -> int | None:
        """The bot's newest message in the channel that fits and has a later id than `begin`."""
        before: discord.abc.Snowflake | None = None
        for _ in range(HISTORY_PAGES):
            page = await self._history(channel, before)
            for message in page:
                if message.id > begin and self._is_own(message) and fits(message):
                    return message.id
            if len(page) < HISTORY_PAGE or page[-1].id <= begin:
                break
            before = page[-1]
        return None

    async def show(self, job: Posted) -> None:
        """As `Chat` promises."""
        card_id, channel_id = job.publication.card_id, job.request.channel_id
        if not card_id:
            raise Missing(f"{job.id} has no card")
        message = self._messageable(channel_id).get_partial_message(card_id)
        project = self._client.projects.get(job.run.project)

        def edit() -> Awaitable[object]:
            embed, new = drawn(job, project)
            if not new:  # the files that a message has stay unless an edit lists others
                return message.edit(embed=embed, view=card_buttons(job))
            return message.edit(embed=embed, view=card_buttons(job), attachments=new)

        await self._call(("edit", channel_id), "Editing a card", edit)

    async def _send_message(self, post: Post, job: Posted) -> int:
        send, project = FORMS[post.new.kind].send, self._client.projects.get(job.run.project)
        return await self._sent(
            await self._channel(post, job),
            f"Posting a {post.new.kind}",
            lambda channel: send(channel, post, job, project, self._card_reference(job)),
        )

    async def _sent(self, channel: Channel, what: str, send: Callable[[Channel], Awaitable[discord.Message]]) -> int:
        """Raises `Deleted` if the nonce belongs to a message that somebody has deleted: Discord answers 10008 then.

        "That we don't try to recreate the message if it was created then subsequently deleted is intentional."
        (https://github.com/discord/discord-api-docs/pull/6647) Assumption: nonce-deleted.
        """
        try:
            message = await self._call(("send", channel.id), what, lambda: send(channel))
        except Missing as error:
            if error.code == str(UNKNOWN_MESSAGE):
                raise Deleted(str(error), code=error.code) from error
            raise
        return message.id

    async def _channel(self, post: Post, job: Posted) -> Channel:
        """Raises `Missing` for a post of the thread if there is none."""
        channel_id = channel_id_of(post, job)
        if channel_id != DIRECT:
            return self._messageable(channel_id)
        asker = discord.Object(job.request.asker_id)
        return await self._call(("direct", asker.id), "Opening direct messages", lambda: self._client.create_dm(asker))

    async def _start_thread(self, job: Posted) -> int:
        message_id, channel_id = job.publication.card_id, job.request.channel_id
        if not message_id:
            raise Missing(f"{job.id} has no card, so it cannot have a thread")
        message = self._messageable(channel_id).get_partial_message(message_id)

        async def start() -> None:
            if message.guild is None:
                raise Unavailable("Discord says that the server is unavailable")
            try:
                await start_thread(self._client, message, f"{job.id} {'sweep' if isinstance(job, Sweep) else 'log'}")
            except discord.HTTPException as error:
                if error.code != THREAD_EXISTS:
                    raise

        await self._call(("thread", channel_id), "Starting a thread", start)
        return message_id

    async def _add_asker(self, job: Posted) -> int:
        thread_id, asker_id = job.publication.thread_id, job.request.asker_id
        if not thread_id:
            raise Missing(f"{job.id} has no thread")
        await self._call(
            ("member", thread_id),
            "Adding whoever asked to the thread",
            lambda: add_member(self._client, thread_id, asker_id),
        )
        return thread_id

    async def _history(self, channel: Channel, before: discord.abc.Snowflake | None) -> Sequence[discord.Message]:
        async def read() -> Sequence[discord.Message]:
            return [m async for m in channel.history(limit=HISTORY_PAGE, before=before)]

        return await self._call(("history", channel.id), "Reading the history", read)

    async def _call(self, lane: tuple[str, int], what: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make the call without a time limit: `request_time` limits each request.

        discord.py holds the call that empties a rate-limit bucket until the bucket refills, 5 s for messages, minutes
        for threads, and all calls during a global limit.
        """
        await self._client.ready()
        async with self._limiter.turn(lane):
            self._breaker.check()
            with calling(what):
                try:
                    return await uncancelled(call)
                except discord.HTTPException as error:
                    self._breaker.answered(error.status)
                    if error.code in (NOT_IN_SERVER, NO_MUTUAL_SERVER) and not await self._in_server():
                        raise Unavailable(f"{what}: the bot is not in its server; its posts wait") from error
                    raise

    async def _in_server(self) -> bool:
        """False if the bot was removed from its server: then every place refuses, and that settles nothing for a post.

        The gateway may be down, or its event be on the way. "Returns a list of partial guild objects the current user
        is a member of": https://docs.discord.com/developers/resources/user#get-current-user-guilds. Asking for the
        server itself proves nothing: bots that are in it have got 10004 (discord-api-docs issue 8445).
        """
        guild_id = self._client.guild_id
        try:
            found = await uncancelled(lambda: self._client.http.get_guilds(1, after=guild_id - 1, with_counts=False))
        except (discord.DiscordException, *PASSING):
            return True
        return any(int(guild["id"]) == guild_id for guild in found)

    def _messageable(self, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, guild_id=self._client.guild_id)

    def _card_reference(self, job: Posted) -> discord.MessageReference | None:
        card_id = job.publication.card_id
        if not card_id or job.publication.result.channel_id is not None:
            return None
        return discord.MessageReference(
            message_id=card_id,
            channel_id=job.request.channel_id,
            guild_id=self._client.guild_id,
            fail_if_not_exists=False,
        )

    def _is_own(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id
