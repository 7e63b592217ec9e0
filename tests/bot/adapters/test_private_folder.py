import os
import stat
from pathlib import Path

import pytest

from bot.adapters.private_folder import make_private
from bot.adapters.sqlite.store import open_store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def usual_umask() -> None:
    os.umask(0o022)


def test_a_new_folder_is_the_owners_alone(tmp_path: Path) -> None:
    make_private(tmp_path / "a" / "var")
    assert mode(tmp_path / "a" / "var") == 0o700


@pytest.mark.parametrize(("before", "after"), [(0o755, 0o700), (0o777, 0o700), (0o750, 0o700), (0o2755, 0o2700)])
async def test_opening_the_store_closes_a_folder_that_was_open(tmp_path: Path, before: int, after: int) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    folder.chmod(before)
    async with open_store(folder / "signalbox.db"):
        assert mode(folder) == after
        assert {mode(path) for path in folder.iterdir()} == {0o600}


def test_a_folder_of_another_owner_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    make_private(folder)
    assert mode(folder) == 0o755
