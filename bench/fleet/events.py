"""EventBridge's state changes in an SQS queue: each child of an array tells of itself.

https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html
"""

import json
from collections.abc import Iterator
from typing import Any

from bench.fleet.jobs import Jobs, Submitted
from deploy.sandbox.aws.batch.jobs import Status

Json = dict[str, Any]
MESSAGES = 10
"""Of one ReceiveMessage, at most."""


class Events:
    """Each is delivered once: what is received by a bot that is killed then is lost, as hints may be."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._waiting: list[tuple[float, str, str]] = []
        """When, which job, which state; the next one last."""
        self._told = 0

    def received(self, now: float) -> Json:
        """ReceiveMessage's answer, without waiting."""
        self._note_new()
        messages: list[Json] = []
        while len(messages) < MESSAGES and self._waiting and self._waiting[-1][0] <= now:
            at, batch_id, status = self._waiting.pop()
            name = f"{batch_id}/{status}/{at}"
            messages.append({"MessageId": name, "ReceiptHandle": name, "Body": _body(batch_id, status)})
        return {"Messages": messages} if messages else {}

    def _note_new(self) -> None:
        new = list(self._jobs.submitted.values())[self._told :]
        if new:
            self._told += len(new)
            self._waiting = sorted([*self._waiting, *(each for job in new for each in _changes(job))], reverse=True)


def _changes(job: Submitted) -> Iterator[tuple[float, str, str]]:
    for index, course in enumerate(job.courses):
        batch_id = f"{job.id}:{index}" if job.array else job.id
        for attempt in course.attempts:
            yield attempt.begun, batch_id, Status.STARTING
            yield attempt.started, batch_id, Status.RUNNING
            again = Status.RUNNABLE if attempt.lost else job.status(index, attempt.stopped)
            yield attempt.stopped, batch_id, again


def _body(batch_id: str, status: str) -> str:
    return json.dumps({"detail-type": "Batch Job State Change", "detail": {"jobId": batch_id, "status": status}})
