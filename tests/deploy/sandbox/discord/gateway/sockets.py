"""A gateway client that reads frame by frame."""

import zlib

import aiohttp
import orjson

from deploy.sandbox.discord.gateway.session import Intents
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.server import DiscordStandIn
from tests.support.waiting import PATIENCE

ALL = int(Intents.GUILDS | Intents.GUILD_MESSAGES | Intents.MESSAGE_CONTENT)


class Socket:
    """A gateway client that sends and receives single frames."""

    def __init__(self, stand_in: DiscordStandIn, raw: aiohttp.ClientWebSocketResponse) -> None:
        self.stand_in, self.raw = stand_in, raw
        self.inflate = zlib.decompressobj()

    async def send(self, op: int, data: object = None) -> None:
        await self.raw.send_bytes(orjson.dumps({"op": op, "d": data}))

    async def receive(self) -> Json:
        message = await self.raw.receive(timeout=PATIENCE)
        if message.type is aiohttp.WSMsgType.BINARY:
            frame: Json = orjson.loads(self.inflate.decompress(message.data))
            return frame
        assert message.type is aiohttp.WSMsgType.TEXT, (message, self.raw.close_code)
        text: Json = orjson.loads(message.data)
        return text

    async def identify(self, intents: int = ALL, **changes: object) -> Json:
        """Identify, receive GUILD_CREATE too, and return READY."""
        await self.send(2, {"token": self.stand_in.token, "intents": intents, "properties": {}} | changes)
        ready = await self.receive()
        assert ready["t"] == "READY", ready
        if intents & Intents.GUILDS:
            assert (await self.receive())["t"] == "GUILD_CREATE"
        return ready

    async def close_code(self) -> int | None:
        message = await self.raw.receive(timeout=PATIENCE)
        while message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            message = await self.raw.receive(timeout=PATIENCE)
        return self.raw.close_code


async def connect(stand_in: DiscordStandIn, http: aiohttp.ClientSession, query: str = "") -> Socket:
    raw = await http.ws_connect(f"{stand_in.gateway_url}?v=10&encoding=json{query}")
    socket = Socket(stand_in, raw)
    assert (await socket.receive())["op"] == 10
    return socket
