"""A real store in a temporary folder, for all tests of the bot."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.services.running.wakeups import Wakeups


@pytest.fixture
async def store(tmp_path: Path, wakeups: Wakeups) -> AsyncIterator[SqliteStore]:
    """Its clock stands at 1,000 s."""
    async with open_store(tmp_path / "signalbox.db", now=lambda: 1_000.0, committed=wakeups.committed) as opened:
        yield opened
