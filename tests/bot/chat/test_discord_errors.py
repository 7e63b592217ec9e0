"""Each row of the table, with the exceptions as discord.py makes them."""

from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.chat.discord_errors import calling, translated
from bot.errors import Denied, Missing, Refused, ServiceError, Throttled, Unavailable


def answered(status: int, code: int = 0, text: str = "no") -> discord.HTTPException:
    kind = {403: discord.Forbidden, 404: discord.NotFound}.get(status, discord.HTTPException)
    response = cast("Any", SimpleNamespace(status=status, reason="reason"))
    return kind(response, {"code": code, "message": text})


def closed(code: int) -> discord.ConnectionClosed:
    return discord.ConnectionClosed(cast("Any", SimpleNamespace(close_code=code)), shard_id=None, code=code)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answered(404, 10003), Missing),
        (answered(404, 10008), Missing),
        (answered(404), Unavailable),
        (answered(404, 0, "<html>Not Found</html>"), Unavailable),
        (answered(400, 0, "<html>Bad Request</html>"), Unavailable),
        (answered(413, 0, "<html>Request Entity Too Large</html>"), Unavailable),
        (answered(404, 10062), Refused),
        (answered(404, 10013), Missing),
        (answered(403, 40333), Unavailable),
        (answered(403, 50001), Denied),
        (answered(403, 50013), Denied),
        (answered(403, 20001), Refused),
        (answered(403, 50007), Denied),
        (answered(400, 240000), Refused),
        (answered(400, 50083), Denied),
        (answered(400, 160005), Denied),
        (answered(403, 0, "<html>blocked</html>"), Unavailable),
        (answered(401), Unavailable),
        (answered(429), Throttled),
        (answered(429, 30046), Throttled),
        (answered(400, 30046), Throttled),
        (answered(500), Unavailable),
        (answered(503), Unavailable),
        (answered(400, 50035), Refused),
        (answered(400, 160006), Refused),
        (answered(400, 160004), Refused),
        (answered(400, 30033), Refused),
        (answered(400, 200000), Refused),
        (answered(413, 40005), Refused),
        (answered(404, 10004), Missing),
        (answered(400, 50008), Missing),
        (answered(400, 50024), Missing),
        (answered(403, 50278), Denied),
        (answered(429, 20016), Throttled),
        (answered(400, 20028), Throttled),
        (answered(400, 20029), Throttled),
        (answered(429, 40062), Throttled),
        (answered(403, 40006), Unavailable),
        (answered(400, 130000), Unavailable),
        (answered(503, 130000), Unavailable),
        (answered(502, 0, "<html>Bad Gateway</html>"), Unavailable),
        (answered(520, 0, "<html>unknown error</html>"), Unavailable),
        (discord.LoginFailure("Improper token"), Denied),
        (closed(4004), Denied),
        (closed(4013), Unavailable),
        (aiohttp.ServerDisconnectedError(), Unavailable),
        (aiohttp.ClientPayloadError(), Unavailable),
        (ConnectionResetError(104, "reset"), Unavailable),
        (TimeoutError(), Unavailable),
        (discord.InvalidData("what is this"), Refused),
    ],
    ids=str,
)
def test_each_error_has_its_kind(error: Exception, kind: type[ServiceError]) -> None:
    found = translated("Posting", error)
    assert type(found) is kind
    assert str(found).startswith(("Posting: ", "Discord refuses the bot's token"))


def test_code_and_waiting_time_are_passed_on() -> None:
    assert translated("Posting", answered(404, 10008)).code == "10008"
    old = translated("Editing", answered(429, 30046))
    assert isinstance(old, Throttled)
    assert old.retry_after == 60


def test_cause_is_chained_and_our_own_bugs_pass_through() -> None:
    cause = answered(403, 50013, "Missing\n" + "Permissions " * 100)
    with pytest.raises(Denied) as caught, calling("Posting a card"):
        raise cause
    assert caught.value.__cause__ is cause
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 450
    with pytest.raises(KeyError), calling("Posting a card"):
        raise KeyError("ours")
