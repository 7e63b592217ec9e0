"""A gateway that fails at the first connection: the bot connects again, and its log has no traceback."""

import logging
from collections.abc import Awaitable, Callable

import pytest
import structlog
from aiohttp import web

from bot.chat.client import SignalboxClient
from deploy.sandbox.discord.gateway.sockets import Sockets
from deploy.sandbox.discord.server import DiscordStandIn
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.room import connected, settings
from tests.bot.chat.services import FakeServices
from tests.support.waiting import UNHURRIED

FAILURES = 3

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def closes_with(code: int) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close(code=code)
        return socket

    return answer


async def cuts(request: web.Request) -> web.StreamResponse:
    """After the handshake, without a close frame."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    assert request.transport is not None
    request.transport.abort()
    return socket


async def bad_gateway(_: web.Request) -> web.StreamResponse:
    return web.Response(status=502, text="<html>502 Bad Gateway</html>")


ANSWERS = {
    "cut after the handshake": cuts,
    "502": bad_gateway,
    # https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes: all but
    # 4004 and 4010 to 4014 say "Reconnect: true". 1000, 1001, 1011: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
    **{f"closed with {code}": closes_with(code) for code in (1000, 1001, 1011, 4000, 4008)},
}


@pytest.mark.slow
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_a_first_connection_that_fails_is_made_again(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, well = 0, Sockets.serve

    async def serve(sockets: Sockets, request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        return await (answer(request) if asked <= FAILURES else well(sockets, request))

    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(Sockets, "serve", serve)
    monkeypatch.setattr("discord.backoff.ExponentialBackoff.delay", lambda _: 0.01)
    async with DiscordStandIn(limits=UNHURRIED) as discord:
        client = SignalboxClient(settings(discord), (PROJECT,), sleep=sleep)
        client.attach(FakeServices().services())
        with structlog.testing.capture_logs() as logs, caplog.at_level(logging.WARNING):
            async with connected(client, discord.token):
                assert asked == FAILURES + 1
    assert pauses == [1.0, 2.0, 4.0]
    failed = [entry for entry in logs if entry["event"] == "could not connect to the gateway, trying again"]
    assert len(failed) == FAILURES
    assert not [entry for entry in failed if "sequence" in entry["error"]], "the cause, not discord.py's own error"
    assert not [record for record in caplog.records if record.exc_info]
