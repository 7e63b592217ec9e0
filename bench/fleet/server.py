"""Serve the fake on loopback, with the parts of AWS's protocols that the bot uses."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bench.fleet.events import Events
from bench.fleet.grid import Grid
from bench.fleet.jobs import ARN, InvalidRequestError, Jobs, RefusedError
from bench.fleet.limits import Ledger
from bench.fleet.machines import Machines
from bench.fleet.storage import Objects
from bench.fleet.streams import Streams
from deploy.sandbox.aws.common.settings import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from deploy.sandbox.aws.requests.protocols import Call, Failure, Protocol, call_of, throttled

HOST = "127.0.0.1"
BUCKET, QUEUE, DEFINITION, GROUP = "signalbox-fleet", "fleet", "trainer", "/signalbox/fleet"
VCPUS = 4
POLL_SECONDS = 0.05
_MOST_BODY = 1 << 30

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """All times are seconds of real time. A trial takes `mean` on average, after `pull` for its image; all
    machines exist after `ramp`. Batch's answers are `lag` old; a log line can be read `delay` after it was printed."""

    machines: int = 500
    mean: float = 6.0
    ramp: float = 10.0
    pull: float = 1.0
    lag: float = 1.0
    delay: float = 5.0
    seed: int = 0


class Fleet:
    """`async with Fleet(grid, settings) as fleet` serves on a free port."""

    def __init__(self, grid: Grid, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self.settings, self.ledger, self._now = settings, Ledger(), now
        machines = Machines(
            settings.machines, settings.mean, seed=settings.seed, ramp=settings.ramp, pull=settings.pull
        )
        self.jobs = Jobs(grid, machines, lag=settings.lag)
        self._objects, self._streams = Objects(self.jobs), Streams(self.jobs, delay=settings.delay)
        self._events = Events(self.jobs)
        self._runner: web.AppRunner | None = None
        self.url = ""

    def ready(self) -> Json:
        """Return the `aws` part of a ready file."""
        return {
            "endpoint": self.url,
            "region": REGION,
            "bucket": BUCKET,
            "queue": QUEUE,
            "job_definition": DEFINITION,
            "log_group": GROUP,
            "events_queue_url": f"{self.url}/123456789012/events",
            "access_key_id": ACCESS_KEY_ID,
            "secret_access_key": SECRET_ACCESS_KEY,
        }

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_MOST_BODY)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0, backlog=1024).start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        call = call_of(_environ(request), body)
        if not self.ledger.admit(call.action, self._now()):
            return _failure(throttled(call), call.protocol)
        try:
            return await self._reply(call, request, body)
        except RefusedError as error:
            return _failure(Failure(400, error.code, str(error)), call.protocol)

    async def _reply(self, call: Call, request: web.Request, body: bytes) -> web.Response:
        if call.protocol is Protocol.REST_XML:
            return self._answer_s3(call, request, body)
        if call.protocol is Protocol.QUERY:
            return web.Response(text=_IDENTITY, content_type="text/xml")
        content = json.loads(body or b"{}")
        if call.action == "ReceiveMessage":
            return web.json_response(await self._receive(content.get("WaitTimeSeconds", 0)))
        return web.json_response(self._answer(call, content))

    def _answer(self, call: Call, request: Json) -> Json:  # noqa: PLR0911  a table of calls
        now = self._now()
        match call.action:
            case "SubmitJob":
                return self.jobs.submit(request, now)
            case "TerminateJob":
                self.jobs.terminate(request["jobId"], request["reason"], now)
                return {}
            case "DescribeJobs":
                return {"jobs": self.jobs.describe(request["jobs"], now)}
            case "ListJobs":
                return self.jobs.list_jobs(request, now)
            case "DescribeJobQueues" | "DescribeComputeEnvironments" | "DescribeJobDefinitions":
                return self._resources
            case "FilterLogEvents":
                return self._streams.filter_events(request, now)
            case "DeleteMessageBatch":
                return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]], "Failed": []}
            case _:
                raise InvalidRequestError(f"this fake does not implement {call.action}")

    async def _receive(self, wait_seconds: float) -> Json:
        """Long-poll: return with the first events, or after `wait_seconds`."""
        until = time.monotonic() + wait_seconds
        found = self._events.receive(self._now())
        while not found and time.monotonic() < until:
            await asyncio.sleep(POLL_SECONDS)
            found = self._events.receive(self._now())
        return found

    @property
    def _resources(self) -> Json:
        """Everything that describes the queue, in one answer: each caller reads its own part."""
        environment = f"{ARN}:compute-environment/{QUEUE}"
        valid = {"state": "ENABLED", "status": "VALID"}
        requirements = [{"type": "VCPU", "value": str(VCPUS)}]
        order = [{"order": 1, "computeEnvironment": environment}]
        compute = {"type": "SPOT", "maxvCpus": VCPUS * self.settings.machines, "subnets": []}
        named = {"computeEnvironmentName": QUEUE, "computeEnvironmentArn": environment}
        definition = {"jobDefinitionName": DEFINITION, "revision": 1, "type": "container", "status": "ACTIVE"}
        return {
            "jobQueues": [{"jobQueueName": QUEUE, "priority": 1, "computeEnvironmentOrder": order, **valid}],
            "computeEnvironments": [{**named, "type": "MANAGED", "computeResources": compute, **valid}],
            "jobDefinitions": [{**definition, "containerProperties": {"resourceRequirements": requirements}}],
        }

    def _answer_s3(self, call: Call, request: web.Request, body: bytes) -> web.Response:
        key, now = request.path.lstrip("/").partition("/")[2], self._now()
        if call.action == "PutObject":
            self._objects.put(key, body, now)
            return web.Response(headers={"ETag": '"0"'})
        if call.action == "ListObjectsV2":
            query = request.query
            text = self._objects.list_keys(query.get("prefix", ""), query.get("continuation-token", ""), now)
            return web.Response(text=text, content_type="text/xml")
        found = self._objects.get(key, now) if call.action == "GetObject" else None
        if found is None:
            return _failure(Failure(404, "NoSuchKey", "The specified key does not exist."), call.protocol)
        return web.Response(body=found, content_type="binary/octet-stream", headers={"ETag": '"0"'})


_IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account><UserId>fleet</UserId>"
    f"<Arn>{ARN.replace(':batch:us-east-1:', ':iam::')}:user/fleet</Arn>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def _environ(request: web.Request) -> dict[str, Any]:
    """Return the request as a WSGI environment."""
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    place = {"PATH_INFO": request.path, "QUERY_STRING": request.query_string, "REQUEST_METHOD": request.method}
    return {**headers, **place, "CONTENT_TYPE": request.headers.get("Content-Type", "")}


def _failure(failure: Failure, protocol: Protocol) -> web.Response:
    return web.Response(status=failure.status, body=failure.body(protocol), headers=dict(failure.headers(protocol)))
