"""Dispatch HTTP requests to endpoints: tokens, rate limits, bodies, faults, errors.

https://docs.discord.com/developers/reference#authentication and #uploading-files, and
https://docs.discord.com/developers/topics/rate-limits
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import orjson
from aiohttp import web
from aiohttp.multipart import BodyPartReader

from deploy.sandbox.discord.checks.message_body import Upload
from deploy.sandbox.discord.limits.faults import FaultKind, FaultTiming, RequestFault
from deploy.sandbox.discord.limits.rate_limiter import RateLimited, TooManyRequests, too_many_requests
from deploy.sandbox.discord.protocol.errors import ApiError, Code, invalid
from deploy.sandbox.discord.protocol.ids import ids_to_strings
from deploy.sandbox.discord.protocol.openapi import OpenApi
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.standin import Discord

_log = logging.getLogger(__name__)
_FOREVER = 3600.0
_ERROR_PAGE = "<!DOCTYPE html><html><head><title>Error</title></head><body>Something is wrong.</body></html>"
_DISCORD = {"Via": "1.1 google"}
_MAJOR = ("channel_id", "guild_id", "webhook_token")


@dataclass(frozen=True, slots=True)
class Call:
    """A request as an endpoint gets it."""

    params: Mapping[str, str]
    query: Mapping[str, str]
    body: object = None
    files: tuple[Upload, ...] = ()

    def __getitem__(self, name: str) -> str:
        """Return a parameter of the path."""
        return self.params[name]

    def number(self, name: str, default: int, *, minimum: int = 0, maximum: int = 1 << 63) -> int:
        """Return an integer from the query. Raises 50035."""
        text = self.query.get(name, str(default))
        if not text.isdigit():
            raise invalid(name, "NUMBER_TYPE_COERCE", f'Value "{text}" is not int.')
        if not minimum <= int(text) <= maximum:
            raise invalid(name, "NUMBER_TYPE_MAX", f"int value should be between {minimum} and {maximum}.")
        return int(text)

    @property
    def json(self) -> Json:
        """Return the body as an object, {} if there is none. Raises 50035."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise invalid("", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return self.body


@dataclass(frozen=True, slots=True)
class Reply:
    body: object = None
    status: int = 200


Endpoint = Callable[[Discord, Call], object]
"""Returns the JSON for a 200, None for a 204, or a Reply."""


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is relative to /api/v10. If `bucket` is None, responses have no bucket headers."""

    method: str
    path: str
    endpoint: Endpoint
    bucket: str | None = "other"
    by_token: bool = False
    """Whether the path contains an interaction's token: it needs no bot token, and the global limit does not apply."""


class Dispatcher:
    def __init__(self, discord: Discord, openapi: OpenApi) -> None:
        self._discord, self._core, self._openapi = discord, discord.core, openapi

    def handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._serve(route, request)

        return handle

    async def _serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        if (banned_for := self._core.limiter.banned_for()) is not None:
            return _ban_page(banned_for)
        fault = self._core.faults.take(request.method, request.path)
        if fault is None:
            return await self._answer(route, request)
        facts = {"fault": fault.kind, "when": fault.when, "status": fault.status}
        self._core.ledger.add("fault", "sandbox", **facts, method=request.method, path=request.path)
        if fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            return await self._answer(route, request)
        if fault.kind is FaultKind.TRUNCATED:
            return await _truncated(await self._answer(route, request), request)
        if fault.when is FaultTiming.AFTER:
            await self._answer(route, request)
        return await self._inject(fault, request)

    async def _answer(self, route: Route, request: web.Request) -> web.Response:
        headers: dict[str, str] = {}
        try:
            if not route.by_token:
                self._require_token(request)
            if (refused := self._check_rate(route, request, headers)) is not None:
                return self._too_many(refused, request)
            raw, files = await read_body(request, self._core.limits.request_bytes)
            body = ids_to_strings(raw)
            self._check_schema(route, body)
            call = Call(request.match_info, request.query, body, files)
            reply = route.endpoint(self._discord, call)
        except ApiError as error:
            return self._fail(error, headers)
        except RateLimited as error:
            return self._too_many(error.answer, request)
        except ConnectionResetError:  # the client gave up; nobody reads this response
            return web.Response(status=400)
        except Exception as error:
            _log.exception("%s %s failed", request.method, request.path)
            self._core.ledger.add("error", "sandbox", path=request.path, error=repr(error))
            return self._fail(ApiError(Code.INTERNAL), headers)
        return _respond(reply, headers)

    def _require_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self._core.guild.token}":
            raise ApiError(Code.UNAUTHORIZED)

    def _check_rate(self, route: Route, request: web.Request, headers: dict[str, str]) -> TooManyRequests | None:
        """Add the bucket's headers. Return the 429 if this request is one too many."""
        if route.bucket is None:
            return None
        major = next((request.match_info[name] for name in _MAJOR if name in request.match_info), "")
        found, refused = self._core.limiter.check(route.bucket, major, exempt=route.by_token)
        headers |= found
        return refused

    def _check_schema(self, route: Route, body: object) -> None:
        if not self._core.limits.openapi:
            return
        try:
            self._openapi.check(route.method, route.path, body)
        except ApiError as error:
            self._core.ledger.add("openapi.violation", "bot", method=route.method, path=route.path, errors=error.errors)
            raise

    def _too_many(self, refused: TooManyRequests, request: web.Request) -> web.Response:
        self._core.ledger.add("rate_limited", "bot", method=request.method, path=request.path, scope=refused.scope)
        if refused.scope != "shared":
            self._core.limiter.count_invalid()
        return _json(refused.body(), 429, refused.headers)

    def _fail(self, error: ApiError, headers: dict[str, str]) -> web.Response:
        if error.status in (401, 403):
            self._core.limiter.count_invalid()
        return _json(error.body(), error.status, headers)

    def _status(self, fault: RequestFault) -> web.Response:
        if fault.code is None:
            return web.Response(status=fault.status, text="", headers=_DISCORD)
        if fault.status in (401, 403):
            self._core.limiter.count_invalid()
        return _json({"message": fault.message or "Refused", "code": fault.code}, fault.status, _DISCORD)

    async def _inject(self, fault: RequestFault, request: web.Request) -> web.Response:
        match fault.kind:
            case FaultKind.RATE_LIMIT:
                return self._too_many(too_many_requests(fault.scope, fault.retry_after), request)
            case FaultKind.GLOBAL_RATE_LIMIT:
                return self._too_many(too_many_requests("global", fault.retry_after), request)
            case FaultKind.PROXY_RATE_LIMIT:
                return _ban_page(fault.retry_after)
            case FaultKind.HTML:
                return web.Response(status=fault.status, text=_ERROR_PAGE, content_type="text/html")
            case FaultKind.HANG:
                await asyncio.sleep(fault.seconds or _FOREVER)
        if fault.kind is FaultKind.STATUS:
            return self._status(fault)
        _reset_connection(request)
        return web.Response(status=500)


async def read_body(request: web.Request, maximum: int) -> tuple[object, tuple[Upload, ...]]:
    """Read the JSON body and the files. Raises 40005, 50109."""
    if not request.can_read_body:
        return None, ()
    if (request.content_length or 0) > maximum:
        raise ApiError(Code.TOO_LARGE)
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    return _parse(await request.read()), ()


async def _read_multipart(request: web.Request) -> tuple[object, tuple[Upload, ...]]:
    body: object = None
    files: list[Upload] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = await part.read()
        name = part.name or ""
        if name == "payload_json":
            body = _parse(bytes(data))
        elif name.startswith("file"):
            key = name.removeprefix("files[").removesuffix("]") if "[" in name else name.removeprefix("file")
            content_type = part.headers.get("Content-Type", "application/octet-stream")
            files.append(Upload(key or "0", part.filename or "unknown", content_type, bytes(data)))
    return body, tuple(files)


def _parse(data: bytes) -> object:
    if not data:
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ApiError(Code.INVALID_JSON) from error


def _respond(reply: object, headers: Mapping[str, str]) -> web.Response:
    if isinstance(reply, Reply):
        return _json(reply.body, reply.status, headers)
    if reply is None:
        return web.Response(status=204, headers=headers)
    return _json(reply, 200, headers)


def _json(body: object, status: int, headers: Mapping[str, str]) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, headers=headers, content_type="application/json")


def _ban_page(seconds: float) -> web.Response:
    """Make Cloudflare's response: HTML without a Via header."""
    headers = {"Retry-After": str(int(seconds) + 1)}
    return web.Response(status=429, text="error code: 1015", content_type="text/html", headers=headers)


async def _truncated(response: web.Response, request: web.Request) -> web.StreamResponse:
    """Announce the full response, send half of it and close the connection."""
    body = bytes(response.body) if isinstance(response.body, bytes) else b""
    headers = {**response.headers, "Content-Length": str(max(1, len(body)))}
    cut = web.StreamResponse(status=response.status if body else 200, headers=headers)
    cut.force_close()
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return cut


def _reset_connection(request: web.Request) -> None:
    """Close with RST, as a broken connection does."""
    if request.transport is None:
        return
    raw = request.transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
