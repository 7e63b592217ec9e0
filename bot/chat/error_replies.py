"""The one place that turns exceptions into chat text. The asker alone reads it."""

import secrets
from collections.abc import Callable

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.chat.context import Interaction, answer_alone
from bot.chat.discord_errors import PASSING, translated
from bot.domain.inert import cut
from bot.errors import Refused, Throttled, Unavailable, UserError

log = structlog.get_logger()

CONTENT = 2_000


def new_error_id() -> str:
    """Short enough to be told by voice."""
    return secrets.token_hex(3)


async def tell(interaction: Interaction, error: Exception, *, new_id: Callable[[], str] = new_error_id) -> None:
    """Answers with the error in words, and logs what was not expected. Never raises for Discord's reasons."""
    text = told(_original(error), new_id)
    try:
        await answer_alone(interaction, cut(text, CONTENT))
    except (discord.HTTPException, *PASSING) as failure:
        log.warning("an answer could not be given", interaction=interaction.id, text=text, why=str(failure))


def told(error: Exception, new_id: Callable[[], str] = new_error_id) -> str:
    """What people read of an error."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, discord.HTTPException | aiohttp.ClientError):
        error = translated("The answer", error)
    if isinstance(error, Throttled):
        return f"There is too much going on at once. Try again in a moment. ({error})"
    if isinstance(error, Unavailable):
        return f"That did not work just now, and it is likely to pass: try again in a minute. ({error})"
    if isinstance(error, Refused):
        return f"That was refused, and trying again will not help: an admin should look at it. ({error})"
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return "The commands have changed since you typed this. Reload Discord (Ctrl+R on a computer) and try again."
    error_id = new_id()
    log.error("unexpected", error_id=error_id, exc_info=error)
    return f"Something went wrong here that should not have. It is in the bot's log as {error_id}: tell an admin."


def _original(error: Exception) -> Exception:
    """discord.py wraps what a command raises."""
    return error.original if isinstance(error, app_commands.CommandInvokeError) else error
