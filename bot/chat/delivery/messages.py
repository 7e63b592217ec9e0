"""How each kind of post looks in Discord: how it is sent, and how it is recognized in the history.

https://docs.discord.com/developers/resources/message#create-message and #allowed-mentions-object
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import discord

from bot.chat.alt_text import attachment, attachment_at
from bot.chat.buttons.views import card_buttons, end_buttons, held_buttons, warning_buttons
from bot.chat.cards import card_lines, choose, hold_lines, sweep_card, verdict
from bot.domain.inert import EMPTY, Inert, listed, phrase
from bot.domain.model.publication import DIRECT
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.posts import File, Post, PostKind, Target
from bot.domain.project import Project
from bot.domain.texts.command_names import commands
from bot.errors import Missing

GONE = phrase(" (The file is no longer on the bot's disk.")
ELSEWHERE = "(Posted here because I can't post in <#{channel_id}>.)\n"
_EMBED_COLOUR = 0x2B2D31
_NOBODY = discord.AllowedMentions.none()

Channel = discord.PartialMessageable | discord.DMChannel
Sender = Callable[
    [Channel, Post, Posted, Project | None, discord.MessageReference | None],
    Awaitable[discord.Message],
]


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of post in Discord. A thread and its member are no messages: neither sent nor recognized by these."""

    send: Sender
    carries: Callable[[discord.Message, Post, Posted], bool]
    """True if a message of the bot's own is this post, judged by its content."""


def file_gone() -> Inert:
    return phrase("{gone} {logs} and {artifacts} have the log.)", gone=GONE, **commands())


def channel_id_of(post: Post, job: Posted) -> int:
    """The channel, or `DIRECT`. Raises `Missing` for a post of the thread if there is none."""
    match post.new.rule.target:
        case Target.RESULT_CHANNEL:
            return job.publication.result.place(job.request.channel_id)
        case Target.CHANNEL | Target.CARD:
            return job.request.channel_id
        case Target.THREAD:
            if not job.publication.thread_id:
                raise Missing(f"{job.id} has no thread")
            return job.publication.thread_id


def drawn(job: Posted, project: Project | None) -> tuple[discord.Embed, list[discord.File]]:
    """The card, with the board of a sweep if the message does not have it yet."""
    embed = choose.card(job, project)
    if not isinstance(job, Sweep):
        return embed, []
    new = sweep_card.picture(job) if job.board.picture != job.board.shown_picture else None
    if new is None and not job.board.shown_picture:
        embed.set_image(url=None)
    return embed, [new] if new is not None else []


# ---- the card --------------------------------------------------------------------------------------------
async def _send_card(
    channel: Channel, post: Post, job: Posted, project: Project | None, _card: discord.MessageReference | None
) -> discord.Message:
    embed, pictures = drawn(job, project)
    if post.new.replaced:
        embed, pictures = card_lines.embed(choose.title(job), [post.new.text], card_lines.colour(job.execution)), []
    hold = job.execution.hold
    asked = hold if hold is not None and hold.mentions else None
    return await channel.send(
        hold_lines.mentions(asked) if asked is not None else None,
        embed=embed,
        files=pictures,
        view=card_buttons(job),
        nonce=post.nonce,
        allowed_mentions=_only(asked.approvers) if asked is not None else _NOBODY,
    )


def _only(roles: Iterable[int], users: Iterable[int] = ()) -> discord.AllowedMentions:
    """Ping these roles and people, and nobody else."""
    pinged = [discord.Object(each) for each in users]
    return discord.AllowedMentions(
        everyone=False, users=pinged or False, roles=[discord.Object(each) for each in roles]
    )


def _has_title(message: discord.Message, _post: Post, job: Posted) -> bool:
    return any(embed.title == choose.title(job) for embed in message.embeds)


# ---- the result ------------------------------------------------------------------------------------------
async def _send_result(
    channel: Channel, post: Post, job: Posted, project: Project | None, card: discord.MessageReference | None
) -> discord.Message:
    moved_to, asker = job.publication.result.channel_id, discord.Object(job.request.asker_id)
    elsewhere = phrase(ELSEWHERE, channel_id=job.request.channel_id) if moved_to is not None else EMPTY
    files, _ = _attachments(post)
    text = listed(elsewhere, post.new.text, separator="")
    refused = post.new.replaced
    return await channel.send(
        verdict.short(job, text) if refused else verdict.content(job, project, text),
        files=files,
        view=end_buttons(job) if moved_to != DIRECT else discord.utils.MISSING,
        nonce=post.nonce,
        reference=card,  # type: ignore[arg-type]  # None is its default
        allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=[asker]),
    )


def _has_verdict(message: discord.Message, _post: Post, job: Posted) -> bool:
    return not message.embeds and message.content.startswith(f"{job.id} ")


# ---- texts that belong to no job -------------------------------------------------------------------------
async def send_text(
    channel: Channel, text: Inert, nonce: str, roles: Collection[int] = (), users: Collection[int] = ()
) -> discord.Message:
    """Ping these roles and people, and nobody else."""
    return await channel.send(text, nonce=nonce, suppress_embeds=True, allowed_mentions=_only(roles, users))


def has_text(message: discord.Message, text: Inert) -> bool:
    return message.content == text.strip()


# ---- texts in the thread ---------------------------------------------------------------------------------
async def _send_text(
    channel: Channel, post: Post, _job: Posted, _project: Project | None, _card: discord.MessageReference | None
) -> discord.Message:
    if post.new.digest:
        embed = discord.Embed(description=post.new.text, colour=_EMBED_COLOUR)
        return await channel.send(embed=embed, nonce=post.nonce, allowed_mentions=_NOBODY)
    files, gone = _attachments(post)
    return await channel.send(
        listed(post.new.text, file_gone() if gone else EMPTY, separator="") or None,
        files=files,
        nonce=post.nonce,
        suppress_embeds=True,
        allowed_mentions=_NOBODY,
    )


async def _send_warning(
    channel: Channel, post: Post, job: Posted, _project: Project | None, _card: discord.MessageReference | None
) -> discord.Message:
    asker = discord.Object(job.request.asker_id)
    return await channel.send(
        post.new.text,
        view=warning_buttons(job),
        nonce=post.nonce,
        suppress_embeds=True,
        allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=[asker]),
    )


async def _send_held(
    channel: Channel, post: Post, job: Posted, _project: Project | None, card: discord.MessageReference | None
) -> discord.Message:
    asker = discord.Object(job.request.asker_id)
    return await channel.send(
        post.new.text,
        view=held_buttons(job, post.new.key.rpartition(":")[2]),
        nonce=post.nonce,
        suppress_embeds=True,
        reference=card,  # type: ignore[arg-type]  # None is its default
        allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=[asker]),
    )


def _has_text(message: discord.Message, post: Post, _job: Posted) -> bool:
    if post.new.digest:
        return any(embed.description == post.new.text.strip() for embed in message.embeds)
    return has_text(message, post.new.text)


def _has_file(message: discord.Message, post: Post, _job: Posted) -> bool:
    names = {file.name for file in post.new.files}
    attached = names <= {attachment.filename for attachment in message.attachments}
    return bool(names) and (attached or GONE.strip() in message.content)


def _attachments(post: Post) -> tuple[list[discord.File], bool]:
    """The files that are there, and True if some are gone: a machine that was lost took its files with it."""
    there = [file for file in post.new.files if not file.path or Path(file.path).exists()]
    return [_attachment(file) for file in there], len(there) < len(post.new.files)


def _attachment(file: File) -> discord.File:
    return attachment_at(file.path, file.name) if file.path else attachment(file.content, file.name)


FORMS: dict[PostKind, Form] = {
    PostKind.CARD: Form(_send_card, _has_title),
    PostKind.LOG: Form(_send_text, _has_text),
    PostKind.NOTE: Form(_send_text, _has_text),
    PostKind.WARNING: Form(_send_warning, _has_text),
    PostKind.HELD: Form(_send_held, _has_text),
    PostKind.LOG_FILE: Form(_send_text, _has_file),
    PostKind.END: Form(_send_result, _has_verdict),
}
"""A row for each kind that is a message, so for all but THREAD and MEMBER."""
