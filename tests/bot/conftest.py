"""What the bot's tests share: a real store in a temporary folder, and jobs."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.domain.model.job import ID_ALPHABET, ID_LENGTH, Commit, Job

_numbers = itertools.count(1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Its clock stands at 1,000 s."""
    async with open_store(tmp_path / "signalbox.db", now=lambda: 1_000.0) as opened:
        yield opened


def make_job(**changes: Any) -> Job:
    """A job just asked for, as `/train` makes one; each has an id and an interaction of its own."""
    number = next(_numbers)
    job: dict[str, Any] = {
        "id": _id(number),
        "project": "mnist",
        "commit": Commit("a" * 40, "main", "Warm up the learning rate"),
        "parameters": {"lr": 0.1, "momentum": 0.5, "epochs": 10},
        "asker_id": 7001,
        "asker_name": "mika",
        "channel_id": 8001,
        "interaction_id": 9_000_000 + number,
        "created_at": 1_000_000.0 + number,
        "timeout_seconds": 3600,
    }
    return Job(**(job | changes))


def _id(number: int) -> str:
    letters = ""
    for _ in range(ID_LENGTH):
        number, place = divmod(number, len(ID_ALPHABET))
        letters = ID_ALPHABET[place] + letters
    return letters
