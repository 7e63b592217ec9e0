"""What faults need from AWS's protocols: the action in a request, and the format of errors.

https://smithy.io/2.0/aws/protocols/index.html
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from botocore.session import get_session


class Protocol(StrEnum):
    REST_JSON = "rest-json"
    JSON = "json"
    REST_XML = "rest-xml"
    QUERY = "query"
    EC2 = "ec2"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to AWS. `action` as in the API reference: SubmitJob, FilterLogEvents, PutObject, …"""

    action: str
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class Failure:
    """An error answer; body and headers depend on the protocol."""

    status: int
    code: str
    message: str

    def body(self, protocol: Protocol) -> bytes:
        code, message = escape(self.code), escape(self.message)
        match protocol:
            case Protocol.REST_JSON:
                text = json.dumps({"message": self.message})
            case Protocol.JSON:
                text = json.dumps({"__type": self.code, "message": self.message})
            case Protocol.REST_XML:
                text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>0</RequestId></Error>"
            case Protocol.QUERY:
                error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                text = f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>"
            case Protocol.EC2:
                error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
                text = f"<Response><Errors>{error}</Errors><RequestID>0</RequestID></Response>"
        return text.encode()

    def headers(self, protocol: Protocol) -> list[tuple[str, str]]:
        if protocol is Protocol.REST_JSON:
            return [("Content-Type", "application/json"), ("x-amzn-ErrorType", self.code)]
        if protocol is Protocol.JSON:
            return [("Content-Type", "application/x-amz-json-1.1")]
        return [("Content-Type", "text/xml")]


def throttled(call: Call) -> Failure:
    """The service's error for too many requests."""
    if call.protocol is Protocol.REST_JSON:
        return Failure(429, "TooManyRequestsException", "Too Many Requests")
    if call.protocol is Protocol.REST_XML:
        return Failure(503, "SlowDown", "Please reduce your request rate.")
    if call.protocol is Protocol.EC2:
        return Failure(503, "RequestLimitExceeded", "Request limit exceeded.")
    if call.protocol is Protocol.QUERY:
        return Failure(400, "Throttling", "Rate exceeded")
    return Failure(400, "ThrottlingException", "Rate exceeded")


def expired(call: Call) -> Failure:
    """The service's error for expired credentials.

    S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, ExpiredToken. EC2:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, RequestExpired.
    """
    message = "The security token included in the request is expired"
    if call.protocol is Protocol.REST_XML:
        return Failure(400, "ExpiredToken", "The provided token has expired.")
    if call.protocol is Protocol.EC2:
        return Failure(400, "RequestExpired", "Request has expired.")
    if call.protocol is Protocol.REST_JSON:
        return Failure(403, "ExpiredTokenException", message)
    if call.protocol is Protocol.QUERY:
        # "(ExpiredToken) when calling the CreateRole operation: The security token included in the request is expired"
        # https://github.com/aws-samples/aws-iot-twinmaker-samples/issues/147, with the status of STS's common errors
        return Failure(403, "ExpiredToken", message)
    return Failure(400, "ExpiredTokenException", message)


def invalid_token(call: Call) -> Failure:
    """The service's error for temporary credentials without their session token, or with another one.

    S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, InvalidAccessKeyId. The others:
    https://repost.aws/knowledge-center/iam-user-invalid-client-token-id, with the names of the common errors of each.
    """
    message = "The security token included in the request is invalid."
    if call.protocol is Protocol.REST_XML:
        return Failure(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    if call.protocol is Protocol.EC2:
        return Failure(401, "AuthFailure", "AWS was not able to validate the provided access credentials")
    if call.protocol is Protocol.REST_JSON:
        return Failure(403, "UnrecognizedClientException", message)
    if call.protocol is Protocol.QUERY:
        return Failure(403, "InvalidClientTokenId", message)
    return Failure(400, "UnrecognizedClientException", message)


def broken(status: int) -> Failure:
    """A server error without details."""
    return Failure(status, "InternalFailure" if status == 500 else "ServiceUnavailable", "Service is unavailable")


def call_of(environ: dict[str, Any], body: bytes) -> Call:
    """The action and protocol of a request. A posted form has its action in `body`."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return Call(target.rpartition(".")[2], Protocol.JSON)
    path = environ["PATH_INFO"]
    if path.startswith("/v1/") and (action := _batch_actions().get(path.rstrip("/"))):
        return Call(action, Protocol.REST_JSON)
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = parse_qs(body.decode(errors="replace"))
        protocol = Protocol.EC2 if "/ec2/" in environ.get("HTTP_AUTHORIZATION", "") else Protocol.QUERY
        return Call(form.get("Action", [""])[0], protocol)
    return Call(_s3_action(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", "")), Protocol.REST_XML)


@cache
def _batch_actions() -> dict[str, str]:
    model = get_session().get_service_model("batch")
    return {model.operation_model(name).http["requestUri"]: name for name in model.operation_names}


def _s3_action(method: str, path: str, query: str) -> str:
    """The S3 action, by method, by whether the path has a key, and by query; "" if unknown."""
    in_object = bool(re.match(r"/[^/]+/.+", path))
    subject = "Object" if in_object else "Bucket"
    for needle, actions in _S3_QUERIES:
        if needle in query and (action := actions.get(method)):
            return action
    parts = {part.partition("=")[0] for part in query.split("&")}
    if own := next((name for part, name in _S3_PARTS.items() if part in parts), ""):
        return f"{method.capitalize()}{subject}{own}"
    table = {"PUT": f"Put{subject}", "GET": f"Get{subject}", "HEAD": f"Head{subject}", "DELETE": f"Delete{subject}"}
    special = {"PutBucket": "CreateBucket", "GetBucket": "ListObjects"}
    action = table.get(method, "")
    return special.get(action, action)


_S3_PARTS = {"acl": "Acl", "tagging": "Tagging", "retention": "Retention", "legal-hold": "LegalHold"}
"""Parts of an object or a bucket, which have permissions of their own."""
_S3_QUERIES = (
    ("list-type=2", {"GET": "ListObjectsV2"}),
    ("uploads", {"POST": "CreateMultipartUpload", "GET": "ListMultipartUploads"}),
    ("uploadId=", {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}),
    ("delete", {"POST": "DeleteObjects"}),
    ("location", {"GET": "GetBucketLocation"}),
)
