"""The command's AWS credentials: the training role's, less everything that is not this job's.

The entrypoint takes the role with a session policy, and hands the credentials out on this machine's loopback, to
whoever knows the token. Every AWS SDK asks there:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html. They are fetched when somebody asks,
and last an hour, the most that one role gets by another:
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html. STS costs nothing.
"""

import hmac
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from trainer.contract import ARTIFACTS, Env
from trainer.fetch.assignment import Assignment
from trainer.process import console
from trainer.process.environment import ROLE, harmless

HOUR = 3600
_FRESH_SECONDS = 20 * 60
"""SDKs ask for new credentials from 15 minutes before the end of the old ones."""
_AT_ONCE, _PATIENCE_SECONDS = 32, 5.0
"""Connections, and how long one may be silent."""
_AGAIN_SECONDS = 10.0
"""After a failure, the next try."""


def environment_for_command(environment: Mapping[str, str], session: "Session | None") -> dict[str, str]:
    """Return what the command gets: the session's credentials, or without a session those of the container."""
    if session is not None:
        return {**harmless(environment), **session.variables}
    own = harmless(environment)
    return own | {name: value for name, value in environment.items() if name in ROLE}


class _Server(ThreadingHTTPServer):
    """With a bound: jobs on one machine share its network, and another one may open connections without end.

    The oldest gives way, so that those who ask and go are still answered.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments: Any) -> None:
        self._connected: list[Any] = []
        self._lock = threading.Lock()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connected.append(request)
            oldest = self._connected.pop(0) if len(self._connected) > _AT_ONCE else None
        if oldest is not None:
            with suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock, suppress(ValueError):
                self._connected.remove(request)

    def handle_error(self, *_: object) -> None:
        """Log nothing: whoever connects decides what comes."""


class Session:
    """Serves the credentials from now on."""

    def __init__(self, role: str, job: Assignment, assume: Callable[..., Any] | None = None) -> None:
        self._role, self._name = role, re.sub(r"[^\w+=,.@-]", "-", job.job_id)[:64].ljust(2, "-")
        self._policy = json.dumps(policy(role, job.output_uri, job.data_uri), separators=(",", ":"))
        self._assume = assume or botocore.session.get_session().create_client("sts").assume_role
        self._token = secrets.token_urlsafe(32)
        self._lock = threading.Lock()
        self._credentials: dict[str, Any] = {}
        self._failed_at = 0.0
        self._server = _Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True, name="credentials").start()

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{self._server.server_port}/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._token,
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        session = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _PATIENCE_SECONDS

            def do_GET(self) -> None:
                given = self.headers.get("Authorization", "").encode(errors="replace")
                if hmac.compare_digest(given, session._token.encode()):
                    status, body = session._answer()
                else:
                    status, body = 403, {"code": "AccessDenied", "message": "Another job's token, or none"}
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        return Handler

    def _answer(self) -> tuple[int, Mapping[str, Any]]:
        with self._lock:
            left = self._credentials.get("until", 0.0) - time.time()
            if left < _FRESH_SECONDS and time.time() - self._failed_at > _AGAIN_SECONDS:
                self._renew()
            if self._credentials.get("until", 0.0) > time.time():
                return 200, self._credentials["document"]
        return 503, {"code": "NotAvailable", "message": "The credentials of the job's session could not be fetched"}

    def _renew(self) -> None:
        try:
            found = self._assume(
                RoleArn=self._role, RoleSessionName=self._name, Policy=self._policy, DurationSeconds=HOUR
            )["Credentials"]
        except (ClientError, BotoCoreError) as error:
            if not self._failed_at:
                console.log(f"the command gets no AWS credentials for now: {error}")
            self._failed_at = time.time()
            return
        ends: datetime = found["Expiration"]
        document = {
            "AccessKeyId": found["AccessKeyId"],
            "SecretAccessKey": found["SecretAccessKey"],
            "Token": found["SessionToken"],
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self._credentials, self._failed_at = {"document": document, "until": ends.timestamp()}, 0.0


def open_session(environment: Mapping[str, str], job: Assignment) -> Session | None:
    """None if the container names no role for the command."""
    role = environment.get(Env.TRAINING_ROLE_ARN, "")
    return Session(role, job) if role and job.output_uri.startswith("s3://") else None


def policy(role: str, output_uri: str, data_uri: str) -> dict[str, Any]:
    """What is left of the role: reading this job's files and data, and adding artifacts.

    A session has what both allow: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session.
    The role has no more of the data than its project; `data/` is the place for it in the results' bucket.
    """
    arn = f"arn:{role.split(':')[1]}:s3:::"
    bucket, _, own = output_uri.removeprefix("s3://").rstrip("/").partition("/")
    folders = [(bucket, own), (bucket, "data")]
    if data_uri.startswith("s3://"):
        data_bucket, _, data = data_uri.removeprefix("s3://").rstrip("/").partition("/")
        folders.append((data_bucket, data))
    folders = list(dict.fromkeys(folders))
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow(["s3:GetObject"], [f"{arn}{name}/{folder}/*".replace("//", "/") for name, folder in folders]),
            _allow(["s3:PutObject", "s3:AbortMultipartUpload"], [f"{arn}{bucket}/{own}/{ARTIFACTS}*"]),
            *(_allow_listing(f"{arn}{name}", folder) for name, folder in folders),
        ],
    }


def _allow(actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _allow_listing(bucket: str, folder: str) -> dict[str, Any]:
    prefixes = [folder, f"{folder}/*"] if folder else ["*"]
    condition = {"StringLikeIfExists": {"s3:prefix": prefixes}}
    return {**_allow(["s3:ListBucket"], [bucket]), "Condition": condition}
