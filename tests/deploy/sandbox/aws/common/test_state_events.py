"""State changes on their way from Batch through EventBridge to SQS."""

import json
import time
from typing import Any

import pytest

from tests.support.aws_stand_in import Sandbox
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.slow


def received(sandbox: Sandbox, job_id: str, last: str) -> list[dict[str, Any]]:
    """The events of a job up to the state `last`, taken from the queue."""
    sqs, url, events = sandbox.clients.sqs, sandbox.resources.events_queue_url, []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            event = json.loads(message["Body"])
            if event["detail"]["jobId"] == job_id:
                events.append(event)
        if events and events[-1]["detail"]["status"] == last:
            return events
    raise AssertionError(f"{last} did not come; {[each['detail']['status'] for each in events]} did")


def test_every_state_change_but_the_submission_is_an_event(sandbox: Sandbox) -> None:
    job_id = sandbox.submit("pass", tags={"run": "1"})
    events = received(sandbox, job_id, last="SUCCEEDED")
    assert [each["detail"]["status"] for each in events] == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    assert {(each["source"], each["detail-type"]) for each in events} == {("aws.batch", "Batch Job State Change")}
    end = events[-1]
    assert end["resources"] == [end["detail"]["jobArn"]]
    assert (end["detail"]["tags"], end["detail"]["container"]["exitCode"]) == ({"run": "1"}, 0)


def test_job_that_blocks_its_queue_is_an_event_with_the_reason(sandbox: Sandbox) -> None:
    reason = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - none"
    sandbox.control("POST", "settings", {"capacity_reason": reason})
    job_id = sandbox.submit("pass")
    sandbox.await_job(job_id, lambda job: job.get("statusReason") == reason)
    sandbox.control("POST", "settings", {"capacity_reason": ""})
    events = received(sandbox, job_id, last="SUCCEEDED")
    (blocked,) = [each for each in events if each["detail-type"] == "Batch Job Queue Blocked"]
    detail = blocked["detail"]
    assert (detail["status"], detail["statusReason"]) == ("RUNNABLE", reason)
    assert blocked["resources"] == [detail["jobArn"], detail["jobQueue"]]


def test_events_can_be_switched_off(sandbox: Sandbox) -> None:
    sandbox.control("POST", "settings", {"events": False})
    silent = sandbox.submit("pass")
    sandbox.ended(silent)
    sandbox.control("POST", "settings", {"events": True})
    told = sandbox.submit("pass")
    url = sandbox.resources.events_queue_url
    assert received(sandbox, told, last="SUCCEEDED")
    left = sandbox.clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
    assert silent not in json.dumps(left.get("Messages", []))
