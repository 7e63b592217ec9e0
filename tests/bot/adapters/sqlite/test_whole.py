"""Whole or not at all, and never in anybody's way: cancelled calls, a full disk, a long history."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Job
from bot.domain.model.states import JobState
from bot.domain.posts import Change
from bot.errors import StoreError
from tests.support.jobs import make_job
from tests.support.rows import changed
from tests.support.waiting import PATIENCE


def _more(job: Job) -> Change:
    return Change(changed(job, revision=job.publication.revision + 1))


class _Slow:
    """A step that has begun when `begun` is set, and goes on when `go` is."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, job: Job) -> Change:
        self.begun.set()
        assert self.go.wait(PATIENCE)
        return _more(job)


@pytest.fixture
async def job(store: SqliteStore) -> Job:
    return await store.add(make_job(), [])


@pytest.fixture
async def slow(store: SqliteStore, job: Job) -> AsyncIterator[tuple[_Slow, "asyncio.Task[Job]"]]:
    """A change that the thread is in the middle of."""
    step = _Slow()
    task = asyncio.create_task(store.change(job.id, step))
    await asyncio.to_thread(step.begun.wait, 30)
    yield step, task
    step.go.set()


async def _cancel(task: "asyncio.Task[Job]") -> None:
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


class TestCancelled:
    async def test_in_the_middle_it_happens_whole(
        self, store: SqliteStore, job: Job, slow: tuple[_Slow, "asyncio.Task[Job]"]
    ) -> None:
        step, task = slow

        await _cancel(task)
        step.go.set()

        assert await store.job(job.id) == changed(job, revision=1)

    async def test_before_its_turn_it_does_not_happen(
        self, store: SqliteStore, job: Job, slow: tuple[_Slow, "asyncio.Task[Job]"]
    ) -> None:
        step, _ = slow
        ran = []

        def waiting(job: Job) -> Change:
            ran.append(job)
            return _more(job)

        await _cancel(asyncio.create_task(store.change(job.id, waiting)))
        step.go.set()

        assert await store.job(job.id) == changed(job, revision=1)
        assert ran == []

    async def test_the_loop_runs_on_while_the_thread_works(self, slow: tuple[_Slow, "asyncio.Task[Job]"]) -> None:
        step, task = slow

        for _ in range(100):
            await asyncio.sleep(0)
        assert not task.done()
        step.go.set()

        assert (await task).publication.revision == 1


class TestClosing:
    async def test_what_was_begun_is_finished_first(self, tmp_path: Path) -> None:
        async with open_store(tmp_path / "s.db") as store:
            job = await store.add(make_job(), [])
            tasks = [asyncio.create_task(store.change(job.id, _more)) for _ in range(20)]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)

        async with open_store(tmp_path / "s.db") as store:
            assert await store.job(job.id) == changed(job, revision=20)

    async def test_a_closed_store_says_so(self, tmp_path: Path) -> None:
        async with open_store(tmp_path / "s.db") as store:
            pass

        with pytest.raises(StoreError, match="closed"):
            await store.unfinished()

    async def test_a_closed_store_is_one_file(self, tmp_path: Path) -> None:
        async with open_store(tmp_path / "s.db") as store:
            await store.add(make_job(), [])

        assert {path.name for path in tmp_path.iterdir()} == {"s.db", "s.db.lock"}

    async def test_an_opening_that_is_cancelled_holds_nothing(self, tmp_path: Path) -> None:
        async def opening() -> None:
            async with open_store(tmp_path / "s.db"):
                raise AssertionError

        task = asyncio.create_task(opening())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async with open_store(tmp_path / "s.db") as store:
            assert await store.unfinished() == []


async def _settings(store: SqliteStore, *statements: str) -> None:
    def work(db: Connection) -> None:
        for statement in statements:
            db.execute(statement).fetchall()

    await store._read(work)


async def test_a_full_disk_is_said_and_leaves_what_was(store: SqliteStore, job: Job) -> None:
    pages = await store._read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await _settings(store, f"PRAGMA max_page_count = {pages + 4}")
    events = [LogEvent(str(n), "s", n, "x" * 1_000) for n in range(1_000)]

    with pytest.raises(StoreError, match="The disk is full: make room"):
        await store.append_log(job.id, events, lambda job, _: _more(job))

    assert (await store.log_lines(job.id, 0, 1)).total == 0
    assert await store.job(job.id) == job
    await _settings(store, "PRAGMA max_page_count = 1000000")
    assert await store.append_log(job.id, events, lambda job, _: _more(job)) == 1_000


async def test_what_is_acknowledged_is_on_the_disk(store: SqliteStore) -> None:
    def settings(db: Connection) -> list[object]:
        return [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]

    assert await store._read(settings) == ["wal", 2, 1]


HISTORY = (
    """INSERT INTO job (id, interaction_id, project, channel_id, asker_id, live, open, lines_posted, log_total, json)
    SELECT 'old' || value, value, 'mnist', 8001, 7001, 0, 0, 9, 9, '-' FROM generate(3000)""",
    """INSERT INTO post (key, job_id, lane, kind, text, digest, created_at, done_at)
    SELECT 'old' || value, 'old' || value, 'thread', 'note', '', 0, 1.0, 2.0 FROM generate(3000)""",
)


SUBMISSIONS = """INSERT INTO job
    (id, interaction_id, sweep_id, project, channel_id, asker_id, live, open, lines_posted, json)
    SELECT 'submission' || value, -value, id, project, channel_id, asker_id, 0, 0, 0, '-' FROM job, generate(3000)"""


def _remember(db: Connection, statements: Sequence[str] = HISTORY) -> None:
    numbers = "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 3000) SELECT value FROM n)"
    for statement in statements:
        db.execute(statement.replace("generate(3000)", numbers))


@pytest.mark.parametrize(
    "ask",
    [
        SqliteStore.pending_posts,
        SqliteStore.unfinished,
        SqliteStore.behind,
        lambda store: store.jobs(live=True),
        lambda store: store.jobs(live=True, channel_id=8001, asker_id=7001),
        lambda store: store.jobs(live=True, projects=["walk", "third"]),
        lambda store: store.jobs(projects=["walk", "third"]),
        lambda store: store.jobs(live=False, projects=["walk", "third"]),
    ],
    ids=["pending_posts", "unfinished", "behind", "live", "live_of_a_channel", "live_of_few", "few", "ended_of_few"],
)
async def test_a_long_history_does_not_slow_it(
    store: SqliteStore, ask: Callable[[SqliteStore], Awaitable[object]]
) -> None:
    """Counted in steps of SQLite's machine, not in seconds."""
    await store._write(_remember)
    steps = []
    await store._read(lambda db: db.set_progress_handler(lambda: steps.append(10), 10))

    await ask(store)

    assert sum(steps) < 300


@pytest.mark.parametrize("where", [{}, {"project": "mnist"}, {"channel_id": 8001, "live": False}, {"asker_id": 7001}])
async def test_the_many_submissions_of_a_sweep_do_not_slow_the_lists(store: SqliteStore, where: dict[str, Any]) -> None:
    ended = await store.add(make_job(state=JobState.FAILED), [])
    await store._write(lambda db: _remember(db, [SUBMISSIONS]))
    steps = []
    await store._read(lambda db: db.set_progress_handler(lambda: steps.append(10), 10))

    assert await store.jobs(**where) == [ended]

    assert sum(steps) < 300
