"""A bot with fake services, connected to the stand-in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from bot.chat.client import SignalboxClient
from bot.config.discord import Discord
from bot.domain.model.job import Job
from bot.domain.posts import PostKind
from bot.services.people.permits import Permits
from deploy.sandbox.discord.limits.faults import read_fault
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.server import DiscordStandIn
from tests.bot.chat.jobs import PROJECT, a_post
from tests.bot.chat.services import GRANTS, FakeServices
from tests.support.rows import changed
from tests.support.waiting import PATIENCE, UNHURRIED

CHANNEL = "training"
EPHEMERAL = 64
"""The flag of a message that only one person sees."""
# Far above the ids that tests give their own posts: a nonce comes from the id and is the author's in every channel.
_POST_IDS = count(10_000)


@dataclass(frozen=True)
class Room:
    """Everything in one test's channel."""

    discord: DiscordStandIn
    client: SignalboxClient
    services: FakeServices
    mika: Person
    guest: Person

    async def posted(self, job: Job) -> Json:
        """The job's card as Discord shows it, from now on known to the services."""
        message_id = await self.client.poster.send(a_post(PostKind.CARD, id=next(_POST_IDS)), job)
        self.services.known[job.id] = changed(job, card_id=message_id)
        return (await self.mika.messages(CHANNEL))[-1]

    def fault(self, method: str, path: str, **fault: Any) -> None:
        """The next request that matches fails, as the sandbox's README says."""
        self.discord.discord.core.faults.add(read_fault({"method": method, "path": path, **fault}))

    @property
    def faults(self) -> int:
        """How many requests have met one."""
        return len(self.discord.discord.core.ledger.of("fault"))

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
            async with asyncio.timeout(PATIENCE):
                await client.ready()
            yield
        finally:
            await client.close()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with DiscordStandIn(limits=UNHURRIED) as discord:
        fake = FakeServices(permits=Permits(GRANTS, settings(discord).guild_id))
        client = SignalboxClient(settings(discord), (PROJECT,))
        client.attach(fake.services())
        mika, guest = Person(discord.url, "mika"), Person(discord.url, "guest")
        async with connected(client, discord.token), mika, guest:
            yield Room(discord, client, fake, mika, guest)
        assert not discord.discord.core.ledger.of("error")
        assert [entry.details for entry in discord.discord.core.ledger.of("openapi.violation")] == []
