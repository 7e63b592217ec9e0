"""HTTP API to inspect and disturb the stand-in: ledger, transcript, faults, gateway, limits. See the README."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from deploy.sandbox.discord.limits.faults import read_fault
from deploy.sandbox.discord.people.api import json_response, query_integer, read_json_object
from deploy.sandbox.discord.protocol.wire import Json, comma_list
from deploy.sandbox.discord.standin import Discord

_ACTIONS = ("drop", "reconnect", "invalidate")


class ControlApi:
    def __init__(self, discord: Discord) -> None:
        self._discord, self._core = discord, discord.core

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sandbox/ledger", _as_json(self._ledger)),
            web.get("/sandbox/transcript", _as_json(self._transcript)),
            web.post("/sandbox/faults", _as_json(self._add_fault)),
            web.delete("/sandbox/faults", _as_json(self._clear_faults)),
            web.post("/sandbox/gateway", _as_json(self._gateway)),
            web.post("/sandbox/membership", _as_json(self._membership)),
            web.get("/sandbox/limits", _as_json(self._limits)),
            web.post("/sandbox/limits", _as_json(self._change_limits)),
        ]

    async def _ledger(self, request: web.Request) -> object:
        kind = request.query.get("kind")
        after = query_integer(request, "after", 0)
        entries = self._core.ledger.entries[after:]
        return [entry.wire() for entry in entries if kind in (None, entry.kind)]

    async def _transcript(self, _: web.Request) -> object:
        return transcript(self._discord)

    async def _add_fault(self, request: web.Request) -> object:
        self._core.faults.add(read_fault(await read_json_object(request)))
        return {}

    async def _clear_faults(self, _: web.Request) -> object:
        self._core.faults.clear()
        return {}

    async def _gateway(self, request: web.Request) -> object:
        body = await read_json_object(request)
        action, gateway = body.get("action"), self._discord.gateway
        if action not in _ACTIONS:
            raise ValueError(f"`action` must be one of {comma_list(_ACTIONS)} (got {action!r})")
        self._core.ledger.add(f"gateway.{action}", "sandbox")
        if action == "drop":
            return {"connections": gateway.drop(resumable=body.get("resumable", True))}
        if action == "reconnect":
            return {"connections": gateway.ask_to_reconnect()}
        return {"connections": gateway.invalidate(resumable=body.get("resumable", False))}

    async def _membership(self, request: web.Request) -> object:
        invitations = self._discord.invitations
        actions = {
            "remove": invitations.remove,
            "invite": invitations.invite,
            "begin_outage": invitations.begin_outage,
            "end_outage": invitations.end_outage,
        }
        action = (await read_json_object(request)).get("action")
        if action not in actions:
            raise ValueError(f"`action` must be one of {comma_list(actions)} (got {action!r})")
        actions[action]()
        return {"membership": self._core.guild.membership.value}

    async def _limits(self, _: web.Request) -> object:
        return self._core.limits.wire()

    async def _change_limits(self, request: web.Request) -> object:
        self._core.limits = self._core.limits.with_changes(await read_json_object(request))
        return self._core.limits.wire()


def transcript(discord: Discord) -> Json:
    """Return all channels and messages as Discord would, including ephemeral messages."""
    guild = discord.core.guild
    return {
        "guild": guild.wire(),
        "people": [guild.member(person) for person in guild.people],
        "channels": [
            {
                **channel.wire(),
                "messages": [discord.messages.wire(m) for m in discord.core.timeline(channel.id)],
            }
            for channel in guild.channels.values()
        ],
    }


def _as_json(handler: Callable[[web.Request], Awaitable[object]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return json_response(await handler(request))
        except ValueError as error:
            return json_response({"error": str(error)}, status=400)

    return handle
