"""Trials that leave their submission, and what it says of them afterwards."""

from dataclasses import replace

from bot.domain.model.run import Commit, Run
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission
from bot.domain.model.trial import Trial
from bot.domain.sweeps.taken_back import in_submission, next_number, restarted, taken_back, to_submit_again
from tests.bot.domain.sweeps.plans import PLAN

RUN = Run("mnist", Commit("a" * 40, "main"), {}, 60, results="s3://bucket/jobs/mnist")
FIRST = Submission("k7q2mx-0", "k7q2mx", 0, "0-3", 4, RUN, 1.0)
SECOND = replace(FIRST, id="k7q2mx-9", number=9, numbers="2", size=1)
STOPPED = Trial(2, "b:2", JobState.FAILED, EndReason.STOPPED, ended_at=9.0)


def test_a_submission_says_nothing_of_a_trial_that_has_left_it() -> None:
    trial = Trial(2, left=(FIRST.id,))
    assert in_submission(trial, lambda _: STOPPED, FIRST, RUN.results) is trial
    assert in_submission(trial, lambda _: STOPPED, SECOND, RUN.results) == STOPPED


def test_a_trial_that_was_ended_before_it_started_is_as_new() -> None:
    leaving = taken_back(Trial(2), FIRST.id, "b:2")
    assert (leaving.leaving, leaving.engine_id) == (FIRST.id, "b:2")
    back = in_submission(leaving, lambda each: replace(STOPPED, leaving=each.leaving), FIRST, RUN.results)
    assert back == Trial(2, left=(FIRST.id,))
    assert to_submit_again({2: back}, [FIRST]) == [2]
    assert to_submit_again({2: back}, [FIRST, SECOND]) == []
    assert to_submit_again({2: back, 3: replace(leaving, number=3)}, [FIRST]) == [], "together with the others"


def test_a_trial_that_succeeds_or_was_stopped_by_somebody_meanwhile_stays_so() -> None:
    leaving = taken_back(Trial(2), FIRST.id, "b:2")
    done = replace(leaving, state=JobState.SUCCEEDED, reason=EndReason.SUCCEEDED, ended_at=9.0)
    assert in_submission(leaving, lambda _: done, FIRST, RUN.results) == replace(done, leaving="")
    stopped = replace(STOPPED, leaving=FIRST.id, stop_by="noor")
    assert in_submission(leaving, lambda _: stopped, FIRST, RUN.results) == replace(stopped, leaving="")


def test_a_trial_on_a_machine_is_left_alone() -> None:
    running = Trial(2, "b:2", JobState.RUNNING)
    assert taken_back(running, FIRST.id, "b:2") is running


def test_a_failed_trial_begins_anew_and_keeps_what_it_cost() -> None:
    failed = replace(STOPPED, reason=EndReason.COMMAND_FAILED, started_at=4.0, seconds_before=2.0, value=1.0)
    assert restarted(failed, [FIRST]) == Trial(2, left=(FIRST.id,), seconds_before=7.0)
    carried_over = replace(failed, source="c5d6f7")
    assert restarted(carried_over, [FIRST]) is carried_over


def test_what_is_submitted_again_has_a_number_of_its_own() -> None:
    assert next_number(PLAN, [FIRST]) == PLAN.trials
    assert next_number(PLAN, [FIRST, replace(SECOND, number=PLAN.trials)]) == PLAN.trials + 1
