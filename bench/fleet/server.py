"""The fake as a server on loopback: as much of AWS's protocols as the bot speaks."""

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
    """Seconds are by the clock on the wall. A trial takes `mean` on one of the machines, which are all there after
    `ramp`; `lag` is how old Batch's answers are, `delay` how old a log line is before it can be read."""

    machines: int = 500
    mean: float = 6.0
    ramp: float = 10.0
    pull: float = 1.0
    lag: float = 1.0
    delay: float = 5.0
    seed: int = 0


class Fleet:
    """`async with Fleet(grid, settings) as fleet` listens on a free port."""

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
        """The `aws` part of a ready file."""
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
            return _failed(throttled(call), call.protocol)
        try:
            return await self._replied(call, request, body)
        except RefusedError as error:
            return _failed(Failure(400, error.code, str(error)), call.protocol)

    async def _replied(self, call: Call, request: web.Request, body: bytes) -> web.Response:
        if call.protocol is Protocol.REST_XML:
            return self._stored(call, request, body)
        if call.protocol is Protocol.QUERY:
            return web.Response(text=_IDENTITY, content_type="text/xml")
        asked = json.loads(body or b"{}")
        if call.action == "ReceiveMessage":
            return web.json_response(await self._received(asked.get("WaitTimeSeconds", 0)))
        return web.json_response(self._answer(call, asked))

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
                return self.jobs.listed(request, now)
            case "DescribeJobQueues" | "DescribeComputeEnvironments" | "DescribeJobDefinitions":
                return self._resources
            case "FilterLogEvents":
                return self._streams.filtered(request, now)
            case "DeleteMessageBatch":
                return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]], "Failed": []}
            case _:
                raise InvalidRequestError(f"{call.action} was called, which this fake does not know")

    async def _received(self, wait_seconds: float) -> Json:
        """A long poll: it ends with the first events."""
        until = time.monotonic() + wait_seconds
        found = self._events.received(self._now())
        while not found and time.monotonic() < until:
            await asyncio.sleep(POLL_SECONDS)
            found = self._events.received(self._now())
        return found

    @property
    def _resources(self) -> Json:
        """All that describes the queue, in one: each reads its own part."""
        environment = f"{ARN}:compute-environment/{QUEUE}"
        valid = {"state": "ENABLED", "status": "VALID"}
        needs = [{"type": "VCPU", "value": str(VCPUS)}]
        order = [{"order": 1, "computeEnvironment": environment}]
        compute = {"type": "SPOT", "maxvCpus": VCPUS * self.settings.machines, "subnets": []}
        named = {"computeEnvironmentName": QUEUE, "computeEnvironmentArn": environment}
        definition = {"jobDefinitionName": DEFINITION, "revision": 1, "type": "container", "status": "ACTIVE"}
        return {
            "jobQueues": [{"jobQueueName": QUEUE, "priority": 1, "computeEnvironmentOrder": order, **valid}],
            "computeEnvironments": [{**named, "type": "MANAGED", "computeResources": compute, **valid}],
            "jobDefinitions": [{**definition, "containerProperties": {"resourceRequirements": needs}}],
        }

    def _stored(self, call: Call, request: web.Request, body: bytes) -> web.Response:
        key, now = request.path.lstrip("/").partition("/")[2], self._now()
        if call.action == "PutObject":
            self._objects.put(key, body, now)
            return web.Response(headers={"ETag": '"0"'})
        if call.action == "ListObjectsV2":
            query = request.query
            text = self._objects.listed(query.get("prefix", ""), query.get("continuation-token", ""), now)
            return web.Response(text=text, content_type="text/xml")
        found = self._objects.get(key, now) if call.action == "GetObject" else None
        if found is None:
            return _failed(Failure(404, "NoSuchKey", "The specified key does not exist."), call.protocol)
        return web.Response(body=found, content_type="binary/octet-stream", headers={"ETag": '"0"'})


_IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account><UserId>fleet</UserId>"
    f"<Arn>{ARN.replace(':batch:us-east-1:', ':iam::')}:user/fleet</Arn>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def _environ(request: web.Request) -> dict[str, Any]:
    """As WSGI has it."""
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    place = {"PATH_INFO": request.path, "QUERY_STRING": request.query_string, "REQUEST_METHOD": request.method}
    return {**headers, **place, "CONTENT_TYPE": request.headers.get("Content-Type", "")}


def _failed(failure: Failure, protocol: Protocol) -> web.Response:
    return web.Response(status=failure.status, body=failure.body(protocol), headers=dict(failure.headers(protocol)))
