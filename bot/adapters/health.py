"""Serve health and metrics on loopback, for a supervisor and for Prometheus."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST


@asynccontextmanager
async def serve(port: int, healthy: Callable[[], str]) -> AsyncIterator[int]:
    """`/healthz` (200 `ok`, or 503 with what `healthy` says is wrong) and `/metrics` (Prometheus text).

    Port 0 takes a free one; the port comes back. Raises OSError where the port is taken.
    """

    async def health(_: web.Request) -> web.Response:
        wrong = healthy()
        return web.Response(text=wrong or "ok", status=503 if wrong else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", health), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
