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
NO_MUTUAL_SERVER = 50278
INTERACTION_ACKNOWLEDGED = 40060
OLD_MESSAGE_EDITS = 30046
OLD_MESSAGE_PAUSE_SECONDS = 60.0
"""How long to leave a message alone that is over an hour old, once Discord refuses its edits."""

_BY_CODE: dict[int, type[ServiceError]] = {
    10003: Missing,  # Unknown channel
    10004: Missing,  # Unknown guild
    10008: Missing,  # Unknown message
    10013: Missing,  # Unknown user
    50008: Missing,  # Cannot send messages in a non-text channel
    50024: Missing,  # Cannot execute action on this channel type: it has no threads
    NOT_IN_SERVER: Denied,  # Missing access
    50007: Denied,  # Cannot send messages to this user
    50013: Denied,  # You lack permissions to perform that action
    50083: Denied,  # This thread is archived
    NO_MUTUAL_SERVER: Denied,  # Cannot send messages to this user due to having no mutual guilds
    160005: Denied,  # This thread is locked
    OLD_MESSAGE_EDITS: Throttled,
    20016: Throttled,  # This action cannot be performed due to slowmode rate limit
    20028: Throttled,  # The write action you are performing on the channel has hit the write rate limit
    20029: Throttled,  # The write action you are performing on the server has hit the write rate limit
    40062: Throttled,  # Service resource is being rate limited
    40006: Unavailable,  # This feature has been temporarily disabled server-side
    130000: Unavailable,  # API resource is currently overloaded. Try again a little later
    40333: Unavailable,  # internal network error: Cloudflare's, with status 403 (discord-api-docs issue 6473)
}
"""The codes that are more than a refusal of one request.

`Missing` settles a place for good: the channel, the thread or the message is gone. `Denied` settles it until people
change something: it is closed to the bot. A refusal with any other code is about the one request: 240000, "Message
blocked by harmful links filter", about a message; 30033, "Maximum number of thread participants reached (1000)", about
a member; 160006, "Maximum number of active threads reached", about a thread.
"""
_BY_STATUS: dict[int, type[ServiceError]] = {
    # A bad token is not the post's fault: waiting posts are delivered once there is a new one.
    401: Unavailable,
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
    """Only a JSON error code makes an answer Discord's last word.

    Proxies on the way send 400, 403 and 404 with a page of HTML: `400 Bad Request (error code: 0): <html><title>Error
    400 (Bad Request)!!1</title>` (DAB issue 100), `<center>cloudflare</center>` (DiscordMessenger issue 198).
    Assumption: proxy-pages. 240000 is about one message, also if the address is in code. Assumption: link-filter.
    """
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return Refused if code and status < 500 else Unavailable


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
