"""A bot with fake services, connected to the stand-in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from bot.chat.client import SignalboxClient
from bot.config import Discord
from deploy.sandbox.discord.limits import Limits
from deploy.sandbox.discord.person import Person
from deploy.sandbox.discord.server import DiscordStandIn
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.services import FakeServices


@dataclass(frozen=True)
class Room:
    """Everything in one test's channel."""

    discord: DiscordStandIn
    client: SignalboxClient
    services: FakeServices
    mika: Person
    guest: Person

    @property
    def channel_id(self) -> int:
        return int(self.discord.channels["training"])


def settings(discord: DiscordStandIn) -> Discord:
    return Discord(guild_id=int(discord.ready()["guild_id"]), api_url=discord.api, gateway_url=discord.gateway_url)


@asynccontextmanager
async def connected(client: SignalboxClient, token: str) -> AsyncIterator[None]:
    async with client:
        task = asyncio.create_task(client.start(token))
        try:
            async with asyncio.timeout(20):
                await client.ready()
            yield
        finally:
            await client.close()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    fake = FakeServices()
    async with DiscordStandIn(limits=Limits(enabled=False)) as discord:
        client = SignalboxClient(settings(discord), (PROJECT,))
        client.attach(fake.services())
        mika, guest = Person(discord.url, "mika"), Person(discord.url, "guest")
        async with connected(client, discord.token), mika, guest:
            yield Room(discord, client, fake, mika, guest)
        assert not discord.discord.core.ledger.of("error")
        assert [entry.details for entry in discord.discord.core.ledger.of("openapi.violation")] == []
