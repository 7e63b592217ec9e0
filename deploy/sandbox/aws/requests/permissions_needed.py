"""The permissions that each call to AWS needs: caller, action, resource and condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import io
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, unquote

from moto.core.models import DEFAULT_ACCOUNT_ID

from deploy.sandbox.aws.common.settings import REGION, LiveSettings
from deploy.sandbox.aws.requests.protocols import call_of

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
Json = Mapping[str, Any]
TagsOf = Callable[[str], Mapping[str, str]]
"""A resource's tags, by its ARN."""

_CREDENTIAL = re.compile(r"([^/=\s]+)/\d{8}/[^/]+/([^/]+)/aws4_request")
_FORM = "application/x-www-form-urlencoded"
_NO_PERMISSION = frozenset({"sts:GetCallerIdentity"})
"""Needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""


class Permission(NamedTuple):
    """One permission that a call needs. `context`: the condition keys in the request."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


class AwsRequest(NamedTuple):
    """The parts of a request that decide which permissions it needs."""

    service: str
    operation: str
    body: Json
    path: str
    query: Mapping[str, list[str]]
    copied_from: str
    raw: bytes = b""


class CallRecorder:
    """A WSGI layer that counts each caller's permissions while the setting `record_calls` is on."""

    def __init__(
        self,
        application: Application,
        settings: LiveSettings,
        tags_of: TagsOf,
        name_of: Callable[[str], str] = lambda key: key,
    ) -> None:
        self._application, self._settings, self._tags_of = application, settings, tags_of
        self._name_of = name_of
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, Permission]] = Counter()

    def entries(self) -> list[dict[str, Any]]:
        """The counts in the order in which they first occurred. `caller` is a role's session, or an access key."""
        with self._lock:
            counted = list(self._counts.items())
        return [
            {"caller": caller, **permission._asdict(), "context": dict(permission.context), "calls": calls}
            for (caller, permission), calls in counted
        ]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not self._settings.now.record_calls:
            return self._application(environ, start_response)
        key, request = read(environ)
        caller = self._name_of(key)

        def start(status: str, headers: Any, *rest: Any) -> Any:
            needed = list(permissions(request, self._tags_of))
            if status.startswith("404") and request.service == "s3":
                # Without ListBucket, S3 answers "denied" instead of 404 for a missing key, and code relies on the 404.
                needed.append(Permission("s3:ListBucket", _bucket(request.path)[0]))
            with self._lock:
                self._counts.update((caller, permission) for permission in needed)
            return start_response(status, headers, *rest)

        return self._application(environ, start)


def read(environ: dict[str, Any]) -> tuple[str, AwsRequest]:
    """The caller and the request. The application can still read the body."""
    raw, content_type = b"", environ.get("CONTENT_TYPE", "")
    if environ.get("HTTP_X_AMZ_TARGET") or content_type.startswith(_FORM) or environ["PATH_INFO"].startswith("/v1/"):
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(raw)
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    caller, service = _signature(environ)
    body = json.loads(raw) if raw.startswith(b"{") else dict(parse_qsl(raw.decode(errors="replace")))
    operation = call_of(environ, raw).action
    return caller, AwsRequest(
        service, operation, body, environ["PATH_INFO"], query, environ.get("HTTP_X_AMZ_COPY_SOURCE", ""), raw
    )


def access_key(environ: Mapping[str, Any]) -> str:
    """The id of the access key that signed a request or a link."""
    return _signature(environ)[0]


def session_token(environ: Mapping[str, Any]) -> str:
    """The session token of a request or a link; "" without one."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    return str(environ.get("HTTP_X_AMZ_SECURITY_TOKEN") or query.get("X-Amz-Security-Token", [""])[0])


def _signature(environ: Mapping[str, Any]) -> tuple[str, str]:
    """The access key and the service in a signature; "nobody" and "" without one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    signed = environ.get("HTTP_AUTHORIZATION", "")
    if not signed:
        signed = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    match = _CREDENTIAL.search(signed)
    return (match[1], match[2]) if match else ("nobody", "")


def bucket_arn(path: str) -> str:
    return _bucket(path)[0]


def permissions(request: AwsRequest, tags_of: TagsOf) -> Iterator[Permission]:
    """The permissions for a request. For an unknown service it is its action on `*`, so that no call is missed."""
    by_service: dict[str, Callable[[], Iterator[Permission]]] = {
        "s3": lambda: _s3(request),
        "batch": lambda: _batch(request, tags_of),
        "sqs": lambda: _sqs(request),
        "ec2": lambda: _ec2(request, tags_of),
        "ecs": lambda: _ecs(request),
    }
    action = f"{request.service}:{request.operation}"
    if action in _NO_PERMISSION:
        return
    if request.service in by_service:
        yield from by_service[request.service]()
        return
    find = _RESOURCES.get(action)
    yield Permission(action, find(request.body) if find else "*")


def _s3(request: AwsRequest) -> Iterator[Permission]:
    bucket, key_arn = _bucket(request.path)
    if request.operation in ("ListObjects", "ListObjectsV2", "HeadBucket"):
        prefix = tuple(("s3:prefix", value) for value in request.query.get("prefix", ()))
        yield Permission("s3:ListBucket", bucket, prefix)
        return
    action = _S3_ACTIONS.get(request.operation, request.operation)
    yield Permission(f"s3:{action}", key_arn or bucket)
    if request.copied_from:
        yield Permission("s3:GetObject", f"arn:aws:s3:::{unquote(request.copied_from).lstrip('/')}")


_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}


def _bucket(path: str) -> tuple[str, str]:
    """The ARNs of the bucket and of the object, which is "" if the path has no key."""
    name, _, key = path.lstrip("/").partition("/")
    return f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/{key}" if key else ""


def _batch(request: AwsRequest, tags_of: TagsOf) -> Iterator[Permission]:
    body = request.body
    if request.operation == "SubmitJob":
        tags = tuple((f"aws:RequestTag/{name}", value) for name, value in sorted((body.get("tags") or {}).items()))
        yield Permission("batch:SubmitJob", _named("job-queue", body["jobQueue"]), tags)
        yield Permission("batch:SubmitJob", _named("job-definition", body["jobDefinition"]), tags)
        if tags:
            # Refusals name the job definition: https://github.com/wri/gfw-data-api/pull/175. Public stacks that work
            # allow it on definition and queue. Whether Batch also checks the job, which has no id yet, is not known.
            yield Permission("batch:TagResource", _named("job-definition", body["jobDefinition"]), tags)
            yield Permission("batch:TagResource", _named("job-queue", body["jobQueue"]), tags)
    elif request.operation in ("TerminateJob", "CancelJob"):
        # Child jobs are named "<array>:<index>" and have no tags, even if the array has some.
        yield _on_tagged(f"batch:{request.operation}", _arn("batch", f"job/{body['jobId']}"), tags_of)
    else:
        yield Permission(f"batch:{request.operation}", "*")


def _ec2(request: AwsRequest, tags_of: TagsOf) -> Iterator[Permission]:
    """For AttachVolume "ec2:ResourceTag" and "aws:ResourceTag" are those of the instance and of the volume, each.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    """
    if request.operation != "AttachVolume":
        yield Permission(f"ec2:{request.operation}", "*")
        return
    for resource in (f"instance/{request.body['InstanceId']}", f"volume/{request.body['VolumeId']}"):
        yield _on_tagged("ec2:AttachVolume", _arn("ec2", resource), tags_of)


def _ecs(request: AwsRequest) -> Iterator[Permission]:
    """ListContainerInstances is checked on the cluster, DescribeContainerInstances on each container instance. The
    condition key ecs:cluster of the latter is left out: no policy here has it.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    """
    cluster = str(request.body.get("cluster") or "default").rpartition("/")[2]
    if request.operation == "DescribeContainerInstances":
        for each in request.body.get("containerInstances") or ():
            machine = _arn("ecs", f"container-instance/{cluster}/{each.rpartition('/')[2]}")
            yield Permission(f"ecs:{request.operation}", machine)
        return
    yield Permission(f"ecs:{request.operation}", _arn("ecs", f"cluster/{cluster}"))


def _on_tagged(action: str, resource: str, tags_of: TagsOf) -> Permission:
    tags = sorted(tags_of(resource).items())
    return Permission(action, resource, tuple((f"aws:ResourceTag/{name}", value) for name, value in tags))


def _sqs(request: AwsRequest) -> Iterator[Permission]:
    action = request.operation.removesuffix("Batch")
    yield Permission(f"sqs:{action}", _arn("sqs", request.body.get("QueueUrl", "").rpartition("/")[2]))


_RESOURCES: dict[str, Callable[[Json], str]] = {
    # For a group, AWS checks the ARN with an empty stream: "…:log-group:/jobs:log-stream:".
    "logs:FilterLogEvents": lambda body: _arn("logs", f"log-group:{body['logGroupName']}:log-stream:"),
    "logs:DescribeLogGroups": lambda _: _arn("logs", "log-group::log-stream:"),
    "logs:CreateLogGroup": lambda body: _arn("logs", f"log-group:{body['logGroupName']}:log-stream:"),
    "logs:PutRetentionPolicy": lambda body: _arn("logs", f"log-group:{body['logGroupName']}:log-stream:"),
    "events:DescribeRule": lambda body: _arn("events", f"rule/{body['Name']}"),
    # The role, user or group whose policies are read is the action's resource.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    "iam:SimulatePrincipalPolicy": lambda body: str(body["PolicySourceArn"]),
    **dict.fromkeys(
        ("ecr:DescribeImages", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
        lambda body: _arn("ecr", f"repository/{body['repositoryName']}"),
    ),
    **dict.fromkeys(
        ("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"), lambda body: str(body["SecretId"])
    ),
    "sts:AssumeRole": lambda body: str(body["RoleArn"]),
}


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{DEFAULT_ACCOUNT_ID}:{resource}"


def _named(kind: str, name: str) -> str:
    return name if name.startswith("arn:") else _arn("batch", f"{kind}/{name}")
