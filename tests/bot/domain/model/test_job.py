"""How observations move a job: out of order, doubled, late, and with attempts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model.observation import Attempt, Observation, end_reason
from bot.domain.model.rows import counted
from bot.domain.model.run import Commit
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.sweeps.trial_changes import observed as observed_trial
from tests.support import rows
from tests.support.rows import changed

JOB = rows.job(
    id="k7q2mx",
    project="mnist",
    commit=Commit("a" * 40, "main", "Warm up the learning rate"),
    parameters={"lr": 0.1},
    asker_id=1,
    asker_name="mika",
    channel_id=2,
    interaction_id=3,
    created_at=100.0,
    timeout_seconds=3600,
    state=JobState.SUBMITTED,
    engine_id="b-1",
)
LOST = Attempt("s/1", 110.0, 120.0, None, "Host EC2 (instance i-1) terminated.")


def seen(state: JobState, *attempts: Attempt, reason: str = "", terminated: bool = False) -> Observation:
    return Observation("b-1", "n", state, status_reason=reason, attempts=attempts, terminated=terminated)


def test_a_job_moves_forward_within_an_attempt() -> None:
    job = counted(JOB, JOB.observed(seen(JobState.RUNNABLE), 1))
    job = counted(job, job.observed(seen(JobState.RUNNING, Attempt("s/1", 110.0)), 2))
    assert (job.execution.state, job.execution.streams, job.publication.revision) == (JobState.RUNNING, ("s/1",), 2)
    assert job.observed(seen(JobState.RUNNABLE), 3) is job, "DescribeJobs lagged"


def test_a_reclaim_goes_back_to_runnable_as_another_attempt() -> None:
    job = JOB.observed(seen(JobState.RUNNING, Attempt("s/1", 110.0)), 1)
    job = job.observed(seen(JobState.RUNNABLE, LOST), 2)
    assert job.execution.state is JobState.RUNNABLE
    job = job.observed(seen(JobState.RUNNING, LOST, Attempt("s/2", 130.0)), 3)
    assert job.execution.streams == ("s/1", "s/2")
    assert job.observed(seen(JobState.RUNNING, Attempt("s/1", 110.0)), 4) is job, "the first attempt is past"


def test_an_end_is_final() -> None:
    ended = JOB.observed(seen(JobState.SUCCEEDED, Attempt("s/1", 110.0, 120.0, 0)), 1)
    assert (ended.execution.reason, ended.execution.state) == (EndReason.SUCCEEDED, JobState.SUCCEEDED)
    assert ended.observed(seen(JobState.FAILED, LOST, LOST), 2) is ended


def test_an_observation_that_says_nothing_new_changes_nothing() -> None:
    job = JOB.observed(seen(JobState.RUNNING, Attempt("s/1", 110.0)), 1)
    assert job.observed(seen(JobState.RUNNING, Attempt("s/1", 110.0)), 2) is job


@pytest.mark.parametrize(
    ("observation", "stop", "reason"),
    [
        (seen(JobState.SUCCEEDED), True, EndReason.SUCCEEDED),
        (seen(JobState.FAILED, Attempt(exit_code=143)), True, EndReason.STOPPED),
        (seen(JobState.FAILED, terminated=True), False, EndReason.STOPPED),
        (replace(seen(JobState.FAILED), reason=EndReason.HOST_LOST), True, EndReason.STOPPED),
        (replace(seen(JobState.FAILED), reason=EndReason.HOST_LOST), False, EndReason.HOST_LOST),
        (seen(JobState.FAILED, Attempt(exit_code=137)), False, EndReason.COMMAND_FAILED),
    ],
)
def test_reasons_for_an_end(observation: Observation, stop: bool, reason: EndReason) -> None:
    assert end_reason(observation, stop_requested=stop) is reason


@pytest.mark.parametrize(
    ("observation", "known", "detail"),
    [
        (seen(JobState.FAILED, reason="Internal error occurred"), "", "Internal error occurred"),
        (seen(JobState.FAILED, Attempt("s/1", 110.0, 120.0, None, "X: y"), reason="Task failed"), "", "X: y"),
        (seen(JobState.FAILED, reason="Internal error occurred"), "The disk is full", "The disk is full"),
        (seen(JobState.FAILED, Attempt("s/1", 110.0, 120.0, 1), reason="Essential container in task exited"), "", ""),
    ],
    ids=["no container", "a container's reason", "the entrypoint's line", "an exit code"],
)
def test_without_an_exit_code_the_engines_words_are_the_detail(
    observation: Observation, known: str, detail: str
) -> None:
    job = replace(JOB, execution=JOB.execution.explained(known))
    assert job.observed(observation, 130.0).execution.detail == detail
    trial = observed_trial(Trial(0, detail=known), observation)
    assert trial.detail == detail


STORY = (
    seen(JobState.PENDING),
    seen(JobState.RUNNABLE),
    seen(JobState.STARTING),
    seen(JobState.RUNNING, Attempt("s/1", 110.0)),
    seen(JobState.RUNNABLE, LOST),
    seen(JobState.RUNNING, LOST, Attempt("s/2", 130.0)),
    seen(JobState.SUCCEEDED, LOST, Attempt("s/2", 130.0, 140.0, 0)),
)


@given(st.lists(st.sampled_from(range(len(STORY))), max_size=30))
def test_any_order_with_any_repeats_ends_as_the_story_does(order: list[int]) -> None:
    job = JOB
    furthest = -1
    for number in order:
        before = job
        job = counted(job, job.observed(STORY[number], 1))
        furthest = max(furthest, number)
        assert job.publication.revision - before.publication.revision in (0, 1)
    told = changed(job, revision=0)
    straight = JOB if furthest < 0 else JOB.observed(STORY[furthest], 1)
    assert told == changed(straight, revision=0)
