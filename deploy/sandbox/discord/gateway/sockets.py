"""The gateway's WebSockets: accept connections and handle what clients send.

https://discord.com/developers/docs/events/gateway
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from deploy.sandbox.discord.gateway.registry import Gateway
from deploy.sandbox.discord.gateway.session import (
    KNOWN_INTENTS,
    PRIVILEGED,
    CloseCode,
    Connection,
    Intents,
    Opcode,
    Session,
)
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core

_CLOSE_SECONDS = 1.0
"""Time for a client to answer a close frame."""
_MISSED_HEARTBEATS = 1.6
"""Heartbeat intervals without a frame until the client counts as gone."""


class Sockets:
    def __init__(self, gateway: Gateway, core: Core) -> None:
        self._gateway, self._core = gateway, core
        self._open: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one connection from upgrade to close."""
        compress = request.query.get("compress")
        if compress not in (None, "zlib-stream"):
            return web.Response(status=400, text=f"compress={compress} is not supported here: use zlib-stream")
        socket = web.WebSocketResponse(timeout=_CLOSE_SECONDS, compress=False, max_msg_size=1 << 16)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, zlib_stream=compress is not None)
        self._open.add(socket)
        sender = asyncio.create_task(connection.send_queued())
        try:
            await _ClientProtocol(self._gateway, self._core, connection).run(socket)
        finally:
            self._gateway.connection_lost(connection)
            self._open.discard(socket)
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender
        return socket

    async def close(self) -> None:
        """Close all sockets: aiohttp would wait for them at shutdown."""
        await asyncio.gather(*(socket.close(code=1001) for socket in self._open))


class _ClientProtocol:
    """The protocol on one connection."""

    def __init__(self, gateway: Gateway, core: Core, connection: Connection) -> None:
        self._gateway, self._core, self._connection = gateway, core, connection
        self._session: Session | None = None
        self._sends: deque[float] = deque()

    async def run(self, socket: web.WebSocketResponse) -> None:
        interval = self._core.limits.heartbeat_interval
        self._connection.send(Opcode.HELLO, {"heartbeat_interval": int(interval * 1000), "_trace": []})
        while True:
            try:
                message = await socket.receive(timeout=interval * _MISSED_HEARTBEATS)
            except TimeoutError:
                self._connection.close(CloseCode.SESSION_TIMED_OUT)
                return await _until_closed(socket)
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return None
            if (code := self._handle_frame(message.data)) is not None:
                self._connection.close(code)
                return await _until_closed(socket)

    def _handle_frame(self, frame: str | bytes) -> CloseCode | None:
        """Handle a frame. Return the close code if the connection must end."""
        try:
            payload = orjson.loads(frame)
            number, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            return CloseCode.DECODE_ERROR
        if self._sends_too_fast():
            return CloseCode.RATE_LIMITED
        if number not in tuple(Opcode):
            return CloseCode.UNKNOWN_OPCODE
        return self._handle_opcode(Opcode(number), data)

    def _handle_opcode(self, op: Opcode, data: Any) -> CloseCode | None:
        match op:
            case Opcode.HEARTBEAT:
                self._connection.send(Opcode.HEARTBEAT_ACK, None)
                return None
            case Opcode.IDENTIFY:
                return self._identify(data)
            case Opcode.RESUME:
                return self._resume(data)
        if self._session is None:
            return CloseCode.NOT_AUTHENTICATED
        if op is Opcode.REQUEST_MEMBERS:
            self._send_members(self._session, data or {})
        return None

    def _identify(self, data: Json) -> CloseCode | None:
        if self._session is not None:
            return CloseCode.ALREADY_AUTHENTICATED
        if str(data.get("token", "")).removeprefix("Bot ") != self._core.guild.token:
            return CloseCode.AUTHENTICATION_FAILED
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            return CloseCode.INVALID_INTENTS
        if intents & PRIVILEGED and not self._core.guild.world.privileged_intents:
            return CloseCode.DISALLOWED_INTENTS
        if self._gateway.identified >= self._core.limits.identifies_a_day:
            return CloseCode.AUTHENTICATION_FAILED
        self._connection.compress_payloads = bool(data.get("compress"))
        self._session = self._gateway.identify(self._connection, Intents(intents), data.get("shard") or [0, 1])
        return None

    def _resume(self, data: Json) -> CloseCode | None:
        if self._session is not None:
            return CloseCode.ALREADY_AUTHENTICATED
        if str(data.get("token", "")).removeprefix("Bot ") != self._core.guild.token:
            return CloseCode.AUTHENTICATION_FAILED
        session_id, seq = str(data.get("session_id")), int(data.get("seq") or 0)
        self._session = self._gateway.resume(self._connection, session_id, seq)
        if self._session is None:
            self._connection.send(Opcode.INVALID_SESSION, False)
        return None

    def _send_members(self, session: Session, data: Json) -> None:
        guild = self._core.guild
        wanted = data.get("user_ids") or []
        wanted = [wanted] if isinstance(wanted, str) else [str(user_id) for user_id in wanted]
        query = str(data.get("query") or "").lower()
        users = [
            user
            for user in guild.users.values()
            if (user.id in wanted if wanted else user.name.lower().startswith(query))
        ]
        chunk: Json = {
            "guild_id": guild.id,
            "members": [guild.member(user) for user in users],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [user_id for user_id in wanted if user_id not in guild.users],
        }
        if data.get("nonce") is not None:
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    def _sends_too_fast(self) -> bool:
        rate, now = self._core.limits.gateway_sends, self._core.clock()
        self._sends.append(now)
        while now - self._sends[0] > rate.seconds:
            self._sends.popleft()
        return self._core.limits.enabled and len(self._sends) > rate.count


async def _until_closed(socket: web.WebSocketResponse) -> None:
    while not socket.closed:
        await socket.receive()
