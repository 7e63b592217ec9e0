"""Rows and trials as JSON: whatever they hold comes back, also when another version wrote it."""

import gc
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sqlite.codec import decode, decode_trial, encode
from bot.domain.model.execution import Execution, Lifecycle, Stop
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.plan import Plan, Search
from bot.domain.model.progress import Progress
from bot.domain.model.publication import Publication, Result
from bot.domain.model.request import Request
from bot.domain.model.rows import Row
from bot.domain.model.run import Commit, Run
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Board, Sweep
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Kind
from bot.errors import StoreError
from tests.support.jobs import make_job
from tests.support.rows import changed

TEXTS = st.text(st.characters(exclude_categories=()))  # half surrogate pairs too
NUMBERS = st.floats(allow_nan=False)
ATTEMPTS = st.builds(
    Attempt,
    log_stream=st.none() | TEXTS,
    started_at=st.none() | NUMBERS,
    stopped_at=st.none() | NUMBERS,
    exit_code=st.none() | st.integers(-255, 255),
    reason=TEXTS,
)
VALUES = st.booleans() | st.integers() | NUMBERS | TEXTS
POINTS = st.dictionaries(TEXTS, VALUES, max_size=3)
COUNTS = st.integers(0)
AXES = st.builds(
    Axis,
    name=TEXTS,
    kind=st.sampled_from(Kind),
    values=st.lists(VALUES, max_size=3).map(tuple),
    low=NUMBERS,
    high=NUMBERS,
    log=st.booleans(),
)
PLANS = st.builds(
    Plan,
    text=TEXTS,
    space=st.builds(
        Space,
        axes=st.lists(AXES, max_size=3).map(tuple),
        encoded=st.just({"axes": [["lr", {"low": 0.001, "high": 0.1, "count": 5}], ["m", [0.5, 0.1]]], "folds": 5}),
    ),
    search=st.sampled_from(Search),
    trials=COUNTS,
    parallel=COUNTS,
    folds=COUNTS,
    stop_losers=st.booleans(),
    seed=st.integers(),
)
LEADERS = st.builds(
    Leader, number=COUNTS, value=NUMBERS, parameters=POINTS, deviation=st.none() | NUMBERS, epoch=st.none() | COUNTS
)
FAILURES = st.builds(
    Failure,
    reason=st.sampled_from(EndReason),
    detail=TEXTS,
    count=COUNTS,
    numbers=st.lists(COUNTS, max_size=3).map(tuple),
)
TALLIES = st.builds(
    Tally,
    counts=st.dictionaries(st.sampled_from(TrialState), COUNTS),
    leaders=st.lists(LEADERS, max_size=2).map(tuple),
    failures=st.lists(FAILURES, max_size=2).map(tuple),
    seconds=NUMBERS,
    saved_seconds=NUMBERS,
    progress=NUMBERS,
)
TRIALS = st.builds(
    Trial,
    number=COUNTS,
    engine_id=st.none() | TEXTS,
    state=st.sampled_from(JobState),
    reason=st.none() | st.sampled_from(EndReason),
    detail=TEXTS,
    exit_code=st.none() | st.integers(-255, 255),
    streams=st.lists(TEXTS, max_size=2).map(tuple),
    started_at=st.none() | NUMBERS,
    ended_at=st.none() | NUMBERS,
    parameters=st.none() | POINTS,
    value=st.none() | NUMBERS,
    epoch=st.none() | COUNTS,
    reports=st.lists(st.tuples(COUNTS, NUMBERS), max_size=3).map(tuple),
    epochs=st.none() | COUNTS,
    measured=st.booleans(),
    pruned_at=st.none() | NUMBERS,
    saved_epochs=COUNTS,
    stop_by=st.none() | TEXTS,
    announced=st.booleans(),
    source=TEXTS,
)
STOPS = st.builds(Stop, by=TEXTS, at=NUMBERS)
RUNS = st.builds(
    Run,
    project=TEXTS,
    commit=st.builds(Commit, sha=TEXTS, branch=TEXTS, subject=TEXTS),
    parameters=st.dictionaries(TEXTS, VALUES),
    timeout_seconds=st.integers(),
)
REQUESTS = st.builds(
    Request,
    asker_id=st.integers(),
    asker_name=TEXTS,
    channel_id=st.integers(),
    interaction_id=st.integers(),
    created_at=NUMBERS,
    retry_of=st.none() | TEXTS,
)
LIFECYCLE = {
    "state": st.sampled_from(JobState),
    "state_since": st.none() | NUMBERS,
    "unanswered_since": st.none() | NUMBERS,
    "reason": st.none() | st.sampled_from(EndReason),
    "detail": TEXTS,
    "stop": st.none() | STOPS,
}
EXECUTIONS = st.builds(
    Execution,
    **LIFECYCLE,
    engine_id=st.none() | TEXTS,
    submit_called_at=st.none() | NUMBERS,
    status_reason=TEXTS,
    attempts=st.lists(ATTEMPTS, max_size=3).map(tuple),
)
PUBLICATIONS = st.builds(
    Publication,
    card_id=st.none() | st.integers(),
    thread_id=st.none() | st.integers(),
    revision=st.integers(0),
    recovered_at=st.none() | NUMBERS,
    result=st.builds(
        Result,
        committed_at=st.none() | NUMBERS,
        channel_id=st.none() | st.integers(),
        refused_in=st.lists(st.integers(), max_size=3).map(tuple),
        undeliverable=TEXTS,
    ),
)
PROGRESS = st.builds(
    Progress,
    epoch=st.none() | st.integers(),
    epochs=st.none() | st.integers(),
    latest=st.dictionaries(TEXTS, NUMBERS),
    best=st.none() | NUMBERS,
    epochs_seen=st.integers(0),
)
JOBS = st.builds(
    Job, id=TEXTS, request=REQUESTS, run=RUNS, execution=EXECUTIONS, progress=PROGRESS, publication=PUBLICATIONS
)
SWEEPS = st.builds(
    Sweep,
    id=TEXTS,
    request=REQUESTS,
    run=RUNS,
    plan=PLANS,
    tally=TALLIES,
    board=st.builds(
        Board,
        picture=TEXTS,
        shown_picture=TEXTS,
        painted_revision=st.integers(),
        importance=st.dictionaries(TEXTS, NUMBERS, max_size=3),
    ),
    execution=st.builds(Lifecycle, **LIFECYCLE),
    publication=PUBLICATIONS,
)
SUBMISSIONS = st.builds(
    Submission,
    id=TEXTS,
    sweep_id=TEXTS,
    number=COUNTS,
    numbers=TEXTS,
    size=COUNTS,
    run=RUNS,
    created_at=NUMBERS,
    execution=EXECUTIONS,
    children=st.dictionaries(st.sampled_from(JobState), COUNTS),
    recovered_at=st.none() | NUMBERS,
)


def _without(job: Row, *names: str) -> str:
    return json.dumps({name: value for name, value in json.loads(encode(job)).items() if name not in names})


@given(JOBS | SWEEPS | SUBMISSIONS)
def test_what_goes_in_comes_out(row: Row) -> None:
    back = decode(encode(row))

    assert back == row
    assert type(back) is type(row)
    assert type(back.execution) is type(row.execution)
    parameters = row.run.parameters
    assert [type(value) for value in back.run.parameters.values()] == [type(value) for value in parameters.values()]
    assert list(back.run.parameters) == list(parameters)
    assert type(back.execution.state) is type(row.execution.state)
    assert type(back.execution.reason) is type(row.execution.reason)
    if isinstance(back, Sweep):
        assert {type(state) for state in back.tally.counts} <= {TrialState}
        assert {type(axis.kind) for axis in back.plan.space.axes} <= {Kind}
    if isinstance(back, Submission):
        assert {type(state) for state in back.children} <= {JobState}


@given(JOBS | SWEEPS | SUBMISSIONS)
def test_the_id_comes_first_as_rows_are_remembered_by_it(row: Row) -> None:
    assert next(iter(json.loads(encode(row)))) == "id"
    assert encode(row).startswith(json.dumps({"id": row.id}, separators=(",", ":"))[:-1] + ",")


@given(TRIALS)
def test_a_trial_that_goes_in_comes_out(trial: Trial) -> None:
    back = decode_trial(encode(trial))

    assert back == trial
    assert (type(back.state), type(back.reason)) == (type(trial.state), type(trial.reason))
    assert "\n" not in encode(trial)


def test_the_loss_of_a_run_that_diverged() -> None:
    job = decode(encode(make_job(progress=Progress(latest={"a": math.nan, "b": math.inf}))))
    assert isinstance(job, Job)
    latest = job.progress.latest

    assert math.isnan(latest["a"])
    assert latest["b"] == math.inf


def test_a_trial_that_diverged() -> None:
    back = decode_trial(encode(Trial(7, value=math.inf, reports=((1, 2.5), (2, math.nan)))))

    assert back.value == math.inf
    assert back.reports[0] == (1, 2.5)
    assert math.isnan(back.reports[1][1])


def test_a_trial_of_another_version() -> None:
    assert decode_trial('{"number":7,"state":"RUNNING","mood":"good"}') == Trial(7, state=JobState.RUNNING)


@pytest.mark.parametrize("text", ["{}", '{"number":7,"state":"FROZEN"}', '{"number":7,"reports":3}'])
def test_a_trial_that_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(StoreError, match="holds a trial that this version cannot read"):
        decode_trial(text)


def test_a_job_of_an_older_bot_gets_the_defaults() -> None:
    job = make_job()

    assert decode(_without(job, "progress", "execution", "publication")) == job
    raw = json.loads(encode(job))
    del raw["execution"]["reason"], raw["publication"]["result"]["refused_in"]
    assert decode(json.dumps(raw)) == job


def test_a_field_of_a_newer_bot_is_left_out() -> None:
    job = make_job(commit=Commit("b" * 40, "main"))
    raw = json.loads(encode(job))

    assert decode(json.dumps(raw | {"mood": "good", "request": raw["request"] | {"author": "mika"}})) == job


@pytest.mark.parametrize(
    "text",
    [
        encode(make_job()).replace("INTENT", "FROZEN"),
        _without(make_job(), "run"),
        encode(make_job()).replace('"kind":"job"', '"kind":"tree"'),
        _without(make_job(), "kind"),
        json.dumps(json.loads(encode(make_job())) | {"run": 7}),
        "[]",
        "torn {",
    ],
)
def test_what_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(StoreError, match="cannot read"):
        decode(text)


def test_what_has_no_place_in_a_job_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        encode(changed(make_job(), parameters={"lr": {0.1}}))


def test_of_a_job_that_changes_only_the_latest_version_stays_in_memory() -> None:
    """With its space a sweep can be large, and it changes every few seconds for hours."""
    texts = [encode(make_job(id="larger", revision=number)) for number in range(5)]
    assert [row.publication.revision for text in texts if isinstance(row := decode(text), Job)] == list(range(5))
    gc.collect()
    assert sum(type(each) is Job and each.id == "larger" for each in gc.get_objects()) == 1
    assert decode(texts[4]) is decode(texts[4]), "what is asked for again and again is remembered"
