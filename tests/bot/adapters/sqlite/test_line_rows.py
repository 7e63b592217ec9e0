"""What the port promises of log lines: each once, in their order, with what they change."""

from collections.abc import Sequence
from functools import partial

import pytest

from bot.adapters.sqlite import SqliteStore
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.posts import Change, NewPost, PostKind
from tests.support.jobs import make_job
from tests.support.rows import changed


def _events(first: int, last: int, stream: str = "s1") -> list[LogEvent]:
    return [LogEvent(f"{stream}-{n:050d}", stream, 1_000 + n, f"line {n}") for n in range(first, last)]


def _silent(_: Job, __: Sequence[LogEvent]) -> None:
    return None


@pytest.fixture
async def job(store: SqliteStore) -> Job:
    return await store.add(make_job(), [])


class TestAppend:
    async def test_lines_come_back_in_the_order_given(self, store: SqliteStore, job: Job) -> None:
        events = _events(3, 5) + _events(0, 2, "s2")

        assert await store.append_log(job.id, events, _silent) == 4
        assert (await store.log_lines(job.id, 0, 10)).events == tuple(events)

    async def test_each_line_once_within_a_batch_and_across_batches(self, store: SqliteStore, job: Job) -> None:
        assert await store.append_log(job.id, _events(0, 3) + _events(1, 4), _silent) == 4
        assert await store.append_log(job.id, _events(2, 7), _silent) == 3
        assert await store.append_log(job.id, _events(0, 7), _silent) == 0
        assert (await store.log_lines(job.id, 0, 100)).events == tuple(_events(0, 7))

    async def test_two_jobs_may_have_the_same_event(self, store: SqliteStore, job: Job) -> None:
        other = await store.add(make_job(), [])

        assert await store.append_log(job.id, _events(0, 3), _silent) == 3
        assert await store.append_log(other.id, _events(0, 3), _silent) == 3

    async def test_more_than_one_statement_holds(self, store: SqliteStore, job: Job) -> None:
        events = _events(0, 4_321)

        assert await store.append_log(job.id, events, _silent) == 4_321
        assert await store.append_log(job.id, [*events, *_events(4_321, 4_400)], _silent) == 79
        assert (await store.log_lines(job.id, 0, 5_000)).events == tuple(_events(0, 4_400))

    async def test_the_step_sees_what_is_new_and_is_committed_with_it(self, store: SqliteStore, job: Job) -> None:
        await store.append_log(job.id, _events(0, 3), _silent)
        seen: list[LogEvent] = []

        def step(job: Job, new: Sequence[LogEvent]) -> Change:
            seen.extend(new)
            return Change(changed(job, detail="told"), (NewPost("n", PostKind.NOTE, job.id),))

        await store.append_log(job.id, _events(1, 5), step)

        assert seen == _events(3, 5)
        assert await store.job(job.id) == changed(job, detail="told", revision=1)
        assert len(await store.pending_posts()) == 1

    async def test_long_lines_are_read_a_few_at_a_time(self, store: SqliteStore, job: Job) -> None:
        events = [LogEvent(str(number), "s", number, str(number) * 900_000) for number in range(7)]
        await store.append_log(job.id, events, _silent)

        begin, end = await store.log_lines(job.id, 0, 7), await store.log_lines(job.id, -7, 7)
        behind = await store.log_lines(job.id, begin.first + len(begin.events), 7)

        assert (begin.first, [event.id for event in begin.events]) == (0, ["0", "1"])
        assert (behind.first, [event.id for event in behind.events]) == (2, ["2", "3"])
        assert (end.first, [event.id for event in end.events]) == (5, ["5", "6"])

    async def test_without_anything_new_there_is_no_step(self, store: SqliteStore, job: Job) -> None:
        await store.append_log(job.id, _events(0, 3), _silent)

        def step(_: Job, __: Sequence[LogEvent]) -> Change:
            raise AssertionError

        assert await store.append_log(job.id, _events(0, 3), step) == 0
        assert await store.append_log(job.id, [], step) == 0

    async def test_a_step_that_raises_leaves_no_lines(self, store: SqliteStore, job: Job) -> None:
        def step(_: Job, __: Sequence[LogEvent]) -> Change:
            raise ArithmeticError

        with pytest.raises(ArithmeticError):
            await store.append_log(job.id, _events(0, 3), step)
        assert (await store.log_lines(job.id, 0, 9)).total == 0
        assert await store.log_since(job.id) == {}
        assert await store.append_log(job.id, _events(0, 3), _silent) == 3

    async def test_an_unknown_job(self, store: SqliteStore) -> None:
        with pytest.raises(KeyError, match="nobody"):
            await store.append_log("nobody", _events(0, 1), _silent)

    @pytest.mark.parametrize("message", ["", "nul \0 inside", "\U0001f600", "\x1b[31mred", "x" * 1_000_000])
    async def test_any_message_comes_back(self, store: SqliteStore, job: Job, message: str) -> None:
        event = LogEvent("1", "s", 5, message)

        await store.append_log(job.id, [event], _silent)

        assert (await store.log_lines(job.id, 0, 1)).events == (event,)

    async def test_half_a_surrogate_pair_is_replaced(self, store: SqliteStore, job: Job) -> None:
        seen: list[str] = []

        def step(_: Job, new: Sequence[LogEvent]) -> None:
            seen.extend(event.message for event in new)

        await store.append_log(job.id, [LogEvent("1", "s", 5, "a\udc00b")], step)

        assert seen == ["a\ufffdb"]
        assert (await store.log_lines(job.id, 0, 1)).events[0].message == "a\ufffdb"


class TestLines:
    @pytest.mark.parametrize(
        ("first", "limit", "begin", "numbers"),
        [
            (0, 3, 0, range(3)),
            (7, 3, 7, range(7, 10)),
            (8, 100, 8, range(8, 10)),
            (10, 5, 10, range(0)),
            (50, 5, 50, range(0)),
            (0, 0, 0, range(0)),
            (-3, 3, 7, range(7, 10)),
            (-3, 2, 7, range(7, 9)),
            (-99, 4, 0, range(4)),
        ],
    )
    async def test_a_run_from_either_end(
        self, store: SqliteStore, job: Job, first: int, limit: int, begin: int, numbers: range
    ) -> None:
        await store.append_log(job.id, _events(0, 10), _silent)

        found = await store.log_lines(job.id, first, limit)

        assert (found.first, found.total) == (begin, 10)
        assert found.events == tuple(_events(numbers.start, numbers.stop))

    async def test_no_lines(self, store: SqliteStore, job: Job) -> None:
        for job_id in (job.id, "nobody"):
            found = await store.log_lines(job_id, -5, 5)
            assert (found.first, found.total, found.events) == (0, 0, ())


class TestSince:
    async def test_the_newest_of_each_stream_whatever_the_order(self, store: SqliteStore, job: Job) -> None:
        await store.append_log(job.id, _events(0, 10) + _events(3, 5, "s2"), _silent)
        await store.append_log(job.id, [LogEvent("late", "s1", 3, "late")], _silent)

        assert await store.log_since(job.id) == {"s1": 1_009, "s2": 1_004}

    async def test_other_jobs_do_not_count(self, store: SqliteStore, job: Job) -> None:
        other = await store.add(make_job(), [])
        await store.append_log(other.id, _events(0, 10), _silent)

        assert await store.log_since(job.id) == {}


class TestBehind:
    async def _posted(self, store: SqliteStore, job: Job, number: int) -> Job:
        return await store.change(job.id, lambda job: Change(changed(job, lines_posted=number)))

    async def test_until_all_lines_are_posted(self, store: SqliteStore, job: Job) -> None:
        assert await store.behind() == []
        await store.append_log(job.id, _events(0, 10), _silent)
        assert await store.behind() == [job]

        nearly = await self._posted(store, job, 9)
        assert await store.behind() == [nearly]
        await self._posted(store, job, 10)
        assert await store.behind() == []

        await store.append_log(job.id, _events(10, 11), _silent)
        assert [job.id for job in await store.behind()] == [job.id]

    async def test_not_while_the_thread_has_something_to_take(self, store: SqliteStore, job: Job) -> None:
        await store.append_log(job.id, _events(0, 10), _silent)
        for kind, waits in ((PostKind.CARD, False), (PostKind.NOTE, True)):
            new = NewPost(kind, kind, job.id)
            await store.change(job.id, lambda job, new=new: Change(job, (new,)))  # type: ignore[misc]
            assert (await store.behind() == []) is waits

        for post in await store.pending_posts():
            await store.post_done(post.id, 1, 2.0, lambda _: None)
        assert await store.behind() == [job]

    async def test_oldest_first(self, store: SqliteStore, job: Job) -> None:
        younger = await store.add(make_job(), [])
        for each in (younger, job):
            await store.append_log(each.id, _events(0, 10), _silent)

        assert await store.behind() == [job, younger]


class TestOldLogs:
    async def test_are_those_of_jobs_archived_before_with_lines_still_here(self, store: SqliteStore) -> None:
        old, young, empty, dropped, running = [await store.add(make_job(), []) for _ in range(5)]
        for each in (old, young, dropped, running):
            await store.append_log(each.id, _events(0, 3), _silent)
        for each, at in ((old, 100.0), (young, 200.0), (empty, 100.0), (dropped, 100.0)):
            await store.change(each.id, partial(_archived, at))
        await store.drop_log(dropped.id)
        assert [job.id for job in await store.with_old_logs(150.0)] == [old.id]


def _archived(at: float, job: Job) -> Change:
    return Change(changed(job.ended(EndReason.SUCCEEDED, at), committed_at=at, archived_at=at, card_id=None))


class TestDrop:
    async def test_forgets_the_lines_of_that_job_alone(self, store: SqliteStore, job: Job) -> None:
        other = await store.add(make_job(), [])
        for each in (job, other):
            await store.append_log(each.id, _events(0, 10), _silent)

        await store.drop_log(job.id)

        assert (await store.log_lines(job.id, 0, 99)).total == 0
        assert await store.log_since(job.id) == {}
        assert await store.behind() == [other]
        assert (await store.log_lines(other.id, 0, 99)).events == tuple(_events(0, 10))
