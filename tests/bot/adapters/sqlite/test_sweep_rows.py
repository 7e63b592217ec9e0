"""What the port promises of sweeps: parts committed once with what they change, trials written as they are."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sqlite import SqliteStore, job_rows, open_store, sweep_rows
from bot.adapters.sqlite.connection import transaction
from bot.adapters.sqlite.recovery import RESTORED_SWEEP, recover
from bot.adapters.sqlite.schema import migrate
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep, Tally, Trial, TrialState
from bot.domain.posts import Change, NewPost, PostKind
from bot.errors import StoreError
from tests.bot.adapters.sqlite.sweeps import PLAN, make_part, make_sweep


def _more(job: Job) -> Change:
    return Change(replace(job, revision=job.revision + 1))


def _nothing(_: Job) -> None:
    return None


@pytest.fixture
async def sweep(store: SqliteStore) -> Job:
    return await store.add(make_sweep(), [])


class TestParts:
    async def test_come_in_their_order_with_what_they_change(self, store: SqliteStore, sweep: Job) -> None:
        parts = [make_part(sweep, number) for number in range(3)]

        assert await store.add_parts(sweep.id, parts[:2], _more) == replace(sweep, revision=1)
        assert await store.add_parts(sweep.id, parts[2:], _more) == replace(sweep, revision=2)

        assert await store.parts(sweep.id) == parts
        assert await store.job(sweep.id) == replace(sweep, revision=2)
        assert {part.interaction_id for part in await store.parts(sweep.id)} == {sweep.interaction_id}

    async def test_one_that_is_there_stays_as_it_is(self, store: SqliteStore, sweep: Job) -> None:
        first, second = make_part(sweep, 0), make_part(sweep, 1)
        await store.add_parts(sweep.id, [first], _nothing)
        moved = await store.change(first.id, lambda part: Change(replace(part, engine_id="b-1")))

        await store.add_parts(sweep.id, [first, second], _more)

        assert await store.parts(sweep.id) == [moved, second]

    async def test_a_step_that_raises_leaves_none(self, store: SqliteStore, sweep: Job) -> None:
        def step(_: Job) -> Change:
            raise ArithmeticError("of its own")

        with pytest.raises(ArithmeticError, match="of its own"):
            await store.add_parts(sweep.id, [make_part(sweep, 0)], step)
        assert await store.parts(sweep.id) == []

    async def test_posts_come_with_them(self, store: SqliteStore, sweep: Job) -> None:
        note = NewPost("note", PostKind.NOTE, sweep.id)

        await store.add_parts(sweep.id, [make_part(sweep, 0)], lambda job: Change(job, (note,)))

        assert [post.new for post in await store.pending_posts()] == [note]

    async def test_of_an_unknown_sweep(self, store: SqliteStore, sweep: Job) -> None:
        with pytest.raises(KeyError, match="nobody"):
            await store.add_parts("nobody", [make_part(sweep, 0)], _nothing)
        assert await store.parts("nobody") == []

    async def test_are_known_by_their_ids(self, store: SqliteStore, sweep: Job) -> None:
        part = make_part(sweep, 0, engine_id="b-1", state=JobState.PENDING)
        await store.add_parts(sweep.id, [part], _nothing)

        assert await store.job(part.id) == await store.by_engine_id("b-1") == part

    async def test_are_not_listed(self, store: SqliteStore, sweep: Job) -> None:
        await store.add_parts(sweep.id, [make_part(sweep, number) for number in range(3)], _nothing)
        ended = make_part(sweep, 3, state=JobState.SUCCEEDED)
        await store.add_parts(sweep.id, [ended], _nothing)

        assert await store.jobs() == await store.jobs(live=True) == [sweep]
        assert await store.jobs(live=False) == []
        asked = [{"project": sweep.project}, {"channel_id": sweep.channel_id}, {"asker_id": sweep.asker_id}]
        for where in asked:
            assert await store.jobs(**where) == await store.jobs(live=True, **where) == [sweep]  # type: ignore[arg-type]

    async def test_are_open_while_they_live(self, store: SqliteStore, sweep: Job) -> None:
        part = make_part(sweep, 0)
        await store.add_parts(sweep.id, [part], _nothing)
        assert await store.open_jobs() == [sweep, part]

        await store.change(part.id, lambda job: Change(job.ended(EndReason.SUCCEEDED, 2.0)))

        assert await store.open_jobs() == [sweep]

    async def test_the_interaction_stays_the_sweep_s(self, store: SqliteStore, sweep: Job) -> None:
        await store.add_parts(sweep.id, [make_part(sweep, 0)], _nothing)

        assert await store.add(make_sweep(interaction_id=sweep.interaction_id), []) == sweep

    async def test_of_several_sweeps_are_kept_apart(self, store: SqliteStore, sweep: Job) -> None:
        other = await store.add(make_sweep(), [])
        for number in range(3):
            for each in (sweep, other):
                await store.add_parts(each.id, [make_part(each, number)], _nothing)

        assert await store.parts(sweep.id) == [make_part(sweep, number) for number in range(3)]
        assert await store.parts(other.id) == [make_part(other, number) for number in range(3)]


class TestTrials:
    async def test_known_ones_come_with_the_sweep(self, store: SqliteStore) -> None:
        sweep, trials = make_sweep(), [Trial(0, source="k7q2mx"), Trial(2)]

        assert await store.add(sweep, [], trials) == sweep
        assert await store.trials(sweep.id) == trials

    async def test_they_do_not_come_twice(self, store: SqliteStore) -> None:
        sweep = await store.add(make_sweep(), [], [Trial(0)])
        moved = await store.record(sweep.id, [Trial(0, "b-1")], _more)
        again = make_sweep(interaction_id=sweep.interaction_id)

        for job in (sweep, again):
            assert await store.add(job, [], [Trial(0)]) == moved
        assert await store.trials(sweep.id) == [Trial(0, "b-1")]
        assert await store.trials(again.id) == []

    async def test_are_written_as_they_are_now(self, store: SqliteStore, sweep: Job) -> None:
        first, second = Trial(0, "b-1:0"), Trial(1, "b-1:1")
        tally = Tally({TrialState.WAITING: 2})

        def counted(job: Job) -> Change:
            assert job.sweep is not None
            return Change(replace(job, sweep=replace(job.sweep, tally=tally)))

        changed = await store.record(sweep.id, [second, first], counted)
        assert changed.sweep == Sweep(PLAN, tally)
        assert await store.job(sweep.id) == changed
        assert await store.trials(sweep.id) == [first, second]

        ended = replace(second, state=JobState.SUCCEEDED, value=0.9)
        assert await store.record(sweep.id, [ended], _nothing) == changed
        assert await store.trials(sweep.id) == [first, ended]
        assert await store.trials(sweep.id, [ended.number, 99]) == [ended]

    async def test_a_step_that_raises_leaves_them(self, store: SqliteStore, sweep: Job) -> None:
        def step(_: Job) -> Change:
            raise ArithmeticError("of its own")

        with pytest.raises(ArithmeticError, match="of its own"):
            await store.record(sweep.id, [Trial(0)], step)
        assert await store.trials(sweep.id) == []

    async def test_of_an_unknown_sweep(self, store: SqliteStore) -> None:
        with pytest.raises(KeyError, match="nobody"):
            await store.record("nobody", [Trial(0)], _nothing)
        assert await store.trials("nobody") == []

    async def test_none_at_all_is_a_change_alone(self, store: SqliteStore, sweep: Job) -> None:
        assert await store.record(sweep.id, [], _more) == replace(sweep, revision=1)

    async def test_of_several_sweeps_are_kept_apart(self, store: SqliteStore, sweep: Job) -> None:
        other = await store.add(make_sweep(), [])
        await store.record(sweep.id, [Trial(0, "b-1")], _nothing)
        await store.record(other.id, [Trial(0, "b-2"), Trial(1)], _nothing)

        assert await store.trials(sweep.id) == [Trial(0, "b-1")]
        assert await store.trials(other.id) == [Trial(0, "b-2"), Trial(1)]

    async def test_ten_thousand_take_few_statements(self, store: SqliteStore, sweep: Job) -> None:
        """Each statement lets other threads run once, so one for each trial would wait for them each time."""
        trials = [Trial(number, f"b-1:{number}") for number in range(10_000)]
        statements: list[str] = []
        await store._read(lambda db: db.set_trace_callback(statements.append))

        await store.record(sweep.id, trials[::-1], _more)
        found = await store.trials(sweep.id)

        await store._read(lambda db: db.set_trace_callback(None))
        assert found == trials
        assert len(statements) < 40

    async def test_open_is_what_is_not_settled(self, store: SqliteStore, sweep: Job) -> None:
        ended = Trial(1, state=JobState.FAILED)
        await store.record(sweep.id, [Trial(0), ended, replace(ended, number=2, measured=True)], _nothing)

        found = await store._read(lambda db: db.execute("SELECT number FROM trial WHERE open").fetchall())

        assert found == [(0,), (1,)]


WRITES = st.lists(
    st.lists(st.builds(Trial, number=st.integers(0, 1_200), value=st.none() | st.floats(0, 1)), max_size=30), max_size=8
)


@given(WRITES)
def test_the_last_word_counts(writes: list[list[Trial]]) -> None:
    sweep, last = make_sweep(), {trial.number: trial for trials in writes for trial in trials}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        job_rows.add(db, sweep, [], 1.0)
        for trials in writes:
            with transaction(db):
                sweep_rows.record(db, sweep.id, trials, _nothing, 1.0)

        assert sweep_rows.trials(db, sweep.id) == [last[number] for number in sorted(last)]


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=5))
def test_every_part_is_there_once(calls: list[list[int]]) -> None:
    sweep = make_sweep()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        job_rows.add(db, sweep, [], 1.0)
        for numbers in calls:
            sweep_rows.add_parts(db, sweep.id, [make_part(sweep, number) for number in numbers], _more, 1.0)

        met = dict.fromkeys(number for numbers in calls for number in numbers)
        assert job_rows.parts(db, sweep.id) == [make_part(sweep, number) for number in met]
        assert job_rows.by_id(db, sweep.id) == replace(sweep, revision=len(calls))


async def _snapshot(folder: Path, sweep: Job, parts: Sequence[Job]) -> Path:
    target = folder / "snapshot.db"
    async with open_store(folder / "first.db") as store:
        await store.add(sweep, [])
        await store.add_parts(sweep.id, parts, _nothing)
        await store.record(sweep.id, [Trial(0, "b-1:0")], _nothing)
        await store.keep_draft(make_sweep())
        await store.snapshot(target)
    return target


async def test_a_restored_sweep_is_told_once_and_nothing_of_it_is_submitted_twice(tmp_path: Path) -> None:
    sweep = make_sweep()
    parts = [make_part(sweep, 0), make_part(sweep, 1, state=JobState.PENDING, engine_id="b-1")]
    ended = make_part(sweep, 2, state=JobState.SUCCEEDED, engine_id="b-2")
    snapshot = await _snapshot(tmp_path, sweep, [*parts, ended])

    recover(tmp_path / "s.db", [snapshot], 5.0)

    async with open_store(tmp_path / "s.db") as store:
        assert await store.parts(sweep.id) == [
            replace(parts[0], found_at=5.0, revision=1, submit_tried_at=5.0),
            replace(parts[1], found_at=5.0, revision=1),
            ended,
        ]
        assert await store.job(sweep.id) == replace(sweep, found_at=5.0, revision=1)
        assert await store.trials(sweep.id) == [Trial(0, "b-1:0")]
        assert [(post.new.job_id, post.new.text) for post in await store.pending_posts()] == [
            (sweep.id, RESTORED_SWEEP)
        ]
        drafts = await store._read(lambda db: db.execute("SELECT count(*) FROM draft").fetchall())
        assert drafts == [(0,)]


async def test_trials_that_cannot_be_read_are_said(store: SqliteStore, sweep: Job) -> None:
    await store.record(sweep.id, [Trial(0), Trial(1)], _nothing)
    await store._write(lambda db: db.execute("UPDATE trial SET json = 'torn {' WHERE number = 1"))

    with pytest.raises(StoreError, match="holds a trial that this version cannot read"):
        await store.trials(sweep.id)
