"""Every answer of our Batch has the shape in botocore's model: no unknown member, no wrong type."""

import json
import urllib.request
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.model import Shape
from botocore.session import get_session
from botocore.validate import ParamValidator

from tests.support.aws_stand_in import Sandbox

pytestmark = pytest.mark.slow

BATCH = get_session().get_service_model("batch")
# Required by the model in an answer, but absent at AWS before a job has started.
NOT_YET = {("JobDetail", "startedAt")}


def ask(sandbox: Sandbox, action: str, **request: Any) -> Any:
    """The raw answer, before botocore drops unknown members."""
    url = sandbox.endpoint + BATCH.operation_model(action).http["requestUri"]
    signed = AWSRequest("POST", url, data=json.dumps(request), headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials("sandbox", "sandbox"), "batch", "us-east-1").add_auth(signed)
    prepared = signed.prepare()
    body = prepared.body if isinstance(prepared.body, bytes) else str(prepared.body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, dict(prepared.headers.items()))) as answer:
        return json.load(answer)


def unknown_members(value: Any, shape: Any, path: str = "") -> list[str]:
    if shape.type_name == "structure":
        found = [f"{path}.{name}" for name in value if name not in shape.members]
        known = [(name, each) for name, each in value.items() if name in shape.members]
        return found + [
            bad for name, each in known for bad in unknown_members(each, shape.members[name], f"{path}.{name}")
        ]
    if shape.type_name == "list":
        return [bad for n, each in enumerate(value) for bad in unknown_members(each, shape.member, f"{path}[{n}]")]
    if shape.type_name == "map":
        return [bad for key, each in value.items() for bad in unknown_members(each, shape.value, f"{path}.{key}")]
    enum = getattr(shape, "enum", [])
    return [f"{path}: {value} is none of {enum}"] if enum and value not in enum else []


class LenientValidator(ParamValidator):
    def _validate_structure(self, params: Any, shape: Any, errors: Any, name: str) -> None:
        missing = {member: 0 for kind, member in NOT_YET if kind == shape.name and member not in params}
        super()._validate_structure({**params, **missing}, shape, errors, name)


def assert_shaped(action: str, answer: Any) -> None:
    shape: Shape = BATCH.operation_model(action).output_shape
    report = LenientValidator().validate(answer, shape)
    assert not report.has_errors(), report.generate_report()
    assert unknown_members(answer, shape) == []


@pytest.fixture
def jobs(sandbox: Sandbox) -> dict[str, str]:
    """One job of each kind; ids by kind."""
    made = {
        "succeeded": sandbox.submit("print(1)", tags={"a": "b"}, timeout={"attemptDurationSeconds": 60}),
        "failed": sandbox.submit("raise SystemExit(3)", retryStrategy={"attempts": 2}),
        "array": sandbox.submit("pass", arrayProperties={"size": 2}),
    }
    for job_id in made.values():
        sandbox.ended(job_id)
    sandbox.control("POST", "settings", {"capacity_reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"})
    made["waiting"] = sandbox.submit("pass", dependsOn=[{"jobId": made["array"], "type": "SEQUENTIAL"}])
    sandbox.await_status(made["waiting"], "RUNNABLE")
    made["child"] = f"{made['array']}:1"
    return made


def test_shape_of_jobs_and_summaries(sandbox: Sandbox, jobs: dict[str, str]) -> None:
    described = ask(sandbox, "DescribeJobs", jobs=list(jobs.values()))
    assert len(described["jobs"]) == len(jobs)
    assert_shaped("DescribeJobs", described)
    queue = sandbox.resources.queue
    for status in ("SUCCEEDED", "FAILED", "RUNNABLE"):
        listed = ask(sandbox, "ListJobs", jobQueue=queue, jobStatus=status)
        assert listed["jobSummaryList"]
        assert_shaped("ListJobs", listed)
    assert_shaped("ListJobs", ask(sandbox, "ListJobs", arrayJobId=jobs["array"], jobStatus="SUCCEEDED"))
    snapshot = ask(sandbox, "GetJobQueueSnapshot", jobQueue=queue)
    assert snapshot["frontOfQueue"]["jobs"]
    assert_shaped("GetJobQueueSnapshot", snapshot)
    sandbox.batch.terminate_job(jobId=jobs["waiting"], reason="enough")


def test_shape_of_submissions_and_terminations(sandbox: Sandbox) -> None:
    resources = sandbox.resources
    asked = {"jobName": "shape", "jobQueue": resources.queue, "jobDefinition": resources.job_definition}
    submitted = ask(sandbox, "SubmitJob", **asked, containerOverrides={"command": ["pass"]})
    assert_shaped("SubmitJob", submitted)
    for action in ("CancelJob", "TerminateJob"):
        assert_shaped(action, ask(sandbox, action, jobId=submitted["jobId"], reason="enough"))


def test_validator_finds_errors() -> None:
    good = {"jobArn": "a", "jobName": "n", "jobId": "i"}
    assert_shaped("SubmitJob", good)
    with pytest.raises(AssertionError):
        assert_shaped("SubmitJob", {**good, "jobColour": "red"})
    with pytest.raises(AssertionError):
        assert_shaped("SubmitJob", {**good, "jobId": 3})
    with pytest.raises(AssertionError, match="is none of"):
        assert_shaped("ListJobs", {"jobSummaryList": [{"jobId": "i", "jobName": "n", "status": "DONE"}]})
