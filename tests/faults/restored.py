"""A bot on a store that `signalbox restore` has made."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.recovery import recover
from tests.support.services import Bot, Outside


@asynccontextmanager
async def restored(outside: Outside, path: Path, snapshots: list[Path], folder: Path) -> AsyncIterator[Bot]:
    """The bot after `signalbox restore`."""
    since = (outside.clock() - 7 * 86_400) if not snapshots else 0.0
    await asyncio.to_thread(recover, path, snapshots, outside.clock())
    async with open_store(path) as store:
        bot = Bot(outside, store, folder)
        await bot.reconcile.recover(since)
        yield bot
