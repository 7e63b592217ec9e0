"""Jobs, a project and posts to render in tests."""

from dataclasses import replace
from typing import Any

from bot.domain.model.job import Job
from bot.domain.model.plan import Plan, Search
from bot.domain.model.progress import Progress
from bot.domain.model.run import Commit
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Kind, Parameter
from bot.domain.posts import NewPost, Post, PostKind
from bot.domain.project import Project
from tests.support import rows
from tests.support.rows import changed

CREATED = 1_790_000_000.0
STARTED = CREATED + 60
ENDED = STARTED + 271
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82"
)

PROJECT = Project(
    name="mnist",
    repository="https://example.org/mnist.git",
    branches=("main",),
    command=("python", "train.py"),
    queue="gpu",
    job_definition="trainer",
    log_group="/aws/batch/job",
    output_uri="s3://bucket/jobs",
    parameters=(
        Parameter("lr", Kind.FLOAT, 0.1, 1e-6, 1.0, description="Learning rate"),
        Parameter("epochs", Kind.INT, 10, 1, 100),
        Parameter("optimizer", Kind.CHOICE, "sgd", choices=("sgd", "adam")),
        Parameter("augment", Kind.BOOLEAN, False),
    ),
)

PROGRESS = Progress(
    epoch=7,
    epochs=10,
    latest={"val_accuracy": 96.4, "val_loss": 0.121},
    best=96.7,
    best_epoch=6,
    first_at=STARTED + 20,
    last_at=STARTED + 140,
    epochs_seen=7,
)


_ASKED: dict[str, Any] = {
    "id": "k7q2mx",
    "project": "mnist",
    "commit": Commit("a1b2c3d" + "0" * 33, "main", "Warm up the learning rate"),
    "parameters": {"lr": 0.1, "epochs": 10, "optimizer": "sgd", "augment": False},
    "asker_id": 42,
    "asker_name": "mika",
    "channel_id": 7,
    "interaction_id": 1,
    "created_at": CREATED,
    "timeout_seconds": 7200,
}


def a_job(**changes: Any) -> Job:
    return rows.job(**(_ASKED | changes))


def a_running_job(**changes: Any) -> Job:
    return a_job(**({"state": JobState.RUNNING, "started_at": STARTED, "progress": PROGRESS} | changes))


def an_ended_job(reason: EndReason, **changes: Any) -> Job:
    return changed(a_running_job().ended(reason, ENDED), **changes)


def a_post(kind: PostKind, **changes: Any) -> Post:
    """`id`, `attempted_at` and `previous_id` are the row's, the rest is the message's."""
    row = {name: changes.pop(name) for name in ("id", "attempted_at", "previous_id") if name in changes}
    new = NewPost(key=f"{kind}:k7q2mx", kind=kind, job_id="k7q2mx", **changes)
    return Post(**({"id": 5, "new": new, "created_at": CREATED} | row))


SPACE = Space(
    axes=(Axis("lr", Kind.FLOAT, (0.1, 0.01, 0.001)), Axis("momentum", Kind.FLOAT, (0.5, 0.1, 0.05))),
    encoded={"axes": [["lr", [0.1, 0.01, 0.001]], ["momentum", [0.5, 0.1, 0.05]]]},
)
PLAN = Plan("lr=0.1,0.01,0.001 m=0.5,0.1,0.05", SPACE, Search.GRID, 9)
LEADERS = (
    Leader(0, 96.7, {"lr": 0.1, "momentum": 0.5}, epoch=6),
    Leader(1, 94.44, {"lr": 0.1, "momentum": 0.1}, epoch=10),
    Leader(3, 81.3, {"lr": 0.01, "momentum": 0.5}, epoch=10),
)
FAILURES = (
    Failure(EndReason.COMMAND_FAILED, "ValueError: *boom*", 2, (4, 7)),
    Failure(EndReason.OUT_OF_MEMORY, "", 1, (8,)),
)
MIDDLE = Tally(
    counts={TrialState.SUCCEEDED: 3, TrialState.RUNNING: 2, TrialState.FAILED: 1, TrialState.WAITING: 3},
    leaders=LEADERS,
    failures=FAILURES[1:],
    seconds=840.0,
    progress=0.55,
)
DONE = Tally(counts={TrialState.SUCCEEDED: 9}, leaders=LEADERS, seconds=1440.0, progress=1.0)
PARTLY = Tally(
    counts={TrialState.SUCCEEDED: 3, TrialState.FAILED: 3, TrialState.PRUNED: 2, TrialState.MISSING: 1},
    leaders=LEADERS,
    failures=FAILURES,
    seconds=1440.0,
    saved_seconds=600.0,
    progress=1.0,
)
PRICED = replace(PROJECT, usd_per_hour=0.526)


def a_sweep(tally: Tally = MIDDLE, *, plan: Plan = PLAN, **changes: Any) -> Sweep:
    """A live one; `ended_sweep` has ended."""
    own = {"tally": tally, "parameters": {"epochs": 10, "optimizer": "sgd"}}
    return rows.sweep(plan, **(_ASKED | {"state": JobState.RUNNING, "started_at": STARTED} | own | changes))


def ended_sweep(
    tally: Tally = DONE, reason: EndReason = EndReason.SUCCEEDED, *, plan: Plan = PLAN, **changes: Any
) -> Sweep:
    return changed(a_sweep(tally, plan=plan).ended(reason, ENDED), **changes)


def a_trial(number: int = 3, **changes: Any) -> Trial:
    return replace(Trial(number, state=JobState.RUNNING, started_at=STARTED), **changes)
