"""Hypothesis strategies for everything that the store holds."""

from hypothesis import strategies as st

from bot.domain.model.execution import Execution, Lifecycle, Stop
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.plan import Plan, Search
from bot.domain.model.progress import Progress
from bot.domain.model.publication import Publication, Result
from bot.domain.model.request import Request
from bot.domain.model.run import Commit, Run
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState, WaitCause
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Board, Sweep
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Kind

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
    "credentials_expired": st.booleans(),
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
    wait=st.none() | st.sampled_from(WaitCause),
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
