"""Job events from EventBridge, in an SQS queue that the bot reads.

https://docs.aws.amazon.com/batch/latest/userguide/batch_cwe_events.html
"""

from collections.abc import Iterable
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

KINDS = ("Batch Job State Change", "Batch Job Queue Blocked")
"""State changes of an array's children have the first type too."""


@dataclass(frozen=True, slots=True)
class Events:
    queue: sqs.Queue
    rule: events.Rule


def job_events(scope: Construct, job_queues: Iterable[str]) -> Events:
    """Events of the job queues with these ARNs. They are kept for a day: by then the bot has long polled AWS itself."""
    lost = _queue(scope, "LostEvents", retention_period=Duration.days(14))
    queue = _queue(
        scope,
        "Events",
        retention_period=Duration.days(1),
        visibility_timeout=Duration.minutes(1),
        receive_message_wait_time=Duration.seconds(20),
        dead_letter_queue=sqs.DeadLetterQueue(queue=lost, max_receive_count=5),
    )
    rule = events.Rule(
        scope,
        "JobEvents",
        description="Job states, blocked queues",
        event_pattern=events.EventPattern(
            source=["aws.batch"],
            detail_type=list(KINDS),
            detail={"jobQueue": list(job_queues)},
        ),
    )
    rule.add_target(targets.SqsQueue(queue, dead_letter_queue=lost, max_event_age=Duration.hours(1)))
    return Events(queue, rule)


def _queue(scope: Construct, name: str, **settings: object) -> sqs.Queue:
    return sqs.Queue(scope, name, encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=True, **settings)
