"""A stand-in without a server, whose clock stands until it is moved, and one that listens."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from deploy.sandbox.discord.server import DiscordStandIn
from tests.deploy.sandbox.discord.room import WORLD, Rest, Room


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
async def rest() -> AsyncIterator[Rest]:
    async with DiscordStandIn(WORLD, page_dir=None) as stand_in, aiohttp.ClientSession() as http:
        yield Rest(stand_in, http)
