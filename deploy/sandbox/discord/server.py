"""The stand-in as an HTTP server on loopback."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from deploy.sandbox.discord.control import ControlApi
from deploy.sandbox.discord.gateway.sockets import Sockets
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.people.api import PeopleApi, json_response
from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.protocol.openapi import OpenApi, find_document
from deploy.sandbox.discord.protocol.wire import Clock, Json
from deploy.sandbox.discord.rest import PREFIX, ROUTES
from deploy.sandbox.discord.rest.http import Dispatcher
from deploy.sandbox.discord.standin import make_discord
from deploy.sandbox.discord.state.entities import Thread
from deploy.sandbox.discord.state.world_spec import World
from deploy.sandbox.local_access import foreign, new_path, not_json

PAGE = Path(__file__).parent / "page"
_ARCHIVE_SECONDS = 30.0
_HOST = "127.0.0.1"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DiscordStandIn:
    """`async with DiscordStandIn() as discord:` listens on a free port. All state is lost at the end.

    A client needs `discord.api`, `.gateway_url` and `.token`, or all of them from `.ready()`. `.url` has the page and
    the sandbox's own calls; it is secret, because they act for every person.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        limits: Limits | None = None,
        page_dir: Path | None = PAGE,
        openapi: Path | None = None,
        port: int = 0,
        clock: Clock = time.time,
    ) -> None:
        self.discord = make_discord(world or World(), limits or Limits(), clock)
        self._openapi = OpenApi(openapi or find_document())
        self._page_dir, self._port = page_dir, port
        self._secret_path = new_path()
        self._people = PeopleApi(self.discord)
        self._sockets = Sockets(self.discord.gateway, self.discord.core)
        self._runner: web.AppRunner | None = None
        self._archiver: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return self.discord.core.url + self._secret_path

    @property
    def api(self) -> str:
        return self.discord.core.url + PREFIX

    @property
    def gateway_url(self) -> str:
        return self.discord.gateway.url

    @property
    def token(self) -> str:
        return self.discord.core.guild.token

    @property
    def application_id(self) -> str:
        return self.discord.core.guild.application_id

    @property
    def channels(self) -> dict[str, str]:
        """Channel ids by name, without threads."""
        channels = self.discord.core.guild.channels.values()
        return {channel.name: channel.id for channel in channels if not isinstance(channel, Thread)}

    @property
    def people(self) -> dict[str, str]:
        return {person.name: person.id for person in self.discord.core.guild.people}

    def ready(self) -> Json:
        """Return the `discord` part of the ready file."""
        guild = self.discord.core.guild
        names = {spec.name for spec in guild.world.roles}
        return {
            "url": self.url,
            "api": self.api,
            "gateway": self.gateway_url,
            "token": self.token,
            "application_id": guild.application_id,
            "guild_id": guild.id,
            "channels": self.channels,
            "people": self.people,
            "roles": {role.name: role.id for role in guild.roles.values() if role.name in names},
        }

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, _HOST, self._port, backlog=1024)
        await site.start()
        port = self._runner.addresses[0][1]
        self.discord.core.url = f"http://{_HOST}:{port}"
        self._archiver = asyncio.create_task(self._archive_inactive_threads())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._archiver is not None:
            self._archiver.cancel()
            with suppress(asyncio.CancelledError):
                await self._archiver
        await self._sockets.close()
        await self._people.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=1 << 30, middlewares=[_refuse_foreign])
        dispatcher = Dispatcher(self.discord, self._openapi)
        for route in ROUTES:
            app.router.add_route(route.method, PREFIX + route.path, dispatcher.handler(route))
        app.router.add_route("*", "/api/{rest:.*}", _unknown_endpoint)
        app.router.add_get("/gateway", self._sockets.serve)
        app.router.add_get("/gateway/", self._sockets.serve)
        app.router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self._attachment)
        app.router.add_get(self._secret_path, _to_page)
        app.add_subapp(self._secret_path, self._secret_application())
        app.router.add_route("*", "/{rest:.*}", _without_secret)
        return app

    def _secret_application(self) -> web.Application:
        """What needs no other secret: the people's actions, the control calls, and the page that uses them."""
        app = web.Application(client_max_size=1 << 30, middlewares=[_refuse_other_than_json])
        app.router.add_routes(self._people.routes())
        app.router.add_routes(ControlApi(self.discord).routes())
        app.router.add_route("*", "/sandbox/{rest:.*}", _unknown_control)
        if self._page_dir is not None and self._page_dir.is_dir():
            app.router.add_get("/", self._page)
            app.router.add_static("/page", self._page_dir)
        return app

    async def _page(self, _: web.Request) -> web.StreamResponse:
        index = (self._page_dir or PAGE) / "index.html"
        if not index.is_file():
            return json_response({"error": f"no page: {index} does not exist"}, status=404)
        return web.FileResponse(index, headers={"Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"})

    async def _attachment(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info
        file = self.discord.core.attachments.get((path["channel_id"], path["attachment_id"]))
        if file is None or file.filename != path["filename"]:
            return web.Response(status=404, text="This content is no longer available.")
        headers = {"Content-Type": file.content_type, "Cache-Control": "private, max-age=31536000"}
        return web.Response(body=file.data, headers=headers)

    async def _archive_inactive_threads(self) -> None:
        while True:
            await asyncio.sleep(_ARCHIVE_SECONDS)
            self.discord.threads.archive_inactive()


@web.middleware
async def _refuse_foreign(request: web.Request, handler: Handler) -> web.StreamResponse:
    if reason := foreign(request.headers):
        return json_response({"error": reason}, status=403)
    return await handler(request)


@web.middleware
async def _refuse_other_than_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    if reason := not_json(request.method, request.headers):
        return json_response({"error": reason}, status=415)
    return await handler(request)


async def _to_page(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"{request.path}/")


async def _unknown_endpoint(_: web.Request) -> web.Response:
    error = ApiError(Code.NOT_FOUND)
    return json_response(error.body(), status=error.status)


async def _without_secret(_: web.Request) -> web.Response:
    text = "The address is incomplete: use the whole one that the sandbox printed, with its random part."
    return json_response({"error": text}, status=404)


async def _unknown_control(request: web.Request) -> web.Response:
    names = "guild, people, ledger, transcript, faults, gateway, membership and limits"
    path = request.match_info["rest"]
    return json_response({"error": f"unknown path /sandbox/{path}; under /sandbox there are {names}"}, status=404)
