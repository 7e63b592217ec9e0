"""EventBridge's state changes in an SQS queue, one for each child of an array.

https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html
"""

import json
from collections.abc import Iterator
from typing import Any

from bench.fleet.jobs import Jobs, SubmittedJob
from deploy.sandbox.aws.batch.jobs import Status

Json = dict[str, Any]
MESSAGES = 10
"""The most that one ReceiveMessage returns."""


class Events:
    """Each is delivered once. A message that the bot has not handled when it is killed is lost, as hints may be."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._waiting: list[tuple[float, str, str]] = []
        """Time, job id and state, with the next one last."""
        self._jobs_seen = 0

    def receive(self, now: float) -> Json:
        """Answer ReceiveMessage, without waiting."""
        self._add_new_jobs()
        messages: list[Json] = []
        while len(messages) < MESSAGES and self._waiting and self._waiting[-1][0] <= now:
            at, batch_id, status = self._waiting.pop()
            name = f"{batch_id}/{status}/{at}"
            messages.append({"MessageId": name, "ReceiptHandle": name, "Body": _body(batch_id, status)})
        return {"Messages": messages} if messages else {}

    def _add_new_jobs(self) -> None:
        new = list(self._jobs.submitted.values())[self._jobs_seen :]
        if new:
            self._jobs_seen += len(new)
            self._waiting = sorted([*self._waiting, *(each for job in new for each in _changes(job))], reverse=True)


def _changes(job: SubmittedJob) -> Iterator[tuple[float, str, str]]:
    for index, timeline in enumerate(job.timelines):
        batch_id = f"{job.id}:{index}" if job.array else job.id
        for attempt in timeline.attempts:
            yield attempt.begun, batch_id, Status.STARTING
            yield attempt.started, batch_id, Status.RUNNING
            again = Status.RUNNABLE if attempt.lost else job.status(index, attempt.stopped)
            yield attempt.stopped, batch_id, again


def _body(batch_id: str, status: str) -> str:
    return json.dumps({"detail-type": "Batch Job State Change", "detail": {"jobId": batch_id, "status": status}})
