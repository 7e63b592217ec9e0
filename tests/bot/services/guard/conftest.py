"""The services on the real store, with the outside in memory."""

import pytest

from tests.bot.services.guard.life import Life
from tests.support.services import Bot, Outside, bot, outside, store

__all__ = ["bot", "life", "outside", "store"]


@pytest.fixture
def life(bot: Bot, outside: Outside) -> Life:
    return Life(bot, outside)
