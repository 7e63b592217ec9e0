"""The audit in the store: written with its effect, once, append-only, and found again."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.adapters.sqlite.connection import Connection, connect
from bot.adapters.sqlite.schema import MIGRATIONS, migrate
from bot.domain.audit.chain import GENESIS, NO_ENTRY, Anchor, Link, problems
from bot.domain.audit.entry import Actor, Decision, Does, Effect, Entry, Place
from bot.domain.model.execution import Stop
from bot.domain.model.plan import Plan, Search
from bot.domain.model.rows import Row
from bot.domain.model.space import Space
from bot.domain.model.states import EndReason
from bot.domain.model.trial import Trial
from bot.domain.posts import Change
from bot.errors import StoreError
from bot.ports.audit import Wanted, asking
from tests.support.jobs import make_job, make_sweep

MIKA = Actor(1, "mika", (5, 3))
GRID = Plan("lr=1,2", Space(()), Search.GRID, 2)


@contextmanager
def asked(entry: Entry) -> Iterator[None]:
    token = asking.set(entry)
    try:
        yield
    finally:
        asking.reset(token)


def an_entry(once: str = "11", what: str = "/train", **changes: Any) -> Entry:
    return replace(Entry(once, what, MIKA), **changes)


async def whole(store: SqliteStore) -> list[Link]:
    links = await store.audit_chain(1, 1_000)
    assert list(problems(links, [await store.audit_anchor()])) == []
    return links


async def said(store: SqliteStore) -> list[tuple[str, str, str]]:
    """Who, what follows, and for which job, oldest first."""
    return [(str(f["by"]["id"]), str(f["does"]), str(f["job"])) for f in (link.fields for link in await whole(store))]


class TestEffects:
    async def test_start_is_one_commit_with_its_entry(self, store: SqliteStore) -> None:
        job = make_job()
        with asked(an_entry()):
            await store.add(job, [])
            await store.add(job, [])
        assert await said(store) == [("1", "start", job.id)]
        (link,) = await whole(store)
        assert link.fields["project"] == "mnist"
        assert link.fields["by"] == {"id": "1", "name": "mika", "roles": ["3", "5"]}

    async def test_start_that_is_not_committed_leaves_no_entry(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])
        before = await said(store)
        with asked(an_entry()), pytest.raises(StoreError, match="is taken"):
            await store.add(make_job(id=job.id), [])
        assert await said(store) == before

    async def test_start_without_an_interaction_names_whoever_asked(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])
        assert await said(store) == [("7001", "start", job.id)]

    async def test_stop_and_other_changes(self, store: SqliteStore) -> None:
        job = make_job()
        with asked(an_entry()):
            await store.add(job, [])
        with asked(an_entry("12", "/stop")):
            await store.change(job.id, lambda row: Change(replace(row, execution=row.execution.explained("why"))))
            assert len(await said(store)) == 1
            await store.change(job.id, _stop)
            await store.change(job.id, _stop)
        assert await said(store) == [("1", "start", job.id), ("1", "stop", job.id)]

    async def test_stop_of_a_trial(self, store: SqliteStore) -> None:
        sweep = make_sweep(GRID)
        with asked(an_entry()):
            await store.add(sweep, [], [Trial(0), Trial(1)])
        with asked(an_entry("12", "/stop")):
            await store.record(sweep.id, [Trial(1, stop_by="mika")], lambda _: None)
        assert (await said(store))[1:] == [("1", "stop", f"{sweep.id}.1")]

    async def test_preview_and_cancel(self, store: SqliteStore) -> None:
        sweep = make_sweep(GRID)
        with asked(an_entry()):
            await store.keep_draft(sweep)
        with asked(an_entry("12", "button cancel_sweep")):
            await store.drop_draft(sweep.id)
        assert await said(store) == [("1", "preview", sweep.id), ("1", "cancel", sweep.id)]

    async def test_what_the_bot_does_by_itself(self, store: SqliteStore) -> None:
        """Two calls of the engine, as the first was throttled; then the job's time is over."""
        job = make_job()
        with asked(an_entry()):
            await store.add(job, [])
        for step in (
            lambda e: e.submit_called(10.0),
            lambda e: e.submit_refused(),
            lambda e: e.submit_called(20.0),
            lambda e: e.submitted("batch-1"),
            lambda e: e.explained("nothing new"),
            lambda e: e.moved_to("batch-2"),
            lambda e: e.ended(EndReason.TIMED_OUT, 30.0),
            lambda e: e.explained("afterwards"),
        ):
            await store.change(job.id, lambda row, step=step: Change(replace(row, execution=step(row.execution))))
        does = ["start", "submit", "submit", "submitted", "follow", "time limit"]
        assert [(whom, what) for whom, what, _ in await said(store)][1:] == [("0", what) for what in does[1:]]
        ids = [link.fields["engine_id"] for link in await whole(store)]
        assert ids == ["", "", "", "batch-1", "batch-2", "batch-2"]

    async def test_pruned_trial_is_named_once(self, store: SqliteStore) -> None:
        sweep = await store.add(make_sweep(GRID), [])
        for _ in range(2):
            await store.record(sweep.id, [Trial(0), Trial(1, pruned_at=5.0, engine_id="b:1")], lambda _: None)
        assert (await said(store))[1:] == [("0", "prune", f"{sweep.id}.1")]

    async def test_adopted_job(self, store: SqliteStore) -> None:
        job = make_job()
        job = replace(job, execution=job.execution.submitted("batch-1"))
        await store.add(job, [])
        sweep = make_sweep(GRID)
        await store.add(replace(sweep, publication=sweep.publication.recovered(5.0)), [])
        assert [what for _, what, _ in await said(store)] == ["adopt", "adopt"]

    async def test_many_at_once_keep_the_chain(self, store: SqliteStore) -> None:
        await asyncio.gather(*(store.audit(an_entry(str(number % 60))) for number in range(100)))
        assert len(await whole(store)) == 60


def _stop(row: Row) -> Change:
    return Change(replace(row, execution=row.execution.stop_requested(Stop("mika", 5.0, 1))))  # type: ignore[arg-type]


class TestSearch:
    @pytest.fixture
    async def filled(self, store: SqliteStore) -> SqliteStore:
        with asked(an_entry()):
            job = await store.add(make_job(id="swp222"), [])
        await store.audit(an_entry("12", "/status", effect=Effect(Does.NOTHING, f"{job.id}.4")))
        await store.audit(an_entry("13", "/plot", by=Actor(2, "noor"), decided=Decision.REFUSED, why="No."))
        await store.audit(an_entry("14", "/plot", effect=Effect(Does.NOTHING, "swp2229")))
        return store

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (Wanted(), ["14", "13", "12", "11"]),
            (Wanted(person_id=2), ["13"]),
            (Wanted(job="swp222"), ["12", "11"]),
            (Wanted(projects=("mnist",)), ["12", "11"]),
            (Wanted(projects=("walker",)), []),
            (Wanted(what="/plot"), ["14", "13"]),
            (Wanted(what="start"), ["11"]),
            (Wanted(decided="refused"), ["13"]),
            (Wanted(since=1_000.0), ["14", "13", "12", "11"]),
            (Wanted(since=1_000.5), []),
            (Wanted(person_id=1, what="/plot"), ["14"]),
        ],
    )
    async def test_filters(self, filled: SqliteStore, wanted: Wanted, found: list[str]) -> None:
        assert [link.fields["once"] for link in await filled.audited(wanted, 0, 100)] == found

    async def test_pages(self, filled: SqliteStore) -> None:
        pages = [await filled.audited(Wanted(), offset, 3) for offset in (0, 3, 6)]
        assert [[link.fields["once"] for link in page] for page in pages] == [["14", "13", "12"], ["11"], []]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET content = replace(content, 'mika', 'noor')",
        "UPDATE audit SET number = number + 10",
        "UPDATE OR REPLACE audit SET hash = ''",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE number = 2",
        "INSERT INTO audit (number, content, hash) SELECT 9, content, hash FROM audit WHERE number = 1",
        "INSERT OR REPLACE INTO audit (number, content, hash) SELECT number, content, 'x' FROM audit WHERE number = 2",
        "REPLACE INTO audit (number, content, hash) SELECT 3, json_set(content, '$.number', 3), hash FROM audit",
    ],
)
async def test_table_takes_nothing_but_the_next_entry(store: SqliteStore, statement: str) -> None:
    await store.audit(an_entry("11"))
    await store.audit(an_entry("12"))
    before = await whole(store)
    with pytest.raises(StoreError, match="append-only"):
        await store._write(lambda db: db.execute(statement))
    assert await whole(store) == before


async def test_store_of_an_earlier_version_begins_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with closing(connect(path)) as db:
        migrate(db, MIGRATIONS[:4])
        assert not _has_audit(db)
    async with open_store(path) as store:
        assert await store.audit_anchor() == NO_ENTRY
        await store.audit(an_entry())
        (link,) = await whole(store)
    assert link.fields["previous"] == GENESIS


async def test_snapshot_carries_it_and_stays_append_only(store: SqliteStore, tmp_path: Path) -> None:
    await store.audit(an_entry())
    await store.snapshot(tmp_path / "copy.db")
    await store.audit(an_entry("12"))
    async with open_store(tmp_path / "copy.db") as copy:
        (link,) = await whole(copy)
        with pytest.raises(StoreError, match="append-only"):
            await copy._write(lambda db: db.execute("DELETE FROM audit"))
    assert list(problems([link], [await store.audit_anchor()]))


async def test_tampered_store_is_found_out(store: SqliteStore) -> None:
    """By somebody who may write the file, and takes the triggers off first."""

    def tamper(db: sqlite3.Connection) -> None:
        db.execute("DROP TRIGGER audit_refuses_update")
        db.execute("UPDATE audit SET content = replace(content, 'mika', 'noor') WHERE number = 2")

    for once in ("11", "12", "13"):
        await store.audit(an_entry(once))
    await store._write(tamper)
    assert list(problems(await store.audit_chain(1, 10))) == [
        "Entry 2 was changed: its content does not give its hash."
    ]


async def test_anchor_is_the_newest_entry(store: SqliteStore) -> None:
    await store.audit(an_entry())
    (link,) = await whole(store)
    assert await store.audit_anchor() == Anchor(1, link.hash)


def _has_audit(db: Connection) -> bool:
    return bool(db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'audit'").fetchone())


async def test_an_entry_takes_less_than_a_kilobyte(tmp_path: Path) -> None:
    """docs/security.md says so: nothing deletes entries."""
    path, person, place = tmp_path / "store.db", Actor(10**18, "mika", (10**18, 10**18 + 1)), Place(10**18, 10**18, 0)
    async with open_store(path):
        pass
    empty = path.stat().st_size
    options, effect = {"branch": "main", "lr": "0.1", "epochs": "10"}, Effect(Does.START, "k7q2mx", "mnist")
    async with open_store(path) as store:
        for number in range(300):
            await store.audit(Entry(str(10**18 + number), "/train", person, place, options, effect=effect))
    assert 300 < (path.stat().st_size - empty) / 300 < 1_000
