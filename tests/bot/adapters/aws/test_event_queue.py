"""State changes by way of a real queue, and bodies that are none."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.aws.batch_engine import BatchEngine
from bot.adapters.aws.clients import AwsClients
from bot.adapters.aws.event_queue import AwsEvents, batch_id_of
from bot.ports.engine import Hint, SubmitCall
from deploy.sandbox.aws.resources import Clients, Resources

CHANGE = {"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": {"jobId": "b-1"}}


class TestBody:
    def test_of_a_state_change(self) -> None:
        assert batch_id_of(json.dumps(CHANGE)) == "b-1"

    def test_of_a_blocked_queue_is_the_job_that_blocks_it(self) -> None:
        detail = {"jobId": "b-1", "status": "RUNNABLE", "statusReason": "blocked-reason", "attempts": []}
        assert batch_id_of(json.dumps(CHANGE | {"detail-type": "Batch Job Queue Blocked", "detail": detail})) == "b-1"

    @pytest.mark.parametrize(
        "change",
        [
            {"detail-type": "Batch Service Job Queue Blocked"},
            {"detail-type": "EC2 Instance State-change Notification"},
            {"detail": None},
            {"detail": ["jobId"]},
            {"detail": {}},
            {"detail": {"jobId": 7}},
            {"detail": {"jobId": None}},
        ],
    )
    def test_of_anything_else(self, change: dict[str, Any]) -> None:
        assert batch_id_of(json.dumps(CHANGE | change)) == ""

    @given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
    @settings(deadline=None)
    def test_never_raises(self, body: str) -> None:
        assert batch_id_of(body) == ""

    def test_of_a_body_nested_too_deep(self) -> None:
        assert batch_id_of("[" * 100_000) == ""


@pytest.mark.slow
class TestQueue:
    @pytest.fixture
    async def queue_url(self, resources: Resources) -> AsyncIterator[str]:
        """A queue of the test's own."""
        sqs = Clients(resources.endpoint).sqs
        url = sqs.create_queue(QueueName="hints")["QueueUrl"]
        yield url
        sqs.delete_queue(QueueUrl=url)

    async def test_every_message_is_a_hint_until_acknowledged(
        self, aws: AwsClients, resources: Resources, queue_url: str
    ) -> None:
        sqs = Clients(resources.endpoint).sqs
        sent = [json.dumps(CHANGE | {"detail": {"jobId": f"b-{n}"}}) for n in range(11)] + ["<not json>"]
        for body in sent:
            sqs.send_message(QueueUrl=queue_url, MessageBody=body)
        events, received = AwsEvents(aws, queue_url), list[Hint]()
        while hints := await events.receive(0):
            assert len(hints) <= 10
            await events.acknowledge(hints)
            received += hints
        assert left(resources, queue_url) == 0
        assert sorted(hint.engine_id for hint in received) == sorted(["", *(f"b-{n}" for n in range(11))])
        assert {hint.excerpt for hint in received} == {"", "<not json>"}, "what cannot be read is shown"

    async def test_many_are_acknowledged_at_once(self, aws: AwsClients, resources: Resources, queue_url: str) -> None:
        sqs = Clients(resources.endpoint).sqs
        for _ in range(12):
            sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(CHANGE))
        events, hints = AwsEvents(aws, queue_url), dict[str, Hint]()
        while len(hints) < 12:
            hints |= {hint.receipt: hint for hint in await events.receive(0)}
        assert left(resources, queue_url) == 12
        await events.acknowledge(list(hints.values()))
        await events.acknowledge([])
        assert left(resources, queue_url) == 0

    async def test_a_job_sends_events(self, aws: AwsClients, resources: Resources) -> None:
        submission = SubmitCall("sb-events", resources.queue, resources.job_definition, ("true",), {}, {}, 60)
        engine_id = await BatchEngine(aws).submit(submission)
        events, received = AwsEvents(aws, resources.events_queue_url), set[str]()
        while engine_id not in received:
            hints = await events.receive(0.5)
            await events.acknowledge(hints)
            received |= {hint.engine_id for hint in hints}


def left(resources: Resources, queue_url: str) -> int:
    """How many messages the queue holds, those under way included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = Clients(resources.endpoint).sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(attributes["Attributes"][name]) for name in names)
