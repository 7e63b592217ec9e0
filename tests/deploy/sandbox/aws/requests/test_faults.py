"""Injected faults as the SDKs see them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError, ResponseStreamingError
from botocore.parsers import ResponseParserError

from tests.support.aws_stand_in import Sandbox

pytestmark = pytest.mark.slow


def ask(sandbox: Sandbox, action: str) -> Any:
    clients, resources = sandbox.clients, sandbox.resources
    calls: dict[str, Any] = {
        "DescribeJobs": lambda: clients.batch.describe_jobs(jobs=["x"]),
        "FilterLogEvents": lambda: clients.logs.filter_log_events(logGroupName=resources.log_group),
        "ReceiveMessage": lambda: clients.sqs.receive_message(QueueUrl=resources.events_queue_url, WaitTimeSeconds=0),
        "PutObject": lambda: clients.s3.put_object(Bucket=resources.bucket, Key="k", Body=b"v"),
        "ListObjectsV2": lambda: clients.s3.list_objects_v2(Bucket=resources.bucket),
        "GetCallerIdentity": clients.sts.get_caller_identity,
    }
    return calls[action]()


def code_of(sandbox: Sandbox, action: str) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        ask(sandbox, action)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("DescribeJobs", ("TooManyRequestsException", 429)),
        ("FilterLogEvents", ("ThrottlingException", 400)),
        ("ReceiveMessage", ("ThrottlingException", 400)),
        ("PutObject", ("SlowDown", 503)),
        ("ListObjectsV2", ("SlowDown", 503)),
        ("GetCallerIdentity", ("Throttling", 400)),
    ],
)
def test_every_service_is_throttled_the_requested_times(sandbox: Sandbox, action: str, code: tuple[str, int]) -> None:
    sandbox.control("POST", "faults", {"action": action, "fault": "429", "times": 2})
    assert code_of(sandbox, action) == code
    assert code_of(sandbox, action) == code
    ask(sandbox, action)


def test_other_actions_still_work(sandbox: Sandbox) -> None:
    sandbox.control("POST", "faults", {"action": "SubmitJob", "fault": "status"})
    ask(sandbox, "DescribeJobs")


def test_status_before_the_effect(sandbox: Sandbox) -> None:
    sandbox.control("POST", "faults", {"action": "SubmitJob", "fault": "status", "status": 503})
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        sandbox.submit("pass", name="before")
    assert sandbox.ledger("job.submit", jobName="before") == []


@pytest.mark.parametrize("fault", ["status", "reset"])
def test_answer_lost_after_the_effect(sandbox: Sandbox, fault: str) -> None:
    sandbox.control("POST", "faults", {"action": "SubmitJob", "fault": fault, "when": "after"})
    with pytest.raises((ClientError, ConnectionClosedError)):
        sandbox.submit("pass", name=f"lost-{fault}")
    assert len(sandbox.ledger("job.submit", jobName=f"lost-{fault}")) == 1
    assert sandbox.ledger("fault", action="SubmitJob")[-1]["when"] == "after"


def test_reset_closes_the_connection(sandbox: Sandbox) -> None:
    sandbox.control("POST", "faults", {"action": "DescribeJobs", "fault": "reset"})
    with pytest.raises(ConnectionClosedError) as caught:
        ask(sandbox, "DescribeJobs")
    assert "Connection reset by peer" in repr(caught.value.kwargs["error"])
    ask(sandbox, "DescribeJobs")


def test_hanging_call_times_out(sandbox: Sandbox) -> None:
    sandbox.control("POST", "faults", {"action": "DescribeJobs", "fault": "hang", "seconds": 2})
    impatient = sandbox.clients.client("batch", read_timeout=0.2)
    with pytest.raises(ReadTimeoutError):
        impatient.describe_jobs(jobs=["x"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_slow_call_is_answered(sandbox: Sandbox, when: str) -> None:
    sandbox.control("POST", "faults", {"action": "DescribeJobs", "fault": "slow", "seconds": 0.05, "when": when})
    assert ask(sandbox, "DescribeJobs")["jobs"] == []


def test_expired_credentials(sandbox: Sandbox) -> None:
    for action, code in (("DescribeJobs", "ExpiredTokenException"), ("PutObject", "ExpiredToken")):
        sandbox.control("POST", "faults", {"action": action, "fault": "expired"})
        assert code_of(sandbox, action)[0] == code


def test_any_aws_error_code(sandbox: Sandbox) -> None:
    fault = {"action": "PutObject", "fault": "error", "status": 403, "code": "AccessDenied", "message": "<no>"}
    sandbox.control("POST", "faults", fault)
    assert code_of(sandbox, "PutObject") == ("AccessDenied", 403)


def test_truncated_answer_after_the_effect(sandbox: Sandbox) -> None:
    sandbox.control("POST", "faults", {"action": "SubmitJob", "fault": "truncated"})
    with pytest.raises((ConnectionClosedError, ResponseStreamingError)):
        sandbox.submit("pass", name="half")
    assert len(sandbox.ledger("job.submit", jobName="half")) == 1


@pytest.mark.parametrize("status", [200, 502])
def test_html_page_instead_of_an_answer(sandbox: Sandbox, status: int) -> None:
    sandbox.control("POST", "faults", {"action": "*", "fault": "html", "status": status})
    with pytest.raises((ClientError, ResponseParserError, KeyError)):
        ask(sandbox, "DescribeJobs")["jobs"]
    assert sandbox.ledger("fault", action="DescribeJobs")[-1]["fault"] == "html"
    ask(sandbox, "DescribeJobs")


def test_faults_can_be_cleared(sandbox: Sandbox) -> None:
    sandbox.control("POST", "faults", {"action": "DescribeJobs", "fault": "429", "times": 99})
    sandbox.control("DELETE", "faults")
    ask(sandbox, "DescribeJobs")
