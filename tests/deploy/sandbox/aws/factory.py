"""Jobs for tests that do not need moto."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from deploy.sandbox.aws.batch.jobs import AttemptResult, BatchAttempt, Host, Job, JobSpec, Status

ENVIRONMENT = SimpleNamespace(
    arn="arn:ce",
    name="spot",
    state="ENABLED",
    compute_resources={"maxvCpus": 4},
    ecs_arn="arn:aws:ecs:us-east-1:123456789012:cluster/spot",
)


@dataclass
class Queue:
    """The attributes of moto's queue that the stand-in reads."""

    name: str = "queue"
    priority: int = 1
    environments: list[Any] = field(default_factory=lambda: [ENVIRONMENT])

    @property
    def arn(self) -> str:
        return f"arn:queue/{self.name}"


QUEUE = Queue()


def spec(**changes: Any) -> JobSpec:
    base: dict[str, Any] = {
        "name": "job",
        "queue": QUEUE,
        "definition_arn": "arn:aws:batch:us-east-1:123456789012:job-definition/trainer:3",
        "container": {"image": "image"},
        "command": ("train",),
        "environment": {},
        "vcpus": 1.0,
        "memory": 512,
        "log_group": "group",
        "log_prefix": "prefix",
    }
    return JobSpec(**{**base, **changes})


def job(job_id: str = "1", created_at: int = 1000, **changes: Any) -> Job:
    made = Job(job_id, f"arn:job/{job_id}", spec(**changes), created_at)
    made.history.append((created_at, Status.SUBMITTED))
    return made


def attempt(outcome: AttemptResult | None = None) -> BatchAttempt:
    """Call inside a running event loop."""
    stop = asyncio.get_running_loop().create_future()
    ended = None if outcome is None else 2000
    return BatchAttempt(1, "task", Host(ENVIRONMENT, "i-0abc"), "prefix/default/task", stop, 1500, ended, outcome)
