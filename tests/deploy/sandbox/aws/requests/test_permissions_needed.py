import io
import json
from typing import Any

import pytest

from deploy.sandbox.aws.common.settings import LiveSettings, Settings
from deploy.sandbox.aws.requests.permissions_needed import CallRecorder, Permission, permissions, read

HERE = "us-east-1:123456789012"
BOT = {"signalbox:bot": "signalbox"}
TAGS = {f"arn:aws:batch:{HERE}:job/job-1": BOT, f"arn:aws:ec2:{HERE}:volume/vol-1": BOT}


def _request(
    service: str, method: str = "POST", path: str = "/", query: str = "", body: Any = None, **headers: str
) -> dict[str, Any]:
    raw = json.dumps(body).encode() if body is not None else b""
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": io.BytesIO(raw),
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=mika/20261121/us-east-1/{service}/aws4_request",
        **headers,
    }


def _needs(environ: dict[str, Any]) -> list[Permission]:
    caller, asked = read(environ)
    assert caller == "mika"
    return list(permissions(asked, lambda arn: TAGS.get(arn, {})))


OWN = (("aws:ResourceTag/signalbox:bot", "signalbox"),)
SUBMITTED = (("aws:RequestTag/signalbox:bot", "signalbox"),)


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        (_request("s3", "GET", "/b/jobs/a b"), [Permission("s3:GetObject", "arn:aws:s3:::b/jobs/a b")]),
        (_request("s3", "HEAD", "/b/k"), [Permission("s3:GetObject", "arn:aws:s3:::b/k")]),
        (_request("s3", "PUT", "/b/k", "partNumber=1&uploadId=2"), [Permission("s3:PutObject", "arn:aws:s3:::b/k")]),
        (_request("s3", "DELETE", "/b/k", "uploadId=2"), [Permission("s3:AbortMultipartUpload", "arn:aws:s3:::b/k")]),
        (
            _request("s3", "GET", "/b", "list-type=2&prefix=jobs%2Fk7%2F"),
            [Permission("s3:ListBucket", "arn:aws:s3:::b", (("s3:prefix", "jobs/k7/"),))],
        ),
        (
            _request("s3", "PUT", "/b/k", HTTP_X_AMZ_COPY_SOURCE="b/jobs/old%20one"),
            [Permission("s3:PutObject", "arn:aws:s3:::b/k"), Permission("s3:GetObject", "arn:aws:s3:::b/jobs/old one")],
        ),
        (
            _request("batch", path="/v1/submitjob", body={"jobQueue": "q", "jobDefinition": "d:2", "tags": BOT}),
            [
                Permission("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/q", SUBMITTED),
                Permission("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-definition/d:2", SUBMITTED),
                Permission("batch:TagResource", f"arn:aws:batch:{HERE}:job-definition/d:2", SUBMITTED),
                Permission("batch:TagResource", f"arn:aws:batch:{HERE}:job-queue/q", SUBMITTED),
            ],
        ),
        (
            _request("batch", path="/v1/terminatejob", body={"jobId": "job-1", "reason": "r"}),
            [Permission("batch:TerminateJob", f"arn:aws:batch:{HERE}:job/job-1", OWN)],
        ),
        (
            _request("batch", path="/v1/terminatejob", body={"jobId": "job-1:7", "reason": "r"}),
            [Permission("batch:TerminateJob", f"arn:aws:batch:{HERE}:job/job-1:7")],
        ),
        (_request("batch", path="/v1/describejobs", body={"jobs": []}), [Permission("batch:DescribeJobs", "*")]),
        (
            _request(
                "sqs",
                body={"QueueUrl": "http://h/123456789012/events"},
                HTTP_X_AMZ_TARGET="AmazonSQS.DeleteMessageBatch",
            ),
            [Permission("sqs:DeleteMessage", f"arn:aws:sqs:{HERE}:events")],
        ),
        (
            _request("logs", body={"logGroupName": "/jobs"}, HTTP_X_AMZ_TARGET="Logs_20140328.FilterLogEvents"),
            [Permission("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:/jobs:log-stream:")],
        ),
        (
            _request("ec2", body={"InstanceId": "i-1", "VolumeId": "vol-1"}, HTTP_X_AMZ_TARGET="x.AttachVolume"),
            [
                Permission("ec2:AttachVolume", f"arn:aws:ec2:{HERE}:instance/i-1"),
                Permission("ec2:AttachVolume", f"arn:aws:ec2:{HERE}:volume/vol-1", OWN),
            ],
        ),
        (
            _request("sts", body={"RoleArn": "arn:r"}, HTTP_X_AMZ_TARGET="x.AssumeRole"),
            [Permission("sts:AssumeRole", "arn:r")],
        ),
        (_request("kms", body={}, HTTP_X_AMZ_TARGET="TrentService.Decrypt"), [Permission("kms:Decrypt", "*")]),
        (_request("sts", body={}, HTTP_X_AMZ_TARGET="x.GetCallerIdentity"), []),
    ],
)
def test_permissions_of_a_call(environ: dict[str, Any], wanted: list[Permission]) -> None:
    assert _needs(environ) == wanted


def test_presigned_url_counts_as_its_signers_call() -> None:
    environ = _request("s3", "GET", "/b/k", "X-Amz-Credential=mika%2F20261121%2Fus-east-1%2Fs3%2Faws4_request")
    del environ["HTTP_AUTHORIZATION"]
    assert _needs(environ) == [Permission("s3:GetObject", "arn:aws:s3:::b/k")]


def test_application_can_still_read_the_body() -> None:
    environ = _request("batch", path="/v1/describejobs", body={"jobs": ["a"]})
    read(environ)
    assert json.loads(environ["wsgi.input"].read()) == {"jobs": ["a"]}


def _answering(status: str) -> Any:
    def application(_: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response(status, [])
        return []

    return application


@pytest.mark.parametrize(
    ("on", "status", "actions"),
    [
        (True, "200 OK", ["s3:GetObject"]),
        (True, "404 Not Found", ["s3:GetObject", "s3:ListBucket"]),
        (False, "200 OK", []),
    ],
)
def test_calls_are_recorded_if_enabled(on: bool, status: str, actions: list[str]) -> None:
    calls = CallRecorder(_answering(status), LiveSettings(Settings(record_calls=on)), lambda _: {})
    for _ in range(2):
        calls(_request("s3", "GET", "/b/k"), lambda *_: None)
    assert [(entry["caller"], entry["action"], entry["calls"]) for entry in calls.entries()] == [
        ("mika", action, 2) for action in actions
    ]
