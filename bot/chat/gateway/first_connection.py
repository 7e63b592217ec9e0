"""The first connection to the gateway: discord.py connects again after any but this one."""

import logging
from collections.abc import Awaitable, Callable

import discord
import structlog

log = structlog.get_logger()

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


async def connect(client: discord.Client, sleep: Callable[[float], Awaitable[object]], *, reconnect: bool) -> None:
    """Run the client's connection until it is closed. A first connection that fails is made again, with growing pauses.

    discord.py's loop goes on from the session of the connection before, and ends with an AttributeError where there was
    none: https://github.com/Rapptz/discord.py/blob/v2.7.1/discord/client.py#L796
    """
    _say_reconnects_in_one_line()
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await client.connect(reconnect=reconnect)
        except AttributeError as error:
            if getattr(client, "ws", None) is not None:  # it was connected, so this is something else
                raise
            log.warning("could not connect to the gateway, trying again", error=cause(error), retry_in_seconds=pause)
        await sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def cause(error: BaseException) -> str:
    """Why a first connection failed: discord.py's own error comes after it."""
    if isinstance(error, AttributeError) and error.__context__ is not None:
        error = error.__context__
    return f"{type(error).__name__}: {error}".removesuffix(": ")


class _OneLine(logging.Filter):
    """A lost connection is no fault of the bot's: its log needs no traceback for it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and str(record.msg).startswith("Attempting a reconnect"):
            error = record.exc_info[1]
            record.msg, record.args = f"{record.getMessage()} after {type(error).__name__}: {error}", ()
            record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
        return True


def _say_reconnects_in_one_line() -> None:
    logger = logging.getLogger("discord.client")
    if not any(isinstance(each, _OneLine) for each in logger.filters):
        logger.addFilter(_OneLine())
