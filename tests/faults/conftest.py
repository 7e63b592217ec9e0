"""A thousand lives of the bot have nothing to tell."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.bot.chat.conftest import room
from tests.bot.services.conftest import bot, outside, store

__all__ = ["bot", "outside", "room", "store"]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)
