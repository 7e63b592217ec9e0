"""A server whose answers a test writes, one for each request; it keeps what it was asked."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `body` is its JSON, or None."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Vendor:
    """The last answer is given again when the others are used up."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def answers_with(self, *answers: Answer) -> None:
        self.answers = list(answers)

    async def __aenter__(self) -> Self:
        self._over = asyncio.Event()
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await self._runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Expect") == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        raw = await request.read()
        body = json.loads(raw) if raw.startswith(b"{") else None
        self.asked.append(Asked(request.method, request.path, dict(request.headers), body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)  # type: ignore[arg-type]

    async def hangs(self, request: web.Request) -> web.StreamResponse:
        """Answers only when the server ends."""
        await self._over.wait()
        return await lost(request)


def ok(body: Any, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=json.dumps(body), content_type="application/json", headers=headers)

    return answer


def error(status: int, code: str, message: str = "the vendor's message", **headers: str) -> Answer:
    """In the way of the JSON protocols."""

    async def answer(_: web.Request) -> web.StreamResponse:
        body = json.dumps({"__type": code, "message": message})
        named = {"x-amzn-ErrorType": code, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return web.Response(status=status, text=body, content_type="application/json", headers=named)

    return answer


def page(status: int, text: str, content_type: str = "text/html", **headers: str) -> Answer:
    """Whatever a proxy may say."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type=content_type, headers=headers)

    return answer


async def lost(request: web.Request) -> web.StreamResponse:
    """The request has arrived and had its effect; the answer never comes."""
    assert request.transport
    request.transport.abort()
    return web.Response()


async def torn(request: web.Request) -> web.StreamResponse:
    """An answer that ends in its middle."""
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"jobId": "')
    assert request.transport
    request.transport.close()
    return response
