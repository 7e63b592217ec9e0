"""Files that the bot replaces are the old ones or the new ones: a kill or a full disk in between leaves no half."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import restore
from bot.adapters.aws import token_lease
from bot.adapters.git.mirror import Mirror
from bot.config import config_file
from bot.services.sweeps import refresh_board

Write = Callable[[Path], None]
WRITERS: dict[str, tuple[str, Write]] = {
    "a mirror's note": ("allowed.json", lambda folder: Mirror._note(folder, frozenset({"main", "wider-net"}))),
    "a snapshot from S3": ("from-s3.db", lambda folder: restore._write(folder / "from-s3.db", b"new content", 1.0)),
    "the lease's holder": ("instance", lambda folder: token_lease._write_down(folder, "new content")),
    "a sweep's picture": ("picture.png", lambda folder: refresh_board._write(folder / "picture.png", b"new content")),
    "the config": ("config.toml", lambda folder: config_file.replace(folder / "config.toml", "new = true")),
}


@pytest.mark.parametrize(("name", "write"), WRITERS.values(), ids=WRITERS)
def test_a_write_that_is_cut_off_leaves_the_old_file(
    name: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text("old")
    write(tmp_path)
    assert (tmp_path / name).read_bytes() not in (b"", b"old")
    (tmp_path / name).write_text("old")
    whole = Path.write_bytes

    def cut_off(path: Path, content: bytes) -> int:
        whole(path, content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", cut_off)
    monkeypatch.setattr(Path, "write_text", lambda path, text, **_: cut_off(path, text.encode()))
    with pytest.raises(OSError, match="No space"):
        write(tmp_path)
    assert (tmp_path / name).read_bytes() == b"old"
