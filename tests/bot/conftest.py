"""What the bot's tests share: a real store in a temporary folder, and jobs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.sqlite import SqliteStore, open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path / "signalbox.db") as opened:
        yield opened
