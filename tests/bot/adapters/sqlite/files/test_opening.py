"""Opening a store: made for its owner, brought up to date, refused where it cannot serve."""

import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.connection import Connection, connect
from bot.adapters.sqlite.schema import MIGRATIONS, Migration, migrate
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Job
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Space
from bot.domain.model.states import JobState
from bot.errors import StoreError
from tests.support.jobs import make_job, make_sweep
from tests.support.rows import submission


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "signalbox.db"


async def _begin(path: Path) -> str:
    """A store with some pages in it; the id of its job."""
    async with open_store(path) as store:
        job = await store.add(make_job(), [])
        await store.append_log(job.id, [LogEvent(str(n), "s", n, "x" * 500) for n in range(500)], lambda *_: None)
    return job.id


async def _open(path: Path) -> None:
    async with open_store(path):
        pass


class TestFiles:
    async def test_are_for_their_owner_alone(self, path: Path) -> None:
        before = os.umask(0)
        try:
            async with open_store(path) as store:
                await store.add(make_job(), [])
                modes = {each.name: _mode(each) for each in path.parent.iterdir()}
        finally:
            os.umask(before)

        assert _mode(path.parent) == 0o700
        names = ["signalbox.db", "signalbox.db-shm", "signalbox.db-wal", "signalbox.db.lock"]
        assert modes == dict.fromkeys(names, 0o600)

    async def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "data").write_text("a file")

        with pytest.raises(StoreError, match="cannot be opened"):
            await _begin(tmp_path / "data" / "s.db")

    async def test_a_folder_in_place_of_the_file(self, path: Path) -> None:
        path.mkdir(parents=True)

        with pytest.raises(StoreError, match="cannot be opened"):
            await _begin(path)


class TestDamage:
    async def test_something_else_than_a_database(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(b"not a database, but long enough to be taken for one " * 100)

        with pytest.raises(StoreError, match=r"signalbox.db cannot be used .*Move it away"):
            await _open(path)

    async def test_pages_that_were_overwritten(self, path: Path) -> None:
        """Where nothing of the opening looks: a page of the log."""
        await _begin(path)
        content = bytearray(path.read_bytes())
        damaged = content.index(b"x" * 500) // 4096 * 4096
        content[damaged : damaged + 4096] = bytes(range(256)) * 16
        path.write_bytes(content)

        with pytest.raises(StoreError, match="is damaged"):
            await _open(path)

    async def test_a_file_that_was_cut_off(self, path: Path) -> None:
        await _begin(path)
        os.truncate(path, path.stat().st_size // 2)

        with pytest.raises(StoreError, match="is damaged"):
            await _open(path)

    async def test_a_refused_store_can_be_opened_when_it_is_mended(self, path: Path) -> None:
        job_id = await _begin(path)
        whole = path.read_bytes()
        os.truncate(path, len(whole) // 2)
        with pytest.raises(StoreError):
            await _open(path)

        path.write_bytes(whole)

        async with open_store(path) as store:
            assert await store.job(job_id) is not None


class TestVersions:
    async def test_a_newer_one_is_refused_and_left_as_it_is(self, path: Path) -> None:
        await _begin(path)
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        before = path.read_bytes()

        with pytest.raises(StoreError, match=rf"version {len(MIGRATIONS) + 1}.* up to {len(MIGRATIONS)}.*newer"):
            await _begin(path)
        assert path.read_bytes() == before

    async def test_a_database_of_another_program_is_refused(self, path: Path) -> None:
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE recipe (name TEXT)")

        with pytest.raises(StoreError, match="another program"):
            await _begin(path)


class TestMigrations:
    @pytest.fixture
    def db(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Connection)) as opened:
            yield opened

    def test_each_is_applied_once_and_in_order(self, db: sqlite3.Connection) -> None:
        migrate(db, [_sql("CREATE TABLE a (x)")])
        steps = [_sql("would fail if it were applied again"), _sql("ALTER TABLE a RENAME TO b")]
        migrate(db, steps)
        assert _state(db) == (2, {"b"})

        migrate(db, steps)
        assert _state(db) == (2, {"b"})

    def test_one_that_fails_in_its_middle_is_not_applied(self, db: sqlite3.Connection) -> None:
        good = _sql("CREATE TABLE a (x)")

        with pytest.raises(sqlite3.OperationalError, match="syntax error"):
            migrate(db, [good, _sql("CREATE TABLE b (x)", "DROP TABLE a", "fails")])
        assert _state(db) == (1, {"a"})

        migrate(db, [good, _sql("CREATE TABLE b (x)")])
        assert _state(db) == (2, {"a", "b"})


def _sql(*statements: str) -> Migration:
    def migration(db: sqlite3.Connection) -> None:
        for statement in statements:
            db.execute(statement)

    return migration


def _state(db: sqlite3.Connection) -> tuple[int, set[str]]:
    """The version, and the tables."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    return version, {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}


class TestOlderStores:
    async def test_jobs_from_before_the_sweeps(self, path: Path) -> None:
        """Written by version 2: nothing is lost, and sweeps can be added."""
        old, ended = make_job(), make_job(state=JobState.FAILED)
        path.parent.mkdir()
        with closing(connect(path)) as db:
            migrate(db, MIGRATIONS[:2])
            for job in (old, ended):
                _insert_as_of_version_2(db, job)
        sweep = make_sweep(Plan("lr=1,2", Space(()), Search.GRID, 2))

        async with open_store(path) as store:
            assert await store.jobs() == [ended, old]
            assert await store.jobs(project=old.run.project, live=True) == [old]
            assert await store.jobs(channel_id=old.request.channel_id, live=False) == [ended]
            await store.add(sweep, [])
            new = submission(sweep, 0, "0-1", 2)
            await store.add_submissions(sweep.id, [new], lambda _: None)
            assert await store.jobs() == [sweep, ended, old]
            assert await store.submissions(sweep.id) == [new]


def _insert_as_of_version_2(db: sqlite3.Connection, job: Job) -> None:
    """With a few of the fields that it had, in one flat object."""
    commit = {"sha": job.run.commit.sha, "branch": job.run.commit.branch, "subject": job.run.commit.subject}
    request = {name: getattr(job.request, name) for name in job.request.__dataclass_fields__}
    run = {"project": job.run.project, "commit": commit, "parameters": job.run.parameters, "timeout_seconds": 3600}
    raw = {"id": job.id, **request, **run, "state": job.execution.state}
    db.execute(
        """INSERT INTO job (id, interaction_id, project, channel_id, asker_id, live, open, log_posted, json)
        VALUES (?, ?, ?, ?, ?, ?, 1, 0, ?)""",
        (
            job.id,
            job.request.interaction_id,
            job.run.project,
            job.request.channel_id,
            job.request.asker_id,
            job.execution.live,
            json.dumps(raw),
        ),
    )


class TestLease:
    async def test_a_second_one_is_refused_and_told_who_has_it(self, path: Path) -> None:
        async with open_store(path):
            with pytest.raises(StoreError, match=rf"process {os.getpid()} on .+, since \d{{4}}-\d\d-\d\d"):
                await _begin(path)

    async def test_it_ends_with_the_store(self, path: Path) -> None:
        for _ in range(3):
            await _begin(path)

    async def test_other_stores_are_free(self, path: Path) -> None:
        async with open_store(path), open_store(path.with_name("other.db")) as other:
            assert await other.unfinished() == []

    @pytest.mark.parametrize("signature", [b"", b"{", b"[]", b"{}"])
    async def test_a_holder_that_has_not_signed_yet(self, path: Path, signature: bytes) -> None:
        async with open_store(path):
            path.with_name("signalbox.db.lock").write_bytes(signature)
            with pytest.raises(StoreError, match="only just begun"):
                await _begin(path)


class TestSnapshot:
    async def test_is_a_store_as_of_that_moment(self, path: Path, tmp_path: Path) -> None:
        target = tmp_path / "snapshots" / "monday.db"
        async with open_store(path) as store:
            job = await store.add(make_job(), [])
            await store.snapshot(target)
            await store.add(make_job(), [])

        assert [each.name for each in target.parent.iterdir()] == ["monday.db"]
        assert (_mode(target.parent), _mode(target)) == (0o700, 0o600)
        with closing(sqlite3.connect(target)) as db:
            assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        async with open_store(target) as copy:
            assert await copy.unfinished() == [job]

    async def test_replaces_the_one_before(self, path: Path, tmp_path: Path) -> None:
        target = tmp_path / "snapshot.db"
        async with open_store(path) as store:
            await store.snapshot(target)
            job = await store.add(make_job(), [])
            await store.snapshot(target)

        async with open_store(target) as copy:
            assert await copy.unfinished() == [job]

    async def test_what_a_killed_one_has_left_is_no_obstacle(self, path: Path, tmp_path: Path) -> None:
        for name in ("snapshot.db.part", "snapshot.db.part-journal"):
            (tmp_path / name).write_bytes(b"half" * 2_000)

        async with open_store(path) as store:
            await store.snapshot(tmp_path / "snapshot.db")

        assert sorted(each.name for each in tmp_path.iterdir()) == ["data", "snapshot.db"]
        await _open(tmp_path / "snapshot.db")

    async def test_one_that_fails_leaves_nothing(self, path: Path, tmp_path: Path) -> None:
        target = tmp_path / "snapshots"
        (target / "not empty").mkdir(parents=True)
        async with open_store(path) as store:
            with pytest.raises(StoreError, match=r"The snapshot .*snapshots cannot be opened"):
                await store.snapshot(target)

        assert sorted(each.name for each in tmp_path.iterdir()) == ["data", "snapshots"]
