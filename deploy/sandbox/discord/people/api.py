"""HTTP API under /sandbox/people for acting as a person in the guild. See the sandbox's README."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import orjson
from aiohttp import WSMsgType, web

from deploy.sandbox.discord.interactions.model import Interaction
from deploy.sandbox.discord.people.actions import Actions
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.standin import Discord
from deploy.sandbox.discord.state.entities import Channel, Thread, User

_MAX_MESSAGES, _DEFAULT_MESSAGES = 500, 100
_DEFAULT_TIMEOUT = 15.0
NO_ANSWER = "This application did not respond"

_Handler = Callable[[web.Request, User], Awaitable[object]]


class PeopleApi:
    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self._actions = Actions(discord)
        self._sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        one = "/sandbox/people/{person}"
        return [
            web.get("/sandbox/guild", self._guild),
            web.get("/sandbox/people", self._people),
            web.get(one + "/channels", self._as_person(self._channels)),
            web.get(one + "/channels/{channel}/messages", self._as_person(self._messages)),
            web.get(one + "/commands", self._as_person(self._commands)),
            web.get(one + "/events", self._events),
            web.post(one + "/messages", self._as_person(self._write)),
            web.post(one + "/commands", self._as_person(self._command)),
            web.post(one + "/autocomplete", self._as_person(self._autocomplete)),
            web.post(one + "/clicks", self._as_person(self._click)),
            web.post(one + "/modals", self._as_person(self._modal)),
            web.route("*", one + "{rest:(/.*)?}", self._as_person(self._unknown_call)),
        ]

    async def close(self) -> None:
        await asyncio.gather(*(socket.close(code=1001) for socket in self._sockets))

    def _as_person(self, handler: _Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                person = self._actions.person(request.match_info["person"])
                return json_response(await handler(request, person))
            except ValueError as error:
                return json_response({"error": str(error)}, status=400)

        return handle

    async def _guild(self, _: web.Request) -> web.Response:
        """Return what is the same for every person: the guild's name, its roles and the application."""
        guild = self._discord.core.guild
        roles = [{"id": role.id, "name": role.name, "color": role.color} for role in guild.roles.values()]
        return json_response({"name": guild.world.guild_name, "roles": roles, "application": guild.bot.wire()})

    async def _people(self, _: web.Request) -> web.Response:
        guild = self._discord.core.guild
        return json_response(
            [
                {
                    "id": person.id,
                    "name": person.name,
                    "global_name": person.global_name,
                    "roles": [guild.roles[role].name for role in person.role_ids],
                    "avatar": None,
                }
                for person in guild.people
            ]
        )

    async def _channels(self, _: web.Request, person: User) -> object:
        return [self._summary(channel) for channel in self._discord.core.guild.visible_channels(person)]

    async def _messages(self, request: web.Request, person: User) -> object:
        channel = self._actions.channel(person, request.match_info["channel"])
        limit = query_integer(request, "limit", _DEFAULT_MESSAGES)
        if not 1 <= limit <= _MAX_MESSAGES:
            raise ValueError(f"`limit` must be from 1 to {_MAX_MESSAGES} (got {limit})")
        timeline, messages = self._discord.core.timeline(channel.id), self._discord.messages
        if "after" in request.query:
            found = messages.visible(timeline.after(query_integer(request, "after", 0)), person, limit)
        else:
            newest_first = timeline.before(query_integer(request, "before", 1 << 63))
            found = messages.visible(newest_first, person, limit)[::-1]
        return [messages.wire(message) for message in found]

    async def _commands(self, _: web.Request, person: User) -> object:
        return self._discord.commands.visible_to(person)

    async def _write(self, request: web.Request, person: User) -> object:
        body = await read_json_object(request)
        channel = self._actions.channel(person, body.get("channel_id"))
        return self._actions.write(person, channel, body.get("content"))

    async def _command(self, request: web.Request, person: User) -> object:
        body = await read_json_object(request)
        channel = self._actions.channel(person, body.get("channel_id"))
        if "text" in body:
            interaction = self._actions.type_command(person, channel, str(body["text"]))
        elif "target_id" in body:
            interaction = self._actions.use_menu(person, channel, _required_text(body, "name"), str(body["target_id"]))
        else:
            options = body.get("options") or {}
            interaction = self._actions.run_command(person, channel, _required_text(body, "name"), options)
        return await self._outcome(interaction, body)

    async def _autocomplete(self, request: web.Request, person: User) -> object:
        body = await read_json_object(request)
        channel = self._actions.channel(person, body.get("channel_id"))
        interaction = self._actions.autocomplete(
            person, channel, _required_text(body, "name"), body.get("options") or {}, _required_text(body, "focused")
        )
        await self._discord.interactions.wait_for_acknowledgement(interaction)
        return {"choices": [{"name": c["name"], "value": c["value"]} for c in interaction.choices]}

    async def _click(self, request: web.Request, person: User) -> object:
        body = await read_json_object(request)
        channel = self._actions.channel(person, body.get("channel_id"))
        interaction = self._actions.click(
            person, channel, _required_text(body, "message_id"), _required_text(body, "custom_id"), body.get("values")
        )
        return await self._outcome(interaction, body)

    async def _modal(self, request: web.Request, person: User) -> object:
        body = await read_json_object(request)
        interaction = self._actions.fill_modal(person, _required_text(body, "interaction_id"), body.get("fields") or {})
        return await self._outcome(interaction, body)

    async def _unknown_call(self, request: web.Request, _: User) -> object:
        raise ValueError(
            f"unknown call {request.method} {request.path}; a person has channels, messages, commands, "
            "autocomplete, clicks, modals and events"
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        try:
            person = self._actions.person(request.match_info["person"])
        except ValueError as error:
            return json_response({"error": str(error)}, status=400)
        socket = web.WebSocketResponse(timeout=1, heartbeat=30)
        await socket.prepare(request)
        self._sockets.add(socket)
        viewer = self._discord.viewers.join(person)
        sender = asyncio.create_task(_send_queued(viewer.queue, socket))
        try:
            while (await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
                pass
        finally:
            self._discord.viewers.leave(viewer)
            self._sockets.discard(socket)
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender
        return socket

    async def _outcome(self, interaction: Interaction, body: Json) -> Json:
        """Wait for the acknowledgement and, with `wait`, for the deferred answer."""
        done = await self._discord.interactions.wait_for_acknowledgement(interaction)
        if done and body.get("wait"):
            with suppress(TimeoutError):
                async with asyncio.timeout(float(body.get("timeout", _DEFAULT_TIMEOUT))):
                    await interaction.finished.wait()
        response = interaction.response
        took = (interaction.acknowledged_at or 0.0) - interaction.created_at
        return {
            "interaction_id": interaction.id,
            "state": "acknowledged" if done else "failed",
            "acknowledged_ms": round(took * 1000, 3) if done else None,
            "type": interaction.callback,
            "message": self._discord.messages.wire(response) if response else None,
            "modal": interaction.modal,
            "error": None if done else NO_ANSWER,
        }

    def _summary(self, channel: Channel) -> Json:
        thread = channel if isinstance(channel, Thread) else None
        message_count = thread.message_count if thread else len(self._discord.core.timeline(channel.id))
        return {
            "id": channel.id,
            "name": channel.name,
            "type": int(channel.type),
            "parent_id": thread.parent_id if thread else None,
            "topic": channel.topic,
            "archived": thread.archived if thread else False,
            "locked": thread.locked if thread else False,
            "last_message_id": channel.last_message_id,
            "message_count": message_count,
        }


def json_response(body: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


async def read_json_object(request: web.Request) -> Json:
    """Read the body as a JSON object. Raises ValueError."""
    try:
        body = orjson.loads(await request.read() or b"{}")
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: {error}") from error
    match body:
        case dict():
            return body
    raise ValueError(f"the body must be a JSON object (got {type(body).__name__})")


async def _send_queued(queue: asyncio.Queue[bytes], socket: web.WebSocketResponse) -> None:
    with suppress(ConnectionError):
        while True:
            await socket.send_str((await queue.get()).decode())


def _required_text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"`{name}` must be a non-empty string (got {value!r})")
    return value


def query_integer(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit():
        raise ValueError(f"`{name}` must be a whole number (got {text!r})")
    return int(text)
