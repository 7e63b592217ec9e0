"""Faults in AWS's words, read back by botocore's own parsers."""

from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.session import get_session

from deploy.sandbox.aws.requests.protocols import Call, Failure, Protocol, broken, call_of, expired, throttled

BATCH = Call("SubmitJob", Protocol.REST_JSON)
LOGS = Call("FilterLogEvents", Protocol.JSON)
S3 = Call("PutObject", Protocol.REST_XML)
STS = Call("GetCallerIdentity", Protocol.QUERY)
EC2 = Call("DescribeSpotPriceHistory", Protocol.EC2)
SERVICES = {
    "batch": BATCH,
    "logs": LOGS,
    "s3": S3,
    "sts": STS,
    "ec2": EC2,
    "sqs": Call("ReceiveMessage", Protocol.JSON),
}


def read(service: str, call: Call, failure: Failure) -> Any:
    """The answer as botocore parses it."""
    model = get_session().get_service_model(service)
    answer = {
        "status_code": failure.status,
        "headers": {name.lower(): value for name, value in failure.headers(call.protocol)},
        "body": failure.body(call.protocol),
    }
    shape = model.operation_model(call.action).output_shape
    return create_parser(model.resolved_protocol).parse(answer, shape)["Error"]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("make", [throttled, expired, lambda _: broken(503)])
def test_every_protocol_carries_code_and_message(service: str, make: Any) -> None:
    call = SERVICES[service]
    failure = make(call)
    error = read(service, call, failure)
    assert (error["Code"], error["Message"]) == (failure.code, failure.message)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (BATCH, "TooManyRequestsException"),
        (LOGS, "ThrottlingException"),
        (S3, "SlowDown"),
        (EC2, "RequestLimitExceeded"),
    ],
)
def test_each_service_has_its_own_throttling_error(call: Call, code: str) -> None:
    assert throttled(call).code == code


def environ(method: str, path: str, query: str = "", **more: str) -> dict[str, Any]:
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, **more}


FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    ("request_", "body", "call"),
    [
        (environ("POST", "/v1/submitjob"), b"", BATCH),
        (environ("POST", "/", HTTP_X_AMZ_TARGET="Logs_20140328.FilterLogEvents"), b"", LOGS),
        (environ("POST", "/", **FORM), b"Action=GetCallerIdentity&Version=1", STS),
        (
            environ("POST", "/", HTTP_AUTHORIZATION="Credential=a/b/us-east-1/ec2/aws4_request", **FORM),
            b"Action=DescribeSpotPriceHistory",
            EC2,
        ),
        (environ("PUT", "/bucket/a/key"), b"", S3),
    ],
)
def test_action_of_a_request(request_: dict[str, Any], body: bytes, call: Call) -> None:
    assert call_of(request_, body) == call


@pytest.mark.parametrize(
    ("method", "path", "query", "action"),
    [
        ("GET", "/bucket/key", "", "GetObject"),
        ("HEAD", "/bucket/key", "", "HeadObject"),
        ("DELETE", "/bucket/key", "", "DeleteObject"),
        ("PUT", "/bucket", "", "CreateBucket"),
        ("HEAD", "/bucket", "", "HeadBucket"),
        ("GET", "/bucket", "list-type=2&prefix=jobs", "ListObjectsV2"),
        ("POST", "/bucket/key", "uploads", "CreateMultipartUpload"),
        ("PUT", "/bucket/key", "uploadId=1&partNumber=1", "UploadPart"),
        ("POST", "/bucket/key", "uploadId=1", "CompleteMultipartUpload"),
        ("GET", "/bucket/deleted", "", "GetObject"),
    ],
)
def test_s3_actions(method: str, path: str, query: str, action: str) -> None:
    assert call_of(environ(method, path, query), b"").action == action
