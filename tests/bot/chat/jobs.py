"""Jobs, a project and posts to render in tests."""

from dataclasses import replace
from typing import Any

from bot.domain.access import Access
from bot.domain.job import Commit, Job, Progress
from bot.domain.params import Kind, Parameter
from bot.domain.posts import NewPost, Post, PostKind
from bot.domain.project import Project
from bot.domain.states import EndReason, JobState

CREATED = 1_790_000_000.0
STARTED = CREATED + 60
ENDED = STARTED + 271

PROJECT = Project(
    name="mnist",
    repository="https://example.org/mnist.git",
    branches=("main",),
    command=("python", "train.py"),
    queue="gpu",
    definition="trainer",
    log_group="/aws/batch/job",
    output_uri="s3://bucket/jobs",
    access=Access(frozenset({"trainer"}), frozenset({"admin"})),
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
    rows=7,
)


def a_job(**changes: Any) -> Job:
    job = Job(
        id="k7q2mx",
        project="mnist",
        commit=Commit("a1b2c3d" + "0" * 33, "main", "Warm up the learning rate"),
        parameters={"lr": 0.1, "epochs": 10, "optimizer": "sgd", "augment": False},
        asker_id=42,
        asker_name="mika",
        channel_id=7,
        interaction_id=1,
        created_at=CREATED,
        timeout_seconds=7200,
    )
    return replace(job, **changes)


def a_running_job(**changes: Any) -> Job:
    return a_job(**({"state": JobState.RUNNING, "started_at": STARTED, "progress": PROGRESS} | changes))


def an_ended_job(reason: EndReason, **changes: Any) -> Job:
    return replace(a_running_job().ended(reason, ENDED), **changes)


def a_post(kind: PostKind, **changes: Any) -> Post:
    """`id`, `attempted_at` and `previous_id` are the row's, the rest is the message's."""
    row = {name: changes.pop(name) for name in ("id", "attempted_at", "previous_id") if name in changes}
    new = NewPost(key=f"{kind}:k7q2mx", kind=kind, job_id="k7q2mx", **changes)
    return Post(**({"id": 5, "new": new, "created_at": CREATED} | row))
