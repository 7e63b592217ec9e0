"""The table from Discord's errors to our exceptions, and the one place that uses it.

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.errors import Denied, Missing, Refused, ServiceError, Throttled, Unavailable

LOGIN_REFUSED = (
    "Discord refuses the bot's token (DISCORD_TOKEN). Make a new one in the developer portal (Bot, Reset Token)."
)
TOKEN_REFUSED = 4004
THREAD_EXISTS = 160004
NOT_IN_SERVER = 50001
INTERACTION_ACKNOWLEDGED = 40060
OLD_MESSAGE_EDITS = 30046
OLD_MESSAGE_PAUSE_SECONDS = 60.0
"""How long to leave a message alone that is over an hour old, once Discord refuses its edits."""

_BY_CODE: dict[int, type[ServiceError]] = {
    10003: Missing,  # unknown channel
    10004: Missing,  # unknown guild
    10008: Missing,  # unknown message
    50001: Denied,  # missing access
    50013: Denied,  # missing permissions
    50083: Denied,  # thread archived
    160005: Denied,  # thread locked
    OLD_MESSAGE_EDITS: Throttled,
}
_BY_STATUS: dict[int, type[ServiceError]] = {
    # A bad token is not the post's fault: waiting posts are delivered once there is a new one.
    401: Unavailable,
    403: Denied,
    404: Missing,
    408: Unavailable,
    429: Throttled,
}
_LONGEST = 400
PASSING = (aiohttp.ClientError, TimeoutError, OSError)
"""Errors of a failed connection that discord.py lets through."""


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Wrap every call to Discord: raise our exceptions, with discord.py's as their cause. `what` names the call."""
    try:
        yield
    except (discord.DiscordException, *PASSING) as error:
        raise translated(what, error) from error


def translated(what: str, error: Exception) -> ServiceError:
    """Convert an error of discord.py or of its connection into one of ours. `what` names the call for people."""
    if isinstance(error, discord.LoginFailure) or _closed_for_bad_token(error):
        return Denied(LOGIN_REFUSED, code="401")
    if isinstance(error, discord.ConnectionClosed):
        return Unavailable(f"{what}: Discord closed the connection: {_line(str(error))}", code=str(error.code))
    if isinstance(error, discord.HTTPException):
        return _http_error(what, error)
    if isinstance(error, PASSING):
        return Unavailable(f"{what}: no answer from Discord ({type(error).__name__}: {_line(str(error))})")
    return Refused(f"{what}: {_line(str(error))}")


def _closed_for_bad_token(error: Exception) -> bool:
    return isinstance(error, discord.ConnectionClosed) and error.code == TOKEN_REFUSED


def _http_error(what: str, error: discord.HTTPException) -> ServiceError:
    kind = _kind(error.status, error.code)
    code = str(error.code) if error.code else str(error.status)
    text = f"{what}: {_line(error.text) or 'Discord gave no reason'} ({code})"
    if kind is Throttled:
        pause = OLD_MESSAGE_PAUSE_SECONDS if error.code == OLD_MESSAGE_EDITS else 0.0
        return Throttled(text, code=code, retry_after=pause)
    return kind(text, code=code)


def _kind(status: int, code: int) -> type[ServiceError]:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status >= 500 or (status == 403 and not code):  # a 403 without a code comes from a proxy
        return Unavailable
    return _BY_STATUS.get(status, Refused)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
