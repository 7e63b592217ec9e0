"""The one place that turns exceptions into chat text. Only the asker sees it."""

import secrets
from collections.abc import Callable

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.chat.acknowledgement import answer_privately
from bot.chat.audit.recording import record
from bot.chat.discord_errors import INTERACTION_ACKNOWLEDGED, PASSING, translated
from bot.chat.interactions import Interaction
from bot.chat.limits import CONTENT_CHARACTERS
from bot.chat.rivals import AnsweredElsewhere
from bot.domain.audit.entry import Decision
from bot.domain.inert import cut
from bot.errors import CredentialsExpired, Refused, ServiceError, StoreError, Throttled, Unavailable, UserError
from trainer.redaction.redact import redact

log = structlog.get_logger()

_WORDS: tuple[tuple[type[ServiceError], str], ...] = (
    (CredentialsExpired, "The bot's credentials have expired. Ask an admin to renew them, then try again."),
    (Throttled, "Too much is going on right now. Try again in a moment."),
    (Unavailable, "That didn't work this time. Try again in a minute."),
    (Refused, "That was refused, and trying again won't help. Ask an admin to look at it."),
)
"""The first that fits."""
_OLD_COMMANDS = (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch, app_commands.TransformerError)
"""What a client with the commands of an earlier registration causes."""


def new_error_id() -> str:
    """Short enough to read out."""
    return secrets.token_hex(3)


async def reply(interaction: Interaction, error: Exception, *, new_id: Callable[[], str] = new_error_id) -> None:
    """Reply with the error in words, once it is on record, and log an unexpected one. Never raises Discord's errors.

    If another bot has answered, do not answer at all: that would overwrite its answer. A form is no acknowledgement of
    `acknowledge`, so its 40060 comes as discord.py's error.
    """
    original = _original(error)
    answered = isinstance(original, discord.HTTPException) and original.code == INTERACTION_ACKNOWLEDGED
    if answered or isinstance(original, AnsweredElsewhere):
        interaction.client.rivals.seen(interaction.id)
        return
    text = redact(explain(original, new_id))
    await _record(interaction, original, text)
    try:
        await answer_privately(interaction, cut(text, CONTENT_CHARACTERS))
    except (discord.HTTPException, *PASSING) as failure:
        log.warning("error reply failed", interaction=interaction.id, text=text, why=str(failure))


async def _record(interaction: Interaction, error: Exception, text: str) -> None:
    """A store that cannot be used has nothing done and ends the bot: then the reply is all that is left."""
    try:
        await record(interaction, Decision.REFUSED if isinstance(error, UserError) else Decision.FAILED, text)
    except StoreError as failure:
        log.warning("not on record", interaction=interaction.id, text=text, why=str(failure))


def explain(error: Exception, new_id: Callable[[], str] = new_error_id) -> str:
    """The error as people read it."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, discord.HTTPException | aiohttp.ClientError):
        error = translated("Answering", error)
    if isinstance(error, Throttled):
        return f"Too much is going on right now. Try again in a moment. ({error})"
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return f"{words} ({error})"
    if isinstance(error, _OLD_COMMANDS):
        return "The commands have changed since you typed this. Reload Discord (Ctrl+R on a computer) and try again."
    error_id = new_id()
    log.error("unexpected error", error_id=error_id, exc_info=error)
    return f"Something went wrong. Tell an admin: the bot's log has it as {error_id}."


def _original(error: Exception) -> Exception:
    """Unwrap the error that a command raised."""
    return error.original if isinstance(error, app_commands.CommandInvokeError) else error
