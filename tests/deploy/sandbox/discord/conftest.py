"""Two stand-ins: one without a server and with a clock that the test sets, and one behind HTTP."""

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
