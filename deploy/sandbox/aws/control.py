"""The stand-in's own calls under `/sandbox`: ledger, settings, faults, and ways to take away a job's host."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from deploy.sandbox.aws.batch.jobs import StopCause, StopRequest
from deploy.sandbox.aws.batch.scheduler import Scheduler
from deploy.sandbox.aws.common.event_loop import LoopThread
from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.common.settings import LiveSettings, SettingsError
from deploy.sandbox.aws.permissions.credentials import RoleCredentials
from deploy.sandbox.aws.requests import faults
from deploy.sandbox.aws.requests.faults import FaultError, FaultLayer
from deploy.sandbox.aws.requests.permissions_needed import CallRecorder
from deploy.sandbox.local_access import not_json

_Handler = Callable[[dict[str, Any]], Any]


class BadRequestError(ValueError):
    """Answered with status 400 and this message."""


class Control:
    """A WSGI application. Errors are `{"error": …}` with status 400 or 404."""

    def __init__(
        self,
        scheduler: Scheduler,
        loop: LoopThread,
        settings: LiveSettings,
        fault_layer: FaultLayer,
        ledger: Ledger,
        calls: CallRecorder,
        credentials: RoleCredentials,
    ) -> None:
        self._scheduler = scheduler
        self._loop = loop
        self._settings = settings
        self._faults = fault_layer
        self._ledger = ledger
        self._credentials = credentials
        self._routes: dict[tuple[str, str], _Handler] = {
            ("GET", "/sandbox/ledger"): self._read_ledger,
            ("GET", "/sandbox/calls"): lambda _: calls.entries(),
            ("GET", "/sandbox/credentials"): self._fetch_credentials,
            ("GET", "/sandbox/settings"): lambda _: self._settings.now.model_dump(),
            ("POST", "/sandbox/settings"): self._change_settings,
            ("POST", "/sandbox/faults"): self._add_fault,
            ("DELETE", "/sandbox/faults"): self._clear_faults,
            ("POST", "/sandbox/reclaim"): self._reclaim,
            ("POST", "/sandbox/oom"): self._run_out_of_memory,
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        handler = self._routes.get((request.method, request.path.rstrip("/")))
        if handler is None:
            valid = ", ".join(f"{method} {path}" for method, path in self._routes)
            return _answer({"error": f"There is no {request.method} {request.path}. Valid: {valid}"}, 404)(
                environ, start_response
            )
        try:
            response = _answer(handler(_arguments(request)), 200)
        except (BadRequestError, FaultError, SettingsError) as error:
            response = _answer({"error": str(error)}, 400)
        return response(environ, start_response)

    def _read_ledger(self, query: dict[str, Any]) -> Any:
        after = str(query.get("after", "0"))
        if not after.isdigit():
            raise BadRequestError(f"`after` must be the number of a ledger entry (got {after!r})")
        return self._ledger.entries(query.get("kind", ""), int(after))

    def _fetch_credentials(self, query: dict[str, Any]) -> Any:
        if "container" in query:
            found = self._credentials.of_container(query["container"])
            if found is None:
                raise BadRequestError("there is no such container, or it has ended")
            return found
        if missing := {"role", "session"} - query.keys():
            raise BadRequestError(f"`{min(missing)}` is missing: the ARN of a role, and the name of its session")
        return self._credentials.fetch(query["role"], query["session"], query.get("caller", ""))

    def _change_settings(self, body: dict[str, Any]) -> Any:
        settings = self._settings.change(body)
        self._loop.call(self._scheduler.settings_changed)
        return settings.model_dump()

    def _add_fault(self, body: dict[str, Any]) -> Any:
        fault = faults.parse(body)
        self._faults.add(fault)
        return fault.model_dump()

    def _clear_faults(self, _: dict[str, Any]) -> Any:
        self._faults.clear()
        return {}

    def _reclaim(self, body: dict[str, Any]) -> Any:
        """Take the job's host away, now or `notice_seconds` after a SIGTERM."""
        notice = body.get("notice_seconds", 0)
        if not isinstance(notice, int | float) or notice < 0:
            raise BadRequestError(f"`notice_seconds` must be a number of at least 0 (got {notice!r})")
        return self._stop(body, StopRequest(StopCause.RECLAIMED, notice))

    def _run_out_of_memory(self, body: dict[str, Any]) -> Any:
        return self._stop(body, StopRequest(StopCause.OUT_OF_MEMORY, 0))

    def _stop(self, body: dict[str, Any], stop: StopRequest) -> Any:
        job_id = body.get("jobId", "")
        job = self._scheduler.jobs.get(job_id)
        if job is None or not job.status.on_host or job.attempt is None:
            state = "unknown" if job is None else job.status
            raise BadRequestError(f"`jobId` must be a job in STARTING or RUNNING; {job_id!r} is {state}")
        self._ledger.add(f"job.{stop.cause}", jobId=job.id, instanceId=job.attempt.host.instance_id)
        self._loop.call(self._scheduler.stop, job, stop)
        return {"jobId": job.id, "attempt": job.attempt.number, "instanceId": job.attempt.host.instance_id}


def _arguments(request: Request) -> dict[str, Any]:
    """The query of a GET, or the body of any other request."""
    if request.method == "GET":
        return request.args.to_dict()
    if reason := not_json(request.method, request.headers):
        raise BadRequestError(reason)
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise BadRequestError(f"the body must be JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequestError(f"the body must be a JSON object (got {type(body).__name__})")
    return body


def _answer(value: Any, status: int) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")
