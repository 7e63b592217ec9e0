"""One table from what a commit changed to the loops that it wakes."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.model.execution import Execution, Lifecycle, Stop
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.plan import Plan, Search
from bot.domain.model.publication import Publication
from bot.domain.model.request import Request
from bot.domain.model.run import Commit, Run
from bot.domain.model.space import Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.posts import Change, NewPost, PostKind
from bot.ports.store import Store, Written
from bot.services.running.wakeups import LOOPS, WAKES, Changed, Wakeups, changes

ROOT = Path(__file__).parents[4]
REQUEST = Request(1, "Mika", 2, 3, 100.0)
RUN = Run("mnist", Commit("a" * 40, "main"), {}, 600)
JOB = Job("k7q2mx", REQUEST, RUN)
RUNNING = replace(JOB, execution=Execution(JobState.RUNNING, engine_id="b-1"))
SWEEP = Sweep("swp222", REQUEST, RUN, Plan("lr=1", Space((), {}), Search.GRID, 1))
ARRAY = Submission("swp222-0", "swp222", 0, "0-1", 2, RUN, 100.0, Execution(JobState.PENDING, engine_id="b-2"))


def test_everything_that_changes_wakes_somebody() -> None:
    assert set(WAKES) == set(Changed)
    assert all(WAKES.values())


def test_the_loops_that_can_be_woken_are_those_of_the_table() -> None:
    sources = [*(ROOT / "bot" / "services").glob("*/build_*.py"), ROOT / "bot" / "app.py"]
    wired = re.findall(r'Loop\("(\w+)".*wakeups\.of\("(\w+)"\)', "\n".join(path.read_text() for path in sources))
    assert {name for name, _ in wired} == set(LOOPS)
    assert all(name == woken for name, woken in wired)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, JOB, Changed.JOB_REQUESTED),
        (None, RUNNING, Changed.SUBMITTED),
        (None, SWEEP, Changed.SWEEP_CONFIRMED),
        (None, replace(ARRAY, execution=Execution()), Changed.JOB_REQUESTED),
        (JOB, replace(JOB, execution=JOB.execution.submitted("b-1")), Changed.SUBMITTED),
        (RUNNING, replace(RUNNING, execution=replace(RUNNING.execution, attempts=(Attempt("s1"),))), Changed.STATE),
        (ARRAY, replace(ARRAY, children={JobState.RUNNING: 2}), Changed.STATE),
        (RUNNING, RUNNING.ended(EndReason.SUCCEEDED, 200.0), Changed.ENDED),
        (
            RUNNING,
            replace(RUNNING, execution=RUNNING.execution.stop_requested(Stop("Mika", 1.0))),
            Changed.STOP_REQUESTED,
        ),
        (SWEEP, replace(SWEEP, execution=Lifecycle().stop_requested(Stop("Mika", 1.0))), Changed.STOP_REQUESTED),
        (JOB, replace(JOB, publication=Publication(thread_id=7)), Changed.THREAD_STARTED),
        (JOB, replace(JOB, publication=JOB.publication.posted(3)), Changed.LINES_POSTED),
        (JOB, replace(JOB, publication=Publication(card_id=5, revision=2)), Changed.MESSAGE),
    ],
)
def test_a_row_that_changed(before: Job | None, after: Job, expected: Changed) -> None:
    assert expected in changes(Written(rows=[(before, after)]))


@pytest.mark.parametrize("row", [JOB, RUNNING, SWEEP, ARRAY])
def test_a_row_that_stayed_wakes_nobody(row: Job) -> None:
    assert changes(Written(rows=[(row, row)])) == set()


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        (Trial(0), None),
        (Trial(0, state=JobState.RUNNING), Changed.TRIAL_RUNS),
        (Trial(0, state=JobState.RUNNING, reports=((1, 0.5),)), Changed.TRIAL_REPORTED),
        (Trial(0, state=JobState.RUNNING, stop_by="Mika"), Changed.TRIAL_STOPPED),
        (Trial(0, state=JobState.FAILED), Changed.TRIAL_ENDED),
        (Trial(0, state=JobState.SUCCEEDED, measured=True), Changed.TRIAL_SETTLED),
    ],
)
def test_a_trial_that_was_written(trial: Trial, expected: Changed | None) -> None:
    assert changes(Written(trials=[trial])) == ({expected} if expected else set())


def test_lines_and_posts() -> None:
    assert changes(Written(posts=1, lines=2)) == {Changed.MESSAGE, Changed.LINES_STORED}


async def woken(wakeups: Wakeups) -> set[str]:
    """The loops that would not wait now."""
    found = set()
    for name in LOOPS:
        try:
            async with asyncio.timeout(0):
                await wakeups.of(name).wait(60)
        except TimeoutError:
            continue
        found.add(name)
    return found


class TestTheStore:
    """A real store reports each of its commits."""

    async def test_a_new_job_with_its_posts(self, store: Store, wakeups: Wakeups) -> None:
        await store.add(JOB, [NewPost("card:k7q2mx", PostKind.CARD, "k7q2mx")])
        assert await woken(wakeups) == {"launch", "deliver"}

    async def test_a_step_that_changes_nothing(self, store: Store, wakeups: Wakeups) -> None:
        await store.add(JOB, [])
        await woken(wakeups)
        await store.change(JOB.id, lambda job: None)
        await store.change(JOB.id, Change)
        assert await woken(wakeups) == set()

    async def test_a_commit_that_fails_wakes_nobody(self, store: Store, wakeups: Wakeups) -> None:
        await store.add(JOB, [])
        await woken(wakeups)

        def step(job: Job) -> Change:
            raise ValueError

        with pytest.raises(ValueError):
            await store.change(JOB.id, step)
        await store.change(JOB.id, lambda job: None)
        assert await woken(wakeups) == set()

    async def test_a_post_that_the_outbox_has_already(self, store: Store, wakeups: Wakeups) -> None:
        note = NewPost("note", PostKind.NOTE, "k7q2mx")
        await store.add(JOB, [note])
        await woken(wakeups)
        await store.change(JOB.id, lambda job: Change(job, (note,)))
        assert await woken(wakeups) == set()

    async def test_trials(self, store: Store, wakeups: Wakeups) -> None:
        await store.add(SWEEP, [])
        await woken(wakeups)
        await store.record(SWEEP.id, [Trial(0, state=JobState.SUCCEEDED)], lambda sweep: None)
        assert await woken(wakeups) == {"collect_results", "dispatch", "refresh_board"}
