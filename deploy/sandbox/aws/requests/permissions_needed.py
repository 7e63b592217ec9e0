"""Every call to AWS as its permissions: who asked for which action on which resource, under which conditions.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import io
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from moto.core.models import DEFAULT_ACCOUNT_ID

from deploy.sandbox.aws.common.settings import REGION, LiveSettings
from deploy.sandbox.aws.requests.protocols import call_of

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
Json = Mapping[str, Any]
TagsOf = Callable[[str], Mapping[str, str]]
"""A Batch job's tags, by its id."""

_CREDENTIAL = re.compile(r"([^/=\s]+)/\d{8}/[^/]+/([^/]+)/aws4_request")
_FORM = "application/x-www-form-urlencoded"
_NO_PERMISSION = frozenset({"sts:GetCallerIdentity"})
"""Asked of nobody: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""


class Permission(NamedTuple):
    """One permission that a call takes. `context` are the condition keys that the request carries."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


class AwsRequest(NamedTuple):
    """A request, as far as permissions go by it."""

    service: str
    operation: str
    body: Json
    path: str
    query: Mapping[str, list[str]]
    copied_from: str


class CallRecorder:
    """A WSGI layer that keeps, while the setting `record_calls` is on, each need of each caller with its count."""

    def __init__(self, application: Application, settings: LiveSettings, tags_of: TagsOf) -> None:
        self._application, self._settings, self._tags_of = application, settings, tags_of
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, Permission]] = Counter()

    def entries(self) -> list[dict[str, Any]]:
        """In the order in which they first came. `caller` is the id of an access key."""
        with self._lock:
            counted = list(self._counts.items())
        return [
            {"caller": caller, **need._asdict(), "context": dict(need.context), "calls": calls}
            for (caller, need), calls in counted
        ]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not self._settings.now.record_calls:
            return self._application(environ, start_response)
        caller, asked = read(environ)

        def start(status: str, headers: Any, *rest: Any) -> Any:
            wanted = list(needs(asked, self._tags_of))
            if status.startswith("404") and asked.service == "s3":
                # Who may not list is told "denied" of a key that is not there, and it is the 404 that code goes by.
                wanted.append(Permission("s3:ListBucket", _bucket(asked.path)[0]))
            with self._lock:
                self._counts.update((caller, need) for need in wanted)
            return start_response(status, headers, *rest)

        return self._application(environ, start)


def read(environ: dict[str, Any]) -> tuple[str, AwsRequest]:
    """Who asks, and for what; the body is put back for who reads it next."""
    raw, content_type = b"", environ.get("CONTENT_TYPE", "")
    if environ.get("HTTP_X_AMZ_TARGET") or content_type.startswith(_FORM) or environ["PATH_INFO"].startswith("/v1/"):
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(raw)
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    signed = environ.get("HTTP_AUTHORIZATION", "") or query.get("X-Amz-Credential", [""])[0]
    match = _CREDENTIAL.search(signed)
    caller, service = (match[1], match[2]) if match else ("nobody", "")
    body = json.loads(raw) if raw.startswith(b"{") else {}
    operation = call_of(environ, raw).action
    return caller, AwsRequest(
        service, operation, body, environ["PATH_INFO"], query, environ.get("HTTP_X_AMZ_COPY_SOURCE", "")
    )


def needs(asked: AwsRequest, tags_of: TagsOf) -> Iterator[Permission]:
    """A service that is not known here needs its action on everything, so that nothing passes unseen."""
    own: dict[str, Callable[[], Iterator[Permission]]] = {
        "s3": lambda: _s3(asked),
        "batch": lambda: _batch(asked, tags_of),
        "sqs": lambda: _sqs(asked),
    }
    action = f"{asked.service}:{asked.operation}"
    if action in _NO_PERMISSION:
        return
    if asked.service in own:
        yield from own[asked.service]()
        return
    find = _RESOURCES.get(action)
    yield Permission(action, find(asked.body) if find else "*")


def _s3(asked: AwsRequest) -> Iterator[Permission]:
    bucket, of_object = _bucket(asked.path)
    if asked.operation in ("ListObjects", "ListObjectsV2", "HeadBucket"):
        prefix = tuple(("s3:prefix", value) for value in asked.query.get("prefix", ()))
        yield Permission("s3:ListBucket", bucket, prefix)
        return
    action = _S3_ACTIONS.get(asked.operation, asked.operation)
    yield Permission(f"s3:{action}", of_object or bucket)
    if asked.copied_from:
        yield Permission("s3:GetObject", f"arn:aws:s3:::{unquote(asked.copied_from).lstrip('/')}")


_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}


def _bucket(path: str) -> tuple[str, str]:
    """The ARNs of the bucket and, where the path goes on, of the object."""
    name, _, key = path.lstrip("/").partition("/")
    return f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/{key}" if key else ""


def _batch(asked: AwsRequest, tags_of: TagsOf) -> Iterator[Permission]:
    body = asked.body
    if asked.operation == "SubmitJob":
        tags = tuple((f"aws:RequestTag/{name}", value) for name, value in sorted((body.get("tags") or {}).items()))
        yield Permission("batch:SubmitJob", _named("job-queue", body["jobQueue"]), tags)
        yield Permission("batch:SubmitJob", _named("job-definition", body["jobDefinition"]), tags)
        if tags:
            yield Permission("batch:TagResource", _arn("batch", "job/*"), tags)
    elif asked.operation in ("TerminateJob", "CancelJob"):
        # The jobs of an array are named "<array>:<index>", and have no tags, whatever the array has.
        job_id, colon, _ = body["jobId"].partition(":")
        known = {} if colon else tags_of(job_id)
        tags = tuple((f"aws:ResourceTag/{name}", value) for name, value in sorted(known.items()))
        yield Permission(f"batch:{asked.operation}", _arn("batch", "job/*:*" if colon else "job/*"), tags)
    else:
        yield Permission(f"batch:{asked.operation}", "*")


def _sqs(asked: AwsRequest) -> Iterator[Permission]:
    action = asked.operation.removesuffix("Batch")
    yield Permission(f"sqs:{action}", _arn("sqs", asked.body.get("QueueUrl", "").rpartition("/")[2]))


_RESOURCES: dict[str, Callable[[Json], str]] = {
    # Of a group, AWS asks with an empty stream behind it: "…:log-group:/jobs:log-stream:".
    "logs:FilterLogEvents": lambda body: _arn("logs", f"log-group:{body['logGroupName']}:log-stream:"),
    "logs:DescribeLogGroups": lambda _: _arn("logs", "log-group::log-stream:"),
    "logs:CreateLogGroup": lambda body: _arn("logs", f"log-group:{body['logGroupName']}:log-stream:"),
    "logs:PutRetentionPolicy": lambda body: _arn("logs", f"log-group:{body['logGroupName']}:log-stream:"),
    "events:DescribeRule": lambda body: _arn("events", f"rule/{body['Name']}"),
    "ecr:DescribeImages": lambda body: _arn("ecr", f"repository/{body['repositoryName']}"),
}


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{DEFAULT_ACCOUNT_ID}:{resource}"


def _named(kind: str, name: str) -> str:
    return name if name.startswith("arn:") else _arn("batch", f"{kind}/{name}")
