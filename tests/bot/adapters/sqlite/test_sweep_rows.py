"""What the port promises of sweeps: submissions committed once with what they change, trials written as they are."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sqlite import SqliteStore, job_rows, open_store, sweep_rows
from bot.adapters.sqlite.connection import Connection, transaction
from bot.adapters.sqlite.recovery import recover
from bot.adapters.sqlite.schema import migrate
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Tally
from bot.domain.model.trial import Trial, TrialState
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.texts.notes import sweep_restored
from bot.errors import StoreError
from tests.bot.adapters.sqlite.sweeps import make_submission, make_sweep
from tests.support.rows import changed


def _more(job: Job) -> Change:
    return Change(changed(job, revision=job.publication.revision + 1))


def _nothing(_: Job) -> None:
    return None


@pytest.fixture
async def sweep(store: SqliteStore) -> Job:
    return await store.add(make_sweep(), [])


class TestSubmissions:
    async def test_come_in_their_order_with_what_they_change(self, store: SqliteStore, sweep: Sweep) -> None:
        submissions = [make_submission(sweep, number) for number in range(3)]

        assert await store.add_submissions(sweep.id, submissions[:2], _more) == changed(sweep, revision=1)
        assert await store.add_submissions(sweep.id, submissions[2:], _more) == changed(sweep, revision=2)

        assert await store.submissions(sweep.id) == submissions
        assert await store.job(sweep.id) == changed(sweep, revision=2)
        assert {submission.sweep_id for submission in await store.submissions(sweep.id)} == {sweep.id}

    async def test_one_that_is_there_stays_as_it_is(self, store: SqliteStore, sweep: Sweep) -> None:
        first, second = make_submission(sweep, 0), make_submission(sweep, 1)
        await store.add_submissions(sweep.id, [first], _nothing)
        moved = await store.change(first.id, lambda submission: Change(changed(submission, engine_id="b-1")))

        await store.add_submissions(sweep.id, [first, second], _more)

        assert await store.submissions(sweep.id) == [moved, second]

    async def test_a_step_that_raises_leaves_none(self, store: SqliteStore, sweep: Sweep) -> None:
        def step(_: Job) -> Change:
            raise ArithmeticError("of its own")

        with pytest.raises(ArithmeticError, match="of its own"):
            await store.add_submissions(sweep.id, [make_submission(sweep, 0)], step)
        assert await store.submissions(sweep.id) == []

    async def test_posts_come_with_them(self, store: SqliteStore, sweep: Sweep) -> None:
        note = NewPost("note", PostKind.NOTE, sweep.id)

        await store.add_submissions(sweep.id, [make_submission(sweep, 0)], lambda job: Change(job, (note,)))

        assert [post.new for post in await store.pending_posts()] == [note]

    async def test_of_an_unknown_sweep(self, store: SqliteStore, sweep: Sweep) -> None:
        with pytest.raises(KeyError, match="nobody"):
            await store.add_submissions("nobody", [make_submission(sweep, 0)], _nothing)
        assert await store.submissions("nobody") == []

    async def test_are_known_by_their_ids(self, store: SqliteStore, sweep: Sweep) -> None:
        submission = make_submission(sweep, 0, engine_id="b-1", state=JobState.PENDING)
        await store.add_submissions(sweep.id, [submission], _nothing)

        assert await store.submitted(submission.id) == await store.by_engine_id("b-1") == submission
        assert await store.job(submission.id) is None

    async def test_are_not_listed(self, store: SqliteStore, sweep: Sweep) -> None:
        await store.add_submissions(sweep.id, [make_submission(sweep, number) for number in range(3)], _nothing)
        ended = make_submission(sweep, 3, state=JobState.SUCCEEDED)
        await store.add_submissions(sweep.id, [ended], _nothing)

        assert await store.jobs() == await store.jobs(live=True) == [sweep]
        assert await store.jobs(live=False) == []
        asked = [
            {"project": sweep.run.project},
            {"channel_id": sweep.request.channel_id},
            {"asker_id": sweep.request.asker_id},
        ]
        for where in asked:
            assert await store.jobs(**where) == await store.jobs(live=True, **where) == [sweep]  # type: ignore[arg-type]

    async def test_are_open_while_they_live(self, store: SqliteStore, sweep: Sweep) -> None:
        submission = make_submission(sweep, 0)
        await store.add_submissions(sweep.id, [submission], _nothing)
        assert await store.unfinished() == [sweep, submission]

        await store.change(submission.id, lambda job: Change(job.ended(EndReason.SUCCEEDED, 2.0)))

        assert await store.unfinished() == [sweep]

    async def test_the_interaction_stays_the_sweep_s(self, store: SqliteStore, sweep: Sweep) -> None:
        await store.add_submissions(sweep.id, [make_submission(sweep, 0)], _nothing)

        assert await store.add(make_sweep(interaction_id=sweep.request.interaction_id), []) == sweep

    async def test_of_several_sweeps_are_kept_apart(self, store: SqliteStore, sweep: Sweep) -> None:
        other = await store.add(make_sweep(), [])
        for number in range(3):
            for each in (sweep, other):
                await store.add_submissions(each.id, [make_submission(each, number)], _nothing)

        assert await store.submissions(sweep.id) == [make_submission(sweep, number) for number in range(3)]
        assert await store.submissions(other.id) == [make_submission(other, number) for number in range(3)]


class TestTrials:
    async def test_known_ones_come_with_the_sweep(self, store: SqliteStore) -> None:
        sweep, trials = make_sweep(), [Trial(0, source="k7q2mx"), Trial(2)]

        assert await store.add(sweep, [], trials) == sweep
        assert await store.trials(sweep.id) == trials

    async def test_they_do_not_come_twice(self, store: SqliteStore) -> None:
        sweep = await store.add(make_sweep(), [], [Trial(0)])
        moved = await store.record(sweep.id, [Trial(0, "b-1")], _more)
        again = make_sweep(interaction_id=sweep.request.interaction_id)

        for job in (sweep, again):
            assert await store.add(job, [], [Trial(0)]) == moved
        assert await store.trials(sweep.id) == [Trial(0, "b-1")]
        assert await store.trials(again.id) == []

    async def test_are_written_as_they_are_now(self, store: SqliteStore, sweep: Sweep) -> None:
        first, second = Trial(0, "b-1:0"), Trial(1, "b-1:1")
        tally = Tally({TrialState.WAITING: 2})

        def counted(sweep: Sweep) -> Change:
            return Change(changed(sweep, tally=tally))

        saved = await store.record(sweep.id, [second, first], counted)
        assert saved.tally == tally
        assert await store.job(sweep.id) == saved
        assert await store.trials(sweep.id) == [first, second]

        ended = replace(second, state=JobState.SUCCEEDED, value=0.9)
        assert await store.record(sweep.id, [ended], _nothing) == saved
        assert await store.trials(sweep.id) == [first, ended]
        assert await store.trials(sweep.id, [ended.number, 99]) == [ended]

    async def test_a_step_that_raises_leaves_them(self, store: SqliteStore, sweep: Sweep) -> None:
        def step(_: Job) -> Change:
            raise ArithmeticError("of its own")

        with pytest.raises(ArithmeticError, match="of its own"):
            await store.record(sweep.id, [Trial(0)], step)
        assert await store.trials(sweep.id) == []

    async def test_of_an_unknown_sweep(self, store: SqliteStore) -> None:
        with pytest.raises(KeyError, match="nobody"):
            await store.record("nobody", [Trial(0)], _nothing)
        assert await store.trials("nobody") == []

    async def test_none_at_all_is_a_change_alone(self, store: SqliteStore, sweep: Sweep) -> None:
        assert await store.record(sweep.id, [], _more) == changed(sweep, revision=1)

    async def test_of_several_sweeps_are_kept_apart(self, store: SqliteStore, sweep: Sweep) -> None:
        other = await store.add(make_sweep(), [])
        await store.record(sweep.id, [Trial(0, "b-1")], _nothing)
        await store.record(other.id, [Trial(0, "b-2"), Trial(1)], _nothing)

        assert await store.trials(sweep.id) == [Trial(0, "b-1")]
        assert await store.trials(other.id) == [Trial(0, "b-2"), Trial(1)]

    async def test_ten_thousand_take_few_statements(self, store: SqliteStore, sweep: Sweep) -> None:
        """Each statement lets other threads run once, so one for each trial would wait for them each time."""
        trials = [Trial(number, f"b-1:{number}") for number in range(10_000)]
        statements: list[str] = []
        await store._read(lambda db: db.set_trace_callback(statements.append))

        await store.record(sweep.id, trials[::-1], _more)
        found = await store.trials(sweep.id)

        await store._read(lambda db: db.set_trace_callback(None))
        assert found == trials
        assert len(statements) < 40

    async def test_open_is_what_is_not_settled(self, store: SqliteStore, sweep: Sweep) -> None:
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
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Connection)) as db:
        migrate(db)
        job_rows.add(db, sweep, [], 1.0)
        for trials in writes:
            with transaction(db):
                sweep_rows.record(db, sweep.id, trials, _nothing, 1.0)

        assert sweep_rows.trials(db, sweep.id) == [last[number] for number in sorted(last)]


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=5))
def test_every_part_is_there_once(calls: list[list[int]]) -> None:
    sweep = make_sweep()
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Connection)) as db:
        migrate(db)
        job_rows.add(db, sweep, [], 1.0)
        for numbers in calls:
            sweep_rows.add_submissions(db, sweep.id, [make_submission(sweep, number) for number in numbers], _more, 1.0)

        met = dict.fromkeys(number for numbers in calls for number in numbers)
        assert job_rows.submissions(db, sweep.id) == [make_submission(sweep, number) for number in met]
        assert job_rows.by_id(db, sweep.id) == changed(sweep, revision=len(calls))


async def _snapshot(folder: Path, sweep: Sweep, submissions: Sequence[Submission]) -> Path:
    target = folder / "snapshot.db"
    async with open_store(folder / "first.db") as store:
        await store.add(sweep, [])
        await store.add_submissions(sweep.id, submissions, _nothing)
        await store.record(sweep.id, [Trial(0, "b-1:0")], _nothing)
        await store.keep_draft(make_sweep())
        await store.snapshot(target)
    return target


async def test_a_restored_sweep_is_told_once_and_nothing_of_it_is_submitted_twice(tmp_path: Path) -> None:
    sweep = make_sweep()
    submissions = [make_submission(sweep, 0), make_submission(sweep, 1, state=JobState.PENDING, engine_id="b-1")]
    ended = make_submission(sweep, 2, state=JobState.SUCCEEDED, engine_id="b-2")
    snapshot = await _snapshot(tmp_path, sweep, [*submissions, ended])

    recover(tmp_path / "s.db", [snapshot], 5.0)

    async with open_store(tmp_path / "s.db") as store:
        assert await store.submissions(sweep.id) == [
            changed(submissions[0], recovered_at=5.0, submit_called_at=5.0),
            changed(submissions[1], recovered_at=5.0),
            ended,
        ]
        assert await store.job(sweep.id) == changed(sweep, recovered_at=5.0, revision=1)
        assert await store.trials(sweep.id) == [Trial(0, "b-1:0")]
        assert [(post.new.job_id, post.new.text) for post in await store.pending_posts()] == [
            (sweep.id, sweep_restored())
        ]
        drafts = await store._read(lambda db: db.execute("SELECT count(*) FROM draft").fetchall())
        assert drafts == [(0,)]


async def test_trials_that_cannot_be_read_are_said(store: SqliteStore, sweep: Sweep) -> None:
    await store.record(sweep.id, [Trial(0), Trial(1)], _nothing)
    await store._write(lambda db: db.execute("UPDATE trial SET json = 'torn {' WHERE number = 1"))

    with pytest.raises(StoreError, match="holds a trial that this version cannot read"):
        await store.trials(sweep.id)
