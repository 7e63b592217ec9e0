"""Rows and trials as JSON: whatever they hold comes back, also when another version wrote it."""

import gc
import json
import math

import pytest
from hypothesis import given

from bot.adapters.sqlite.codec import decode, decode_trial, encode
from bot.domain.model.job import Job
from bot.domain.model.progress import Progress
from bot.domain.model.rows import Row
from bot.domain.model.run import Commit
from bot.domain.model.states import JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Kind
from bot.errors import StoreError
from tests.bot.adapters.sqlite.strategies import JOBS, SUBMISSIONS, SWEEPS, TRIALS
from tests.support.jobs import make_job
from tests.support.rows import changed


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
