"""A repository to fetch from, and the bot's access to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.git import code_source
from bot.adapters.git.code_source import GitCode
from tests.bot.adapters.git.remote import Remote


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Suggestions wait for a fetch however slow the machine is; a test that means the time sets it."""
    monkeypatch.setattr(code_source, "PATIENCE_SECONDS", 60)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote.git")


@pytest.fixture
async def code(tmp_path: Path) -> AsyncIterator[GitCode]:
    async with GitCode(tmp_path / "cache") as git_code:
        yield git_code
