"""The bot with a store, without caps."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from tests.bot.services.remedies.scene import Scene
from tests.support.services import Outside


@pytest.fixture
async def scene(outside: Outside, tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_store(tmp_path / "signalbox.db", now=outside.clock) as store:
        yield Scene(outside, store, tmp_path)
