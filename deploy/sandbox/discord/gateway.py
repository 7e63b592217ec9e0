"""The gateway: identify, heartbeats, dispatch, resume.

https://discord.com/developers/docs/events/gateway
"""

import asyncio
from collections import deque
from contextlib import suppress
from secrets import token_hex
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from deploy.sandbox.discord import audience
from deploy.sandbox.discord.core import Core
from deploy.sandbox.discord.hub import Event
from deploy.sandbox.discord.session import (
    KNOWN_INTENTS,
    PRIVILEGED,
    Close,
    Connection,
    Intents,
    Op,
    Session,
)
from deploy.sandbox.discord.wire import Json

_CLOSE_SECONDS = 1.0
"""How long a client may take to answer a close frame."""
_MISSED_HEARTBEATS = 1.6


class Gateway:
    """Several connections at once each have a session of their own, as two running bots would."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._sessions: dict[str, Session] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self.identified = 0
        core.hub.listen(self._deliver)

    @property
    def url(self) -> str:
        return self._core.url.replace("http", "ws", 1) + "/gateway"

    @property
    def connected(self) -> int:
        return sum(session.connection is not None for session in self._sessions.values())

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection from upgrade to close."""
        compress = request.query.get("compress")
        if compress not in (None, "zlib-stream"):
            return web.Response(status=400, text=f"compress={compress}: the stand-in has zlib-stream alone")
        socket = web.WebSocketResponse(timeout=_CLOSE_SECONDS, compress=False, max_msg_size=1 << 16)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, zlib_stream=compress is not None)
        self._sockets.add(socket)
        pump = asyncio.create_task(connection.pump())
        try:
            await _Conversation(self, self._core, connection).run(socket)
        finally:
            self._lose(connection)
            self._sockets.discard(socket)
            pump.cancel()
            with suppress(asyncio.CancelledError):
                await pump
        return socket

    async def close(self) -> None:
        await asyncio.gather(*(socket.close(code=1001) for socket in self._sockets))

    def drop(self, *, resumable: bool = True) -> int:
        """Cuts every connection without a close frame; how many there were."""
        live = self._live(forget=not resumable)
        for connection in live:
            connection.abort()
        return len(live)

    def ask_to_reconnect(self) -> int:
        live = self._live(forget=False)
        for connection in live:
            connection.send(Op.RECONNECT, None)
        return len(live)

    def invalidate(self, *, resumable: bool = False) -> int:
        live = self._live(forget=not resumable)
        for connection in live:
            connection.send(Op.INVALID_SESSION, resumable)
        return len(live)

    def identify(self, connection: Connection, intents: Intents, shard: list[int]) -> Session:
        self._forget_lost()
        replay: deque[tuple[int, bytes]] = deque(maxlen=self._core.limits.replay_events)
        session = Session(token_hex(16), intents, replay, connection, shard=shard)
        self._sessions[session.id] = session
        self.identified += 1
        self._core.ledger.add("gateway.identify", "bot", session_id=session.id, intents=int(intents))
        session.dispatch("READY", self._ready(session))
        if intents & Intents.GUILDS:
            session.dispatch("GUILD_CREATE", self._core.guild.gateway_wire())
        return session

    def resume(self, connection: Connection, session_id: str, seq: int) -> Session | None:
        """None where the session is unknown, too old, or its events are no longer kept."""
        session = self._sessions.get(session_id)
        if session is None:
            return None
        if self._is_gone(session) or not session.can_replay(seq):
            return None
        session.connection = connection
        session.replay_after(seq)
        self._core.ledger.add("gateway.resume", "bot", session_id=session.id, seq=seq)
        session.dispatch("RESUMED", {"_trace": []})
        return session

    def _live(self, *, forget: bool) -> list[Connection]:
        live = [session.connection for session in self._sessions.values() if session.connection]
        if forget:
            self._sessions.clear()
        return live

    def _is_gone(self, session: Session) -> bool:
        """Lost for so long that it cannot be resumed."""
        lost = session.connection is None
        return lost and self._core.clock() - session.lost_at > self._core.limits.resume_seconds

    def _forget_lost(self) -> None:
        gone = [session.id for session in self._sessions.values() if self._is_gone(session)]
        for session_id in gone:
            del self._sessions[session_id]

    def _lose(self, connection: Connection) -> None:
        for session in self._sessions.values():
            if session.connection is connection:
                session.connection, session.lost_at = None, self._core.clock()
                self._core.ledger.add("gateway.lost", "bot", session_id=session.id)

    def _ready(self, session: Session) -> Json:
        guild = self._core.guild
        return {
            "v": 10,
            "user": {**guild.bot.wire(), "mfa_enabled": False, "verified": True, "email": None},
            "guilds": [{"id": guild.id, "unavailable": True}],
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "user_settings": {},
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": session.shard,
            "application": {"id": guild.application_id, "flags": application_flags(self._core)},
            "_trace": [],
        }

    def _deliver(self, event: Event) -> None:
        guild = self._core.guild
        if not event.to_bot or not self._sessions or not audience.reaches(event, guild):
            return
        data = audience.dressed(event, guild)
        whole = orjson.Fragment(orjson.dumps(data))
        hides = audience.is_private(event, guild)
        stripped = orjson.Fragment(orjson.dumps(data | audience.NO_CONTENT)) if hides else whole
        for session in self._sessions.values():
            if audience.hears(session.intents, event):
                reads = session.intents & Intents.MESSAGE_CONTENT
                session.dispatch(event.name, whole if reads else stripped)


class _Conversation:
    """One connection's side of the protocol."""

    def __init__(self, gateway: Gateway, core: Core, connection: Connection) -> None:
        self._gateway, self._core, self._connection = gateway, core, connection
        self._session: Session | None = None
        self._sends: deque[float] = deque()

    async def run(self, socket: web.WebSocketResponse) -> None:
        interval = self._core.limits.heartbeat_interval
        self._connection.send(Op.HELLO, {"heartbeat_interval": int(interval * 1000), "_trace": []})
        while True:
            try:
                message = await socket.receive(timeout=interval * _MISSED_HEARTBEATS)
            except TimeoutError:
                self._connection.close(Close.SESSION_TIMED_OUT)
                return await _until_closed(socket)
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return None
            if (code := self._hear(message.data)) is not None:
                self._connection.close(code)
                return await _until_closed(socket)

    def _hear(self, frame: str | bytes) -> Close | None:
        """The close code, where this is the end."""
        try:
            payload = orjson.loads(frame)
            number, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            return Close.DECODE_ERROR
        if self._sends_too_fast():
            return Close.RATE_LIMITED
        if number not in tuple(Op):
            return Close.UNKNOWN_OPCODE
        return self._obey(Op(number), data)

    def _obey(self, op: Op, data: Any) -> Close | None:
        match op:
            case Op.HEARTBEAT:
                self._connection.send(Op.HEARTBEAT_ACK, None)
                return None
            case Op.IDENTIFY:
                return self._identify(data)
            case Op.RESUME:
                return self._resume(data)
        if self._session is None:
            return Close.NOT_AUTHENTICATED
        if op is Op.REQUEST_MEMBERS:
            self._send_members(self._session, data or {})
        return None

    def _identify(self, data: Json) -> Close | None:
        if self._session is not None:
            return Close.ALREADY_AUTHENTICATED
        if str(data.get("token", "")).removeprefix("Bot ") != self._core.guild.token:
            return Close.AUTHENTICATION_FAILED
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            return Close.INVALID_INTENTS
        if intents & PRIVILEGED and not self._core.guild.world.privileged_intents:
            return Close.DISALLOWED_INTENTS
        if self._gateway.identified >= self._core.limits.identifies_a_day:
            return Close.AUTHENTICATION_FAILED
        self._connection.compress_payloads = bool(data.get("compress"))
        self._session = self._gateway.identify(self._connection, Intents(intents), data.get("shard") or [0, 1])
        return None

    def _resume(self, data: Json) -> Close | None:
        if self._session is not None:
            return Close.ALREADY_AUTHENTICATED
        if str(data.get("token", "")).removeprefix("Bot ") != self._core.guild.token:
            return Close.AUTHENTICATION_FAILED
        session_id, seq = str(data.get("session_id")), int(data.get("seq") or 0)
        self._session = self._gateway.resume(self._connection, session_id, seq)
        if self._session is None:
            self._connection.send(Op.INVALID_SESSION, False)
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


def application_flags(core: Core) -> int:
    """Message content and member intents, as for an application in fewer than 100 guilds."""
    return (1 << 19 | 1 << 15 | 1 << 13) if core.guild.world.privileged_intents else 0


async def _until_closed(socket: web.WebSocketResponse) -> None:
    while not socket.closed:
        await socket.receive()
