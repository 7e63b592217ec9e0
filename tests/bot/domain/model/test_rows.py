"""The revision of a card: counted when the card shows something else, and only then."""

import pytest

from bot.domain.model.observation import Attempt, Observation
from bot.domain.model.progress import Progress
from bot.domain.model.publication import NOWHERE
from bot.domain.model.rows import Posted, counted
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.tally import Tally
from bot.domain.model.trial import TrialState
from tests.support.jobs import make_job, make_sweep
from tests.support.rows import changed, submission
from tests.support.scripted_sweep import TWO

JOB = make_job(state=JobState.RUNNING, engine_id="b-1", revision=4)
SWEEP = make_sweep(TWO, state=JobState.RUNNING, tally=Tally({TrialState.RUNNING: 1}, seconds=5.0), revision=4)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(JOB, changed(JOB, state=JobState.FAILED), id="state"),
        pytest.param(JOB, changed(JOB, attempts=(Attempt("s/1"),)), id="attempts"),
        pytest.param(JOB, changed(JOB, unanswered_since=5.0), id="no answer"),
        pytest.param(JOB, changed(JOB, stop_by="mika", stop_at=5.0), id="stop"),
        pytest.param(JOB, changed(JOB, detail="no"), id="detail"),
        pytest.param(JOB, changed(JOB, progress=Progress(epoch=1)), id="progress"),
        pytest.param(JOB, changed(JOB, thread_id=5), id="thread"),
        pytest.param(JOB, changed(JOB, undeliverable="forbidden"), id="undeliverable"),
        pytest.param(SWEEP, SWEEP.ended(EndReason.SUCCEEDED, 5.0), id="end of a sweep"),
        pytest.param(SWEEP, changed(SWEEP, tally=Tally({TrialState.RUNNING: 2}, seconds=5.0)), id="tally"),
        pytest.param(SWEEP, changed(SWEEP, picture="/b/1.png"), id="picture"),
        pytest.param(SWEEP, changed(SWEEP, importance={"lr": 1.0}), id="importance"),
    ],
)
def test_what_the_card_shows_is_counted(before: Posted, after: Posted) -> None:
    assert counted(before, after) == changed(after, revision=5)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(JOB, JOB, id="nothing"),
        pytest.param(JOB, changed(JOB, submit_called_at=5.0), id="call of SubmitJob"),
        pytest.param(JOB, changed(JOB, card_id=5, shown_revision=4), id="the card itself"),
        pytest.param(JOB, changed(JOB, thread_id=NOWHERE), id="no thread"),
        pytest.param(JOB, changed(JOB, lines_posted=5), id="lines"),
        pytest.param(JOB, changed(JOB, archived_at=5.0), id="archive"),
        pytest.param(JOB, changed(JOB, committed_at=5.0), id="result"),
        pytest.param(SWEEP, changed(SWEEP, tally=Tally({TrialState.RUNNING: 1}, seconds=9.0)), id="machine time"),
        pytest.param(SWEEP, changed(SWEEP, shown_picture="/b/1.png", painted_revision=4), id="shown picture"),
    ],
)
def test_what_it_does_not_show_is_not_counted(before: Posted, after: Posted) -> None:
    assert counted(before, after) is after


def test_a_forced_redraw_counts_once() -> None:
    redrawn = changed(JOB, state=JobState.FAILED, revision=5)
    assert counted(JOB, redrawn) is redrawn


def test_a_submission_has_no_card() -> None:
    before = submission(SWEEP, 0, "0-3", 4)
    after = changed(before, state=JobState.RUNNING)
    assert counted(before, after) is after


def test_a_late_answer_changes_no_counts_of_an_array() -> None:
    array = submission(SWEEP, 0, "0-3", 4, state=JobState.RUNNING, children={JobState.RUNNING: 4})
    late = Observation("b", "n", JobState.RUNNABLE, children=((JobState.RUNNABLE, 4),))
    assert array.observed(late, 5.0) is array
    now = Observation("b", "n", JobState.RUNNING, children=((JobState.SUCCEEDED, 4),))
    assert array.observed(now, 5.0).children == {JobState.SUCCEEDED: 4}
