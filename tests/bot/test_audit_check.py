"""`signalbox audit`: a store in use, a snapshot and an export are checked, and what was tampered with is named."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.adapters.sqlite import SqliteStore
from bot.domain.audit.entry import Entry

ROOT = Path(__file__).parents[2]


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["audit", *map(str, arguments)])
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture
async def stored(store: SqliteStore, tmp_path: Path) -> Path:
    """A store in use, with a config that points at it."""
    for number in range(5):
        await store.audit(Entry(str(number), "/train"))
    text = (ROOT / "config.example.toml").read_text()
    (tmp_path / "config.toml").write_text(text.replace('# data_dir = "var"', f'data_dir = "{tmp_path}"'))
    return tmp_path / "signalbox.db"


async def test_store_in_use_a_snapshot_and_an_export_are_whole(
    stored: Path, store: SqliteStore, tmp_path: Path
) -> None:
    anchor = str(await store.audit_anchor())
    await store.snapshot(tmp_path / "copy.db")
    config = tmp_path / "config.toml"
    assert run("export", tmp_path / "out.jsonl", "--config", config) == (
        0,
        f"5 entries in {tmp_path / 'out.jsonl'}. The newest: {anchor}",
    )
    assert (tmp_path / "out.jsonl").stat().st_mode & 0o777 == 0o600
    for path in (stored, tmp_path / "copy.db", tmp_path / "out.jsonl"):
        assert run("verify", path, "--anchor", anchor) == (
            0,
            f"{path}: 5 entries, 1 to 5, nothing wrong. The newest: {anchor}",
        )
    assert run("verify", "--config", config)[0] == 0


async def test_what_was_done_to_an_export_is_named(stored: Path, store: SqliteStore, tmp_path: Path) -> None:
    anchor, out = str(await store.audit_anchor()), tmp_path / "out.jsonl"
    run("export", out, "--config", tmp_path / "config.toml")
    lines = out.read_text().splitlines(keepends=True)
    for changed, words in (
        ([lines[0], lines[1].replace("/train", "/stop"), *lines[2:]], "Entry 2 was changed"),
        ([*lines[:2], *lines[3:]], "Entry 2 is followed by entry 4"),
        (lines[:-1], "the chain ends at 4"),
        ([*lines[:3], "nonsense\n", *lines[3:]], "position 4 cannot be read"),
    ):
        out.write_text("".join(changed))
        code, said = run("verify", out, "--anchor", anchor)
        assert code == 1
        assert words in said
        assert "tampered" in said


async def test_row_moved_in_the_store_is_named(store: SqliteStore, stored: Path, tmp_path: Path) -> None:
    await store.snapshot(tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as db:
        db.execute("DROP TRIGGER audit_refuses_update")
        db.execute("UPDATE audit SET number = 9 WHERE number = 2")
        db.commit()
    code, said = run("verify", tmp_path / "copy.db")
    assert code == 1
    assert "cannot be read" in said


async def test_what_cannot_be_checked_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.execute("CREATE TABLE job (x)")
        db.commit()
    assert run("verify", tmp_path / "empty") == (0, f"{tmp_path / 'empty'} has no entries.")
    for arguments, words in (
        (("verify", tmp_path / "gone"), "cannot be opened"),
        (("verify", tmp_path / "other.db"), "has no audit"),
        (("verify", tmp_path / "empty", "--anchor", "12"), "no anchor"),
        (("export", tmp_path, "--config", tmp_path / "none.toml"), "does not exist"),
    ):
        code, said = run(*arguments)
        assert (code, words in said) == (1, True), said
