"""One gateway session and its connection: intents, sequence numbers, events to replay.

https://discord.com/developers/docs/events/gateway
"""

import asyncio
import zlib
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

import orjson
from aiohttp import web

from deploy.sandbox.discord.protocol.wire import Json


class Opcode(IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    RATE_LIMITED = 4008
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


class Intents(IntFlag):
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = Intents.GUILD_MEMBERS | Intents.GUILD_PRESENCES | Intents.MESSAGE_CONTENT
KNOWN_INTENTS = (1 << 26) - 1


class Connection:
    """One WebSocket. Frames are queued and sent in order."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, *, zlib_stream: bool):
        self._socket, self._transport = socket, transport
        self._stream = zlib.compressobj() if zlib_stream else None
        self._frames: asyncio.Queue[bytes | CloseCode] = asyncio.Queue()
        self.compress_payloads = False

    def send(self, op: Opcode, data: object) -> None:
        self.send_frame(orjson.dumps({"op": op, "d": data, "s": None, "t": None}))

    def send_frame(self, frame: bytes) -> None:
        self._frames.put_nowait(frame)

    def close(self, code: CloseCode) -> None:
        """Close after sending what is already queued."""
        self._frames.put_nowait(code)

    def abort(self) -> None:
        """Cut the connection without a close frame, as a broken network does."""
        if self._transport is not None:
            self._transport.abort()

    async def send_queued(self) -> None:
        while True:
            frame = await self._frames.get()
            if isinstance(frame, CloseCode):
                await self._socket.close(code=int(frame), message=frame.name.replace("_", " ").title().encode())
                return
            try:
                await self._write(frame)
            except ConnectionError:
                return

    async def _write(self, frame: bytes) -> None:
        if self._stream is not None:
            packed = self._stream.compress(frame) + self._stream.flush(zlib.Z_SYNC_FLUSH)
            await self._socket.send_bytes(packed)
        elif self.compress_payloads:
            await self._socket.send_bytes(zlib.compress(frame))
        else:
            await self._socket.send_str(frame.decode())


@dataclass(slots=True, eq=False)
class Session:
    id: str
    intents: Intents
    replay: deque[tuple[int, bytes]]
    connection: Connection | None
    seq: int = 0
    lost_at: float = 0.0
    """When the connection was lost, if it was."""
    shard: list[int] = field(default_factory=lambda: [0, 1])

    def dispatch(self, name: str, data: Json | orjson.Fragment) -> None:
        self.seq += 1
        frame = orjson.dumps({"op": Opcode.DISPATCH, "t": name, "s": self.seq, "d": data})
        self.replay.append((self.seq, frame))
        if self.connection is not None:
            self.connection.send_frame(frame)

    def can_replay(self, after: int) -> bool:
        oldest = self.replay[0][0] if self.replay else self.seq + 1
        return oldest - 1 <= after <= self.seq

    def replay_after(self, after: int) -> None:
        for seq, frame in self.replay:
            if seq > after and self.connection is not None:
                self.connection.send_frame(frame)
