"""The stand-in as one server: moto behind a layer that injects faults, and the sandbox's own calls beside it."""

import json
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from email.utils import formatdate
from pathlib import Path
from random import Random
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.datastructures import EnvironHeaders
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from deploy.sandbox.aws.batch import container_instances, documents, moto_backend
from deploy.sandbox.aws.batch.jobs import Job
from deploy.sandbox.aws.batch.scheduler import Scheduler
from deploy.sandbox.aws.common.event_loop import LoopThread
from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.common.settings import REGION, LiveSettings, Settings
from deploy.sandbox.aws.common.state_events import QUEUE_BLOCKED, STATE_CHANGE, Publisher
from deploy.sandbox.aws.containers.runner import AttemptRunner
from deploy.sandbox.aws.control import Control
from deploy.sandbox.aws.logs import filter_events
from deploy.sandbox.aws.moto_patches import (
    bills,
    cloudformation,
    free_tier,
    offerings,
    price_list,
    quotas,
    roles,
    s3,
    spot_prices,
    sqs,
    stacks,
)
from deploy.sandbox.aws.permissions.credentials import RoleCredentials
from deploy.sandbox.aws.permissions.gate import PermissionGate
from deploy.sandbox.aws.permissions.simulation import simulating
from deploy.sandbox.aws.requests.faults import FaultLayer, ResetConnectionError
from deploy.sandbox.aws.requests.permissions_needed import CallRecorder
from deploy.sandbox.local_access import JSON, foreign, new_path, without_path

# How often the server checks whether it should stop.
_POLL_SECONDS = 0.05

_RAW = ("RAW_URI", "REQUEST_URI")
"""The undecoded path, which moto reads for the keys of S3."""
_INCOMPLETE = "The address is incomplete: use the whole endpoint of the ready file, with its random part."

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _QuietHandler(MotoRequestHandler):
    """Logs no requests, since the ledger has them, and can reset connections."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:  # noqa: ARG002  werkzeug's
        """Reset the connection: close it with SO_LINGER 0, on a descriptor that nobody else shuts down first."""
        if isinstance(error, ResetConnectionError):
            self.close_connection = True
            with socket.socket(fileno=self.connection.detach()) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class StandIn:
    """Everything wired together. At most one per process, because moto's state is global."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = LiveSettings(settings)
        self._ledger = Ledger(clock)
        self._credentials = RoleCredentials(self._settings, clock)
        self._calls = CallRecorder(simulating(self._moto()), self._settings, self._tags_of, self._caller)
        gate = PermissionGate(self._calls, self._credentials, self._settings, self._ledger, self._tags_of)
        self._faults = FaultLayer(gate, self._ledger)
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=_QuietHandler)
        self._secret_path = new_path()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}{self._secret_path}"
        self._directory = tempfile.TemporaryDirectory(prefix="signalbox-aws-", ignore_cleanup_errors=True)
        self._publisher = Publisher(self._settings, clock)
        sink = filter_events.MotoSink()
        self._runner = AttemptRunner(
            self.endpoint, Path(self._directory.name), sink, self._settings, self._ledger, clock, self._credentials
        )
        self._loop = LoopThread()
        self._scheduler = Scheduler(
            self._runner, self._announce, self._settings, self._ledger, clock, Random(), self._announce_blocked
        )
        layers = (self._faults, self._ledger, self._calls, self._credentials)
        self._control = Control(self._scheduler, self._loop, self._settings, *layers)
        sqs.install()
        quotas.install(self._settings)
        roles.install()
        s3.install(self._settings)
        filter_events.install(self._settings)
        self._backends = moto_backend.install(
            moto_backend.Services(self._scheduler, self._loop, self._settings, self._ledger, clock)
        )
        cloudformation.install(self._backends)
        stacks.install()
        container_instances.install(self._backends[DEFAULT_ACCOUNT_ID][REGION].machines)
        offerings.install()
        spot_prices.install()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=[_POLL_SECONDS], name="http", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop the server and every job."""
        self._faults.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._loop.run(self._scheduler.close())
        self._loop.close()
        self._publisher.close()
        self._runner.close()
        self._directory.cleanup()

    def _moto(self) -> Application:
        application: Application = DomainDispatcherApplication(create_backend_app)
        patched = price_list.with_price_list(free_tier.with_free_tier(application, self._settings))
        return bills.with_bills(patched)

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = without_path(environ["PATH_INFO"], self._secret_path)
        if refused := foreign(EnvironHeaders(environ)) or ("" if path else _INCOMPLETE):
            return Response(json.dumps({"error": refused}), 403, mimetype=JSON)(environ, start_response)
        environ |= {"PATH_INFO": path} | {name: environ[name].replace(self._secret_path, "", 1) or "/" for name in _RAW}
        if environ["PATH_INFO"].startswith("/sandbox/"):
            return self._control(environ, start_response)
        offset = self._settings.now.date_offset_seconds
        return self._faults(environ, _with_shifted_date(start_response, offset) if offset else start_response)

    def _caller(self, key: str) -> str:
        identity = self._credentials.identity(key)
        return identity.caller if identity else key

    def _tags_of(self, arn: str) -> dict[str, str]:
        """The tags of a Batch job, or of an instance or a volume. Child jobs have none."""
        name = arn.rpartition("/")[2]
        if ":ec2:" in arn:
            found: dict[str, str] = ec2_backends[DEFAULT_ACCOUNT_ID][REGION].tags.get(name, {})
        elif (job := self._scheduler.jobs.get(name)) and ":" not in name:
            found = self._backends[DEFAULT_ACCOUNT_ID][REGION].list_tags_for_resource(job.arn)
        else:
            found = {}
        return found

    def _announce_blocked(self, job: Job) -> None:
        self._announce(job, QUEUE_BLOCKED)

    def _announce(self, job: Job, kind: str = STATE_CHANGE) -> None:
        tags = self._backends[DEFAULT_ACCOUNT_ID][REGION].list_tags_for_resource((job.parent or job).arn)
        self._publisher.publish(documents.detail(job, tags), kind)


def _with_shifted_date(start_response: Any, offset: float) -> Any:
    """Answer with a Date header that is `offset` seconds ahead of this machine's clock."""

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        others = [(name, value) for name, value in headers if name.lower() != "date"]
        return start_response(status, [*others, ("Date", formatdate(time.time() + offset, usegmt=True))], *rest)

    return start
