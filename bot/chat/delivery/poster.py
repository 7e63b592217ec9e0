"""The `Chat` port: delivers posts, finds those that have arrived, and keeps cards current."""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import discord

from bot.chat.buttons.views import card_buttons, end_buttons
from bot.chat.cards import choose, sweep_card, verdict
from bot.chat.delivery.breaker import Breaker
from bot.chat.delivery.limiter import Limiter
from bot.chat.discord_errors import THREAD_EXISTS, calling
from bot.chat.interactions import BoxClient
from bot.chat.limits import HISTORY_PAGE
from bot.domain.model.job import DIRECT, Job
from bot.domain.posts import File, Post, PostKind
from bot.domain.project import Project
from bot.errors import Missing, Unavailable

REQUEST_SECONDS = 45.0
"""The call that drains a bucket returns only when that is full again, after 5 s for messages. What takes longer is
tried again later: thread creation may wait for minutes."""
HISTORY_PAGES = 20

GONE = " (The file is gone from the bot's disk: `/logs` and `/artifacts` have the log.)"
ELSEWHERE = "(Told here because <#{}> takes no message from me.)\n"
_EMBED_COLOUR = 0x2B2D31
_NOBODY = discord.AllowedMentions.none()

T = TypeVar("T")
Place = discord.PartialMessageable | discord.DMChannel


class Poster:
    """Writes with the bot's token, every call through the limiter. Waits for the first connection."""

    def __init__(
        self,
        client: BoxClient,
        limiter: Limiter,
        *,
        breaker: Breaker | None = None,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._client, self._limiter, self._request_seconds = client, limiter, request_seconds
        self._breaker = breaker or Breaker(time.monotonic)

    async def send(self, post: Post, job: Job) -> int:
        """As `Chat` promises; for THREAD the id of the thread, which is its message's."""
        if post.new.kind is PostKind.THREAD:
            return await self._start_thread(job)
        message_id = await self._send_message(post, job)
        if post.new.kind is PostKind.CARD:
            self._client.arrivals.arrived(job.id, message_id)
        return message_id

    async def sent(self, post: Post, job: Job) -> int | None:
        """As `Chat` promises. A thread is not looked for: to start it again gives the same one.

        Newest first, back to the delivery before it or the command: both by Discord's clock, whatever this machine's
        was. Of the newest `HISTORY_PAGES` pages, no more.
        """
        if post.attempted_at is None or post.new.kind is PostKind.THREAD:
            return None
        channel = await self._place(post, job)
        begin = post.previous_id or job.interaction_id
        before: discord.abc.Snowflake | None = None
        for _ in range(HISTORY_PAGES):
            page = await self._history(channel, before)
            for message in page:
                if message.id > begin and self._is_own(message) and carries(message, post, job):
                    return message.id
            if len(page) < HISTORY_PAGE or page[-1].id <= begin:
                break
            before = page[-1]
        return None

    async def show(self, job: Job) -> None:
        """As `Chat` promises."""
        if not job.message_id:
            raise Missing(f"The card of {job.id} is not there")
        message = self._messageable(job.channel_id).get_partial_message(job.message_id)
        project = self._client.projects.get(job.project)

        def edit() -> Awaitable[object]:
            embed, new = _face(job, project)
            if not new:  # the files that a message has stay unless an edit lists others
                return message.edit(embed=embed, view=card_buttons(job))
            return message.edit(embed=embed, view=card_buttons(job), attachments=new)

        await self._call(("edit", job.channel_id), "Editing a card", edit)

    async def _send_message(self, post: Post, job: Job) -> int:
        channel = await self._place(post, job)
        message = await self._call(
            ("send", channel.id), f"Posting a {post.new.kind}", lambda: self._sending(channel, post, job)
        )
        return message.id

    async def _place(self, post: Post, job: Job) -> Place:
        """Raises `Missing` for a post of the thread where there is none."""
        channel_id = _channel_id(post, job)
        if channel_id != DIRECT:
            return self._messageable(channel_id)
        asker = discord.Object(job.asker_id)
        return await self._call(
            ("direct", job.asker_id), "Opening direct messages", lambda: self._client.create_dm(asker)
        )

    async def _sending(self, channel: Place, post: Post, job: Job) -> discord.Message:
        project = self._client.projects.get(job.project)
        files = [_attachment(file) for file in post.new.files if _is_there(file)]
        gone = "" if len(files) == len(post.new.files) else GONE
        match post.new.kind:
            case PostKind.CARD:
                embed, pictures = _face(job, project)
                return await channel.send(
                    embed=embed,
                    files=pictures,
                    view=card_buttons(job),
                    nonce=post.nonce,
                    allowed_mentions=_NOBODY,
                )
            case PostKind.END:
                elsewhere = ELSEWHERE.format(job.channel_id) if job.end_in is not None else ""
                return await channel.send(
                    verdict.content(job, project, elsewhere + post.new.text),
                    files=files,
                    view=end_buttons(job) if job.end_in != DIRECT else discord.utils.MISSING,
                    nonce=post.nonce,
                    reference=self._card_reference(job),  # type: ignore[arg-type]  # None is its default
                    allowed_mentions=discord.AllowedMentions(
                        everyone=False, roles=False, replied_user=False, users=[discord.Object(job.asker_id)]
                    ),
                )
            case _ if post.new.digest:
                embed = discord.Embed(description=post.new.text, colour=_EMBED_COLOUR)
                return await channel.send(embed=embed, nonce=post.nonce, allowed_mentions=_NOBODY)
            case _:
                return await channel.send(
                    f"{post.new.text}{gone}" or None,
                    files=files,
                    nonce=post.nonce,
                    suppress_embeds=True,
                    allowed_mentions=_NOBODY,
                )

    async def _start_thread(self, job: Job) -> int:
        if not job.message_id:
            raise Missing(f"The card of {job.id} is not there, so its thread cannot be started")
        message_id = job.message_id
        message = self._messageable(job.channel_id).get_partial_message(message_id)

        async def start() -> None:
            if message.guild is None:
                raise Unavailable("The server is not available at Discord")
            try:
                await message.create_thread(name=f"{job.id} {'log' if job.sweep is None else 'sweep'}")
            except discord.HTTPException as error:
                if error.code != THREAD_EXISTS:
                    raise

        await self._call(("thread", job.channel_id), "Starting a thread", start)
        return message_id

    async def _history(self, channel: Place, before: discord.abc.Snowflake | None) -> Sequence[discord.Message]:
        async def read() -> Sequence[discord.Message]:
            return [m async for m in channel.history(limit=HISTORY_PAGE, before=before)]

        return await self._call(("history", channel.id), "Reading the history", read)

    async def _call(self, lane: tuple[str, int], what: str, call: Callable[[], Awaitable[T]]) -> T:
        await self._client.ready()
        async with self._limiter.turn(lane):
            self._breaker.check()
            with calling(what):
                async with asyncio.timeout(self._request_seconds):
                    try:
                        return await call()
                    except discord.HTTPException as error:
                        self._breaker.answered(error.status)
                        raise

    def _messageable(self, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, guild_id=self._client.guild_id)

    def _card_reference(self, job: Job) -> discord.MessageReference | None:
        if not job.message_id or job.end_in is not None:
            return None
        return discord.MessageReference(
            message_id=job.message_id,
            channel_id=job.channel_id,
            guild_id=self._client.guild_id,
            fail_if_not_exists=False,
        )

    def _is_own(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id


def carries(message: discord.Message, post: Post, job: Job) -> bool:
    """Recognize this post by the content of one of the bot's own messages."""
    match post.new.kind:
        case PostKind.CARD:
            return any(embed.title == choose.title(job) for embed in message.embeds)
        case PostKind.END:
            return not message.embeds and message.content.startswith(f"{job.id} ")
        case PostKind.LOG_FILE:
            names = {file.name for file in post.new.files}
            attached = names <= {attachment.filename for attachment in message.attachments}
            return bool(names) and (attached or message.content.endswith(GONE))
        case _ if post.new.digest:
            return any(embed.description == post.new.text.strip() for embed in message.embeds)
        case _:
            return message.content == post.new.text.strip()


def _channel_id(post: Post, job: Job) -> int:
    """Raises `Missing` for a post of the thread where there is none."""
    if post.new.kind is PostKind.END:
        return job.end_place
    if post.new.kind is PostKind.CARD:
        return job.channel_id
    if not job.thread_id:
        raise Missing(f"{job.id} has no thread")
    return job.thread_id


def _attachment(file: File) -> discord.File:
    return discord.File(file.path, file.name) if file.path else discord.File(io.BytesIO(file.content), file.name)


def _face(job: Job, project: Project | None) -> tuple[discord.Embed, list[discord.File]]:
    """The card, with the board of a sweep where the message does not have it yet."""
    embed, sweep = choose.card(job, project), job.sweep
    new = sweep_card.picture(sweep) if sweep is not None and sweep.picture != sweep.shown_picture else None
    if sweep is not None and new is None and not sweep.shown_picture:
        embed.set_image(url=None)
    return embed, [new] if new is not None else []


def _is_there(file: File) -> bool:
    """A machine that was lost has taken its files with it."""
    return not file.path or Path(file.path).exists()
