"""Serve health and metrics on loopback for a supervisor and Prometheus."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST


@asynccontextmanager
async def serve(port: int, find_problem: Callable[[], str]) -> AsyncIterator[int]:
    """Serve `/healthz` (200 `ok`, or 503 with what `find_problem` returns) and `/metrics` (Prometheus text).

    Yields the port; 0 picks a free one. Raises OSError if the port is in use.
    """

    async def health(_: web.Request) -> web.Response:
        problem = find_problem()
        return web.Response(text=problem or "ok", status=503 if problem else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application(middlewares=[_by_address])
    app.add_routes([web.get("/healthz", health), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@web.middleware
async def _by_address(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer requests to an address or to localhost: a page of another site reads loopback by a name of its own.

    That is DNS rebinding: https://developer.mozilla.org/docs/Web/Security/Attacks
    """
    if _is_address(request.url.host or ""):
        return await handler(request)
    return web.Response(text="Ask for 127.0.0.1 or localhost.\n", status=403)


def _is_address(host: str) -> bool:
    try:
        return host == "localhost" or bool(ip_address(host))
    except ValueError:
        return False
