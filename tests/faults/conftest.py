"""A thousand lives of the bot have nothing to tell."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from deploy.sandbox.session import Sandbox, sandbox
from tests.bot.chat.room import room
from tests.support.services import bot, outside, store
from tests.support.waiting import PATIENT

__all__ = ["bot", "outside", "room", "store"]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """The sandbox; its bot is not started."""
    async with sandbox(limits=PATIENT) as started:
        yield started
