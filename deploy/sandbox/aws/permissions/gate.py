"""Nobody passes without permission: each call is held against the policies of the role that makes it.

The access key in a call's signature says which role that is. Keys that belong to no role are those of the person who
set up the account, and may do everything.
"""

from collections.abc import Callable, Iterable
from typing import Any

from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.common.settings import LiveSettings
from deploy.sandbox.aws.permissions import simulation
from deploy.sandbox.aws.permissions.credentials import Identity, RoleCredentials
from deploy.sandbox.aws.permissions.refusals import refusal, refused, untrusted
from deploy.sandbox.aws.requests.permissions_needed import (
    AwsRequest,
    Permission,
    TagsOf,
    access_key,
    bucket_arn,
    permissions,
    read,
    session_token,
)
from deploy.sandbox.aws.requests.protocols import Call, Failure, Protocol, call_of, expired, invalid_token

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class PermissionGate:
    """A WSGI layer. It always refuses credentials that do not work, and the rest while `enforce_permissions` is on."""

    def __init__(
        self,
        application: Application,
        credentials: RoleCredentials,
        settings: LiveSettings,
        ledger: Ledger,
        tags_of: TagsOf,
    ) -> None:
        self._application, self._credentials, self._settings = application, credentials, settings
        self._ledger, self._tags_of = ledger, tags_of

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        key = access_key(environ)
        identity = self._credentials.identity(key)
        if identity is not None and (answer := self._refused_credentials(environ, key)):
            return self._refuse(environ, start_response, *answer)
        if identity is None or not self._settings.now.enforce_permissions:
            return self._application(environ, start_response)
        _, request = read(environ)
        call = Call(request.operation, _protocol(environ, request))
        for needed in permissions(request, self._tags_of):
            if failure := self._denied(identity, needed, call, request.service):
                return self._refuse(environ, start_response, call, failure)
        if failure := self._untrusted(identity, request, call):
            return self._refuse(environ, start_response, call, failure)
        if request.service == "s3" and call.action in ("GetObject", "HeadObject"):
            return self._hide_missing(identity, request, environ, start_response)
        return self._application(environ, start_response)

    def _refused_credentials(self, environ: dict[str, Any], key: str) -> tuple[Call, Failure] | None:
        works = self._credentials.issued_with(key, session_token(environ))
        if works and not self._credentials.expired(key):
            return None
        call = call_of(environ, simulation.form(environ))
        return call, expired(call) if works else invalid_token(call)

    def _denied(self, identity: Identity, needed: Permission, call: Call, service: str) -> Failure | None:
        message = refused(identity, needed)
        if not message:
            return None
        self._ledger.add("denied", action=needed.action, resource=needed.resource, role=identity.role_arn)
        return refusal(call, message, service)

    def _untrusted(self, identity: Identity, request: AwsRequest, call: Call) -> Failure | None:
        if (request.service, call.action) != ("sts", "AssumeRole"):
            return None
        role, seconds = str(request.body["RoleArn"]), int(request.body.get("DurationSeconds", 3600))
        message = untrusted(identity, role, seconds)
        if not message:
            return None
        self._ledger.add("denied", action="sts:AssumeRole", resource=role, role=identity.role_arn)
        return refusal(call, message, "sts")

    def _hide_missing(
        self, identity: Identity, request: AwsRequest, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Without ListBucket, S3 answers 403 for a missing key.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        started: list[Any] = []
        body = self._application(environ, lambda *given: started.append(given))
        if started[0][0].startswith("404"):
            listing = Permission("s3:ListBucket", bucket_arn(request.path))
            call = Call(request.operation, Protocol.REST_XML)
            if failure := self._denied(identity, listing, call, "s3"):
                return self._refuse(environ, start_response, call, failure)
        start_response(*started[0])
        return body

    def _refuse(self, environ: dict[str, Any], start_response: Any, call: Call, failure: Failure) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else failure.body(call.protocol)
        headers = [*failure.headers(call.protocol), ("Content-Length", str(len(body)))]
        start_response(f"{failure.status} Refused", headers)
        return [body]


def _protocol(environ: dict[str, Any], request: AwsRequest) -> Protocol:
    return call_of(environ, request.raw).protocol
