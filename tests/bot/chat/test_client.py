"""Connecting: a refused token, an unreachable Discord, a server without the bot."""

import asyncio

import pytest
import structlog

from bot.chat.client import SignalboxClient
from bot.errors import Denied
from deploy.sandbox.discord.limits.faults import read_fault
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.server import DiscordStandIn
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.room import connected, settings
from tests.bot.chat.services import FakeServices
from tests.support.waiting import PATIENCE, UNHURRIED

pytestmark = pytest.mark.slow


async def test_refused_token_is_one_clear_error() -> None:
    async with DiscordStandIn() as discord, SignalboxClient(settings(discord), (PROJECT,)) as client:
        with pytest.raises(Denied, match=r"refuses the bot's token \(DISCORD_TOKEN\)"):
            await client.start("bm90aGluZw.x.y")


async def test_start_waits_for_discord() -> None:
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    async with DiscordStandIn(limits=UNHURRIED) as discord:
        for path in ("/users/@me", "/commands"):
            discord.discord.core.faults.add(read_fault({"fault": "status", "status": 503, "path": path, "times": 2}))
        client = SignalboxClient(settings(discord), (PROJECT,), sleep=sleep)
        client.attach(FakeServices().services())
        async with connected(client, discord.token), Person(discord.url, "mika") as mika:
            outcome = await mika.type("/help", channel="training", wait=True)
            assert outcome["message"]["embeds"]
        assert rests == [1, 2, 4, 8]


async def test_bot_outside_its_server_is_not_ready_and_logs_it() -> None:
    async with DiscordStandIn(limits=UNHURRIED) as discord:
        there = settings(discord)
        discord.discord.core.faults.add(read_fault({"fault": "status", "status": 200, "path": "/guilds/123/commands"}))
        client = SignalboxClient(there.model_copy(update={"guild_id": 123}), (PROJECT,))
        with structlog.testing.capture_logs() as logs:
            async with client, asyncio.timeout(PATIENCE):
                task = asyncio.create_task(client.start(discord.token))
                while not any("not in its server" in entry["event"] for entry in logs):
                    await asyncio.sleep(0.01)
                task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
