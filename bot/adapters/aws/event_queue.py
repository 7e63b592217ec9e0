"""Receive AWS Batch's events about jobs from EventBridge through an SQS queue.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.aws.clients import LONGEST_POLL_SECONDS, AwsClients
from bot.adapters.aws.error_codes import calling
from bot.ports.engine import Hint

MESSAGES_PER_CALL = 10
"""ReceiveMessage, `MaxNumberOfMessages`: "Valid values: 1 to 10."; DeleteMessageBatch: "Deletes up to ten messages"."""
KINDS = ("Batch Job State Change", "Batch Job Queue Blocked")
"""Both have a job in `detail`, in the form of DescribeJobs. The second names the job that blocks its queue:
https://docs.aws.amazon.com/batch/latest/userguide/batch-job-queue-blocked-events.html. Assumption: child-events."""
EXCERPT = 200
"""Characters shown of a message that cannot be read."""


class AwsEvents:
    """Implements `bot.ports.engine.Events` for one queue; a rule for `KINDS` must fill it."""

    def __init__(self, clients: AwsClients, queue_url: str) -> None:
        self._client, self._queue = clients.sqs, queue_url

    async def receive(self, wait_seconds: float) -> list[Hint]:
        with calling("SQS ReceiveMessage"):
            answer = await self._client.receive_message(
                QueueUrl=self._queue,
                MaxNumberOfMessages=MESSAGES_PER_CALL,
                WaitTimeSeconds=max(0, min(math.ceil(wait_seconds), LONGEST_POLL_SECONDS)),
            )
            return [_hint(message) for message in answer.get("Messages") or ()]

    async def acknowledge(self, hints: Sequence[Hint]) -> None:
        for start in range(0, len(hints), MESSAGES_PER_CALL):
            chunk = hints[start : start + MESSAGES_PER_CALL]
            entries = [{"Id": str(index), "ReceiptHandle": hint.receipt} for index, hint in enumerate(chunk)]
            with calling("SQS DeleteMessageBatch"):
                await self._client.delete_message_batch(QueueUrl=self._queue, Entries=entries)


def _hint(message: Mapping[str, Any]) -> Hint:
    body = str(message.get("Body") or "")
    engine_id = batch_id_of(body)
    return Hint(engine_id, message["ReceiptHandle"], excerpt="" if engine_id else body[:EXCERPT])


def batch_id_of(body: str) -> str:
    """The job's id; "" if the message is no event of `KINDS` or cannot be read.

    https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(event, dict) or event.get("detail-type") not in KINDS:
        return ""
    detail = event.get("detail")
    engine_id = detail.get("jobId") if isinstance(detail, dict) else None
    return engine_id if isinstance(engine_id, str) else ""
