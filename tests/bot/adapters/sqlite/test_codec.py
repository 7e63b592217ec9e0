"""Jobs as JSON: whatever a job holds comes back, also when another version wrote it."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sqlite.codec import decode, encode
from bot.domain.events import Attempt
from bot.domain.job import Commit, Job, Progress
from bot.domain.states import EndReason, JobState
from bot.errors import StoreError
from tests.bot.conftest import make_job

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
PROGRESS = st.builds(
    Progress,
    epoch=st.none() | st.integers(),
    epochs=st.none() | st.integers(),
    latest=st.dictionaries(TEXTS, NUMBERS),
    best=st.none() | NUMBERS,
    rows=st.integers(0),
)
JOBS = st.builds(
    Job,
    id=TEXTS,
    project=TEXTS,
    commit=st.builds(Commit, sha=TEXTS, branch=TEXTS, subject=TEXTS),
    parameters=st.dictionaries(TEXTS, st.booleans() | st.integers() | NUMBERS | TEXTS),
    asker_id=st.integers(),
    asker_name=TEXTS,
    channel_id=st.integers(),
    interaction_id=st.integers(),
    created_at=NUMBERS,
    timeout_seconds=st.integers(),
    retry_of=st.none() | TEXTS,
    state=st.sampled_from(JobState),
    reason=st.none() | st.sampled_from(EndReason),
    attempts=st.lists(ATTEMPTS, max_size=3).map(tuple),
    progress=PROGRESS,
    message_id=st.none() | st.integers(),
    told_at=st.none() | NUMBERS,
)


def _without(job: Job, *names: str) -> str:
    return json.dumps({name: value for name, value in json.loads(encode(job)).items() if name not in names})


@given(JOBS)
def test_what_goes_in_comes_out(job: Job) -> None:
    back = decode(encode(job))

    assert back == job
    assert [type(value) for value in back.parameters.values()] == [type(value) for value in job.parameters.values()]
    assert list(back.parameters) == list(job.parameters)
    assert (type(back.state), type(back.reason)) == (type(job.state), type(job.reason))


def test_the_loss_of_a_run_that_diverged() -> None:
    latest = decode(encode(make_job(progress=Progress(latest={"a": math.nan, "b": math.inf})))).progress.latest

    assert math.isnan(latest["a"])
    assert latest["b"] == math.inf


def test_a_job_of_an_older_bot_gets_the_defaults() -> None:
    job = make_job()

    assert decode(_without(job, "progress", "attempts", "reason", "state", "shown_revision")) == job


def test_a_field_of_a_newer_bot_is_left_out() -> None:
    job = make_job(commit=Commit("b" * 40, "main"))
    raw = json.loads(encode(job))

    assert decode(json.dumps(raw | {"mood": "good", "commit": raw["commit"] | {"author": "mika"}})) == job


@pytest.mark.parametrize(
    "text",
    [
        encode(make_job()).replace("INTENT", "FROZEN"),
        _without(make_job(), "commit"),
        json.dumps(json.loads(encode(make_job())) | {"commit": 7}),
        "[]",
        "torn {",
    ],
)
def test_what_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(StoreError, match="cannot read"):
        decode(text)


def test_what_has_no_place_in_a_job_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        encode(replace(make_job(), parameters={"lr": {0.1}}))  # type: ignore[dict-item]
