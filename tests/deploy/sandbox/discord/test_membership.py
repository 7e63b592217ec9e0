"""The bot invited, removed and in an outage, as the gateway and the REST API show it."""

import aiohttp
import pytest

from deploy.sandbox.discord.gateway.session import Intents
from deploy.sandbox.discord.server import DiscordStandIn
from tests.deploy.sandbox.discord.gateway.sockets import Socket, connect
from tests.deploy.sandbox.discord.room import WORLD, Rest

pytestmark = pytest.mark.slow

COMMAND = {"name": "train", "description": "Trains", "type": 1}


async def _control(http: aiohttp.ClientSession, stand_in: DiscordStandIn, action: str) -> int:
    async with http.post(f"{stand_in.url}/sandbox/membership", json={"action": action}) as answer:
        return answer.status


async def _identified(stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> Socket:
    socket = await connect(stand_in, http, "&compress=zlib-stream")
    await socket.identify(int(Intents.GUILDS))
    return socket


async def test_removal_drops_the_commands_and_the_access() -> None:
    async with DiscordStandIn(WORLD, page_dir=None) as stand_in, aiohttp.ClientSession() as http:
        rest, guild_id = Rest(stand_in, http), stand_in.ready()["guild_id"]
        commands = f"/applications/{stand_in.application_id}/guilds/{guild_id}/commands"
        socket = await _identified(stand_in, http)
        assert (await rest("PUT", commands, [COMMAND]))[0] == 200
        assert await _control(http, stand_in, "remove") == 200
        assert (await socket.receive())["d"] == {"id": guild_id}
        for method, path in (("PUT", commands), ("GET", commands), ("GET", f"/channels/{rest.training}")):
            status, body, _ = await rest(method, path, [COMMAND] if method == "PUT" else None)
            assert (status, body["code"]) == (403, 50001)
        assert (await rest("GET", f"/guilds/{guild_id}"))[1]["code"] == 10004
        assert not (await rest("GET", "/users/@me/guilds"))[1]
        person = next(iter(stand_in.people.values()))
        direct = (await rest("POST", "/users/@me/channels", {"recipient_id": person}))[1]["id"]
        refused = await rest("POST", f"/channels/{direct}/messages", {"content": "x"})
        assert (refused[0], refused[1]["code"]) == (403, 50278)
        later = await connect(stand_in, http, "&compress=zlib-stream")
        await later.send(2, {"token": stand_in.token, "intents": 1, "properties": {}})
        assert (await later.receive())["d"]["guilds"] == []
        assert await _control(http, stand_in, "invite") == 200
        joined = await socket.receive()
        assert joined["t"] == "GUILD_CREATE"
        assert "unavailable" not in joined["d"]
        assert not (await rest("GET", commands))[1]


async def test_guilds_of_the_bot_are_listed_after_an_id() -> None:
    async with DiscordStandIn(WORLD, page_dir=None) as stand_in, aiohttp.ClientSession() as http:
        rest, guild_id = Rest(stand_in, http), stand_in.ready()["guild_id"]
        for after, found in ((0, [guild_id]), (int(guild_id) - 1, [guild_id]), (int(guild_id), [])):
            _, guilds, _ = await rest("GET", f"/users/@me/guilds?limit=1&after={after}")
            assert [guild["id"] for guild in guilds] == found


async def test_outage_keeps_the_commands() -> None:
    async with DiscordStandIn(WORLD, page_dir=None) as stand_in, aiohttp.ClientSession() as http:
        rest, guild_id = Rest(stand_in, http), stand_in.ready()["guild_id"]
        commands = f"/applications/{stand_in.application_id}/guilds/{guild_id}/commands"
        socket = await _identified(stand_in, http)
        await rest("PUT", commands, [COMMAND])
        await _control(http, stand_in, "begin_outage")
        assert (await socket.receive())["d"] == {"id": guild_id, "unavailable": True}
        await _control(http, stand_in, "end_outage")
        assert (await socket.receive())["d"]["unavailable"] is False
        assert len((await rest("GET", commands))[1]) == 1


async def test_unknown_action_is_explained() -> None:
    async with (
        DiscordStandIn(WORLD, page_dir=None) as stand_in,
        aiohttp.ClientSession() as http,
        http.post(f"{stand_in.url}/sandbox/membership", json={"action": "ban"}) as answer,
    ):
        assert answer.status == 400
        assert "remove, invite, begin_outage and end_outage" in (await answer.json())["error"]
