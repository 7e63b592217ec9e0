"""A log beyond its cap: its beginning and its end, and a true count of what is between them."""

from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.connection import connect
from bot.adapters.sqlite.schema import MIGRATIONS, migrate
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Job
from bot.domain.posts import Change
from bot.ports.store import Store
from tests.support.jobs import make_job

CAP = 64 * 1024


def _silent(_job: Job, _new: object) -> Change | None:
    return None


def _events(first: int, end: int, size: int = 300, stream: str = "s") -> list[LogEvent]:
    """Ten a millisecond, as a loop prints them."""
    return [LogEvent(f"{stream}-{n:056}", stream, n // 10, f"{n:06} ".ljust(size, "x")) for n in range(first, end)]


async def _printed(store: Store, job: Job, end: int, page: int = 50, size: int = 300) -> int:
    return sum(
        [
            await store.append_log(job.id, _events(first, min(first + page, end), size), _silent)
            for first in range(0, end, page)
        ]
    )


async def test_beginning_and_end_stay_and_the_rest_is_counted(tmp_path: Path) -> None:
    async with open_store(tmp_path / "store.db", most_log_bytes=CAP) as store:
        job = await store.add(make_job(), ())
        assert await _printed(store, job, 2_000) == 2_000
        begin, end = await store.log_lines(job.id, 0, 5_000), await store.log_lines(job.id, -5, 5)
        assert (begin.first, begin.total, begin.bytes) == (0, 2_000, 600_000)
        assert [event.message[:6] for event in end.events] == ["001995", "001996", "001997", "001998", "001999"]
        behind = await store.log_lines(job.id, len(begin.events), 5_000)
        assert behind.first - len(begin.events) == begin.dropped == 2_000 - len(begin.events) - len(behind.events)
        assert behind.first + len(behind.events) == 2_000
        assert 30 * 1024 < 500 * len(begin.events) < 33 * 1024
        assert 24 * 1024 < 500 * len(behind.events) <= 33 * 1024
        assert [event.message[:6] for event in begin.events] == [f"{n:06}" for n in range(len(begin.events))]
        assert (await store.log_lines(job.id, 1_000, 7)).first == behind.first, "inside the gap"


async def test_log_below_the_cap_is_whole(tmp_path: Path) -> None:
    async with open_store(tmp_path / "store.db", most_log_bytes=CAP) as store:
        job = await store.add(make_job(), ())
        assert await _printed(store, job, 130) == 130
        found = await store.log_lines(job.id, 0, 200)
        assert (len(found.events), found.dropped) == (130, 0)


async def test_lines_that_are_read_again_are_not_new(tmp_path: Path) -> None:
    async with open_store(tmp_path / "store.db", most_log_bytes=CAP) as store:
        job = await store.add(make_job(), ())
        await _printed(store, job, 2_000)
        assert await _printed(store, job, 2_000) == 0
        assert await store.append_log(job.id, _events(1_990, 2_010), _silent) == 10
        assert await store.append_log(job.id, _events(0, 5, stream="second attempt"), _silent) == 5
        assert (await store.log_lines(job.id, -1, 1)).total == 2_015


async def test_one_line_larger_than_the_cap_is_kept(tmp_path: Path) -> None:
    async with open_store(tmp_path / "store.db", most_log_bytes=CAP) as store:
        job = await store.add(make_job(), ())
        for number in range(5):
            await store.append_log(job.id, [LogEvent(str(number), "s", number, "x" * 256_000)], _silent)
        found = await store.log_lines(job.id, -2, 2)
        assert (len(found.events), found.total, found.dropped) == (1, 5, 4)


async def test_cap_is_each_jobs_own_and_a_dropped_log_begins_anew(tmp_path: Path) -> None:
    async with open_store(tmp_path / "store.db", most_log_bytes=CAP) as store:
        one, other = [await store.add(make_job(), ()) for _ in range(2)]
        await _printed(store, one, 2_000)
        await _printed(store, other, 20)
        assert (await store.log_lines(other.id, 0, 50)).dropped == 0
        await store.drop_log(one.id)
        assert (await store.log_lines(one.id, 0, 50)).total == 0
        assert await _printed(store, one, 20) == 20
        assert len((await store.log_lines(one.id, 0, 50)).events) == 20


@pytest.mark.parametrize("size", [0, 100, 1_000, 1_100, 2_000, 5_000])
async def test_store_does_not_outgrow_the_cap(size: int, tmp_path: Path) -> None:
    """Of what a line takes beside its text, the cap counts 200 bytes."""
    cap = 1024 * 1024
    async with open_store(tmp_path / "store.db", most_log_bytes=cap) as store:
        job = await store.add(make_job(), ())
        await _printed(store, job, 5_000_000 // (size + 200), size=size)
        dropped = (await store.log_lines(job.id, 0, 1)).dropped
    assert dropped > 0
    assert (tmp_path / "store.db").stat().st_size < 2.5 * cap


async def test_store_of_version_4_keeps_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(connect(path)) as connection:
        migrate(connection, MIGRATIONS[:4])
        for number, name in enumerate(("old111", "old222"), 1):
            connection.execute(
                """INSERT INTO job (number, id, interaction_id, project, channel_id, asker_id, live, open, lines_posted,
                log_total, json) VALUES (?, ?, ?, 'mnist', 1, 1, 0, 0, 3, 3, '{}')""",
                (number, name, number),
            )
            connection.execute("INSERT INTO log_stream VALUES (?, ?, 's', 2)", (number, name))
            for line in range(3):
                row = (name, line, f"{name}-{line}", number, line, f"{name} ü {line}".ljust(2_000))
                connection.execute("INSERT INTO log_event VALUES (?, ?, ?, ?, ?, ?)", row)
    async with open_store(path, most_log_bytes=CAP) as store:
        for name in ("old111", "old222"):
            found = await store.log_lines(name, 0, 10)
            assert [event.message.rstrip() for event in found.events] == [f"{name} ü {line}" for line in range(3)]
            assert [event.id for event in found.events] == [f"{name}-{line}" for line in range(3)]
            assert (found.total, found.dropped, found.bytes) == (3, 0, 3 * 2_001)
            assert await store.log_since(name) == {"s": 2}
    with closing(connect(path)) as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'log_event'").fetchall()
        assert connection.execute("SELECT log_stored FROM job").fetchall() == [(3 * 2_201,)] * 2
