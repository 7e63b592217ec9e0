"""All gateway sessions: identify, lose, resume and invalidate them, and send them events.

https://discord.com/developers/docs/events/gateway
"""

import asyncio
from collections import deque
from secrets import token_hex

import orjson

from deploy.sandbox.discord.gateway import visibility
from deploy.sandbox.discord.gateway.session import Connection, Intents, Opcode, Session
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.guild import Membership


class Gateway:
    """Each connection has its own session, so several can be open at once, as with two running bots."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._sessions: dict[str, Session] = {}
        self.identified = 0
        core.hub.subscribe(self._deliver)

    @property
    def url(self) -> str:
        return self._core.url.replace("http", "ws", 1) + "/gateway"

    @property
    def connected(self) -> int:
        return sum(session.connection is not None for session in self._sessions.values())

    def drop(self, *, resumable: bool = True) -> int:
        """Cut every connection without a close frame. Return how many there were."""
        live = self._open_connections(forget=not resumable)
        for connection in live:
            connection.abort()
        return len(live)

    def ask_to_reconnect(self) -> int:
        """Send RECONNECT to every connection. Return how many there were."""
        live = self._open_connections(forget=False)
        for connection in live:
            connection.send(Opcode.RECONNECT, None)
        return len(live)

    def invalidate(self, *, resumable: bool = False) -> int:
        """Send INVALID_SESSION to every connection. Return how many there were."""
        live = self._open_connections(forget=not resumable)
        for connection in live:
            connection.send(Opcode.INVALID_SESSION, resumable)
        return len(live)

    def identify(self, connection: Connection, intents: Intents, shard: list[int]) -> Session:
        self._remove_expired()
        replay: deque[tuple[int, bytes]] = deque(maxlen=self._core.limits.replay_events)
        session = Session(token_hex(16), intents, replay, connection, shard=shard)
        self._sessions[session.id] = session
        self.identified += 1
        self._core.ledger.add("gateway.identify", "bot", session_id=session.id, intents=int(intents))
        session.dispatch("READY", self._ready(session))
        if intents & Intents.GUILDS:
            asyncio.get_running_loop().call_later(self._core.limits.guild_create_delay, self._send_guild, session)
        return session

    def resume(self, connection: Connection, session_id: str, seq: int) -> Session | None:
        """Resume a session. Return None if it is unknown or expired, or if missed events are no longer buffered."""
        session = self._sessions.get(session_id)
        if session is None:
            return None
        if self._is_expired(session) or not session.can_replay(seq):
            return None
        session.connection = connection
        session.replay_after(seq)
        self._core.ledger.add("gateway.resume", "bot", session_id=session.id, seq=seq)
        session.dispatch("RESUMED", {"_trace": []})
        return session

    def connection_lost(self, connection: Connection) -> None:
        """Mark the session of a lost connection; it can be resumed for `resume_seconds`."""
        for session in self._sessions.values():
            if session.connection is connection:
                session.connection, session.lost_at = None, self._core.clock()
                self._core.ledger.add("gateway.lost", "bot", session_id=session.id)

    def _send_guild(self, session: Session) -> None:
        """Send GUILD_CREATE, unless the bot was removed meanwhile or the guild is in an outage."""
        if self._core.guild.membership is Membership.JOINED:
            session.dispatch("GUILD_CREATE", self._core.guild.gateway_wire())

    def _open_connections(self, *, forget: bool) -> list[Connection]:
        live = [session.connection for session in self._sessions.values() if session.connection]
        if forget:
            self._sessions.clear()
        return live

    def _is_expired(self, session: Session) -> bool:
        """Whether a session was lost too long ago to be resumed."""
        lost = session.connection is None
        return lost and self._core.clock() - session.lost_at > self._core.limits.resume_seconds

    def _remove_expired(self) -> None:
        gone = [session.id for session in self._sessions.values() if self._is_expired(session)]
        for session_id in gone:
            del self._sessions[session_id]

    def _ready(self, session: Session) -> Json:
        guild = self._core.guild
        removed = guild.membership is Membership.REMOVED
        return {
            "v": 10,
            "user": {**guild.bot.wire(), "mfa_enabled": False, "verified": True, "email": None},
            "guilds": [] if removed else [{"id": guild.id, "unavailable": True}],
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
        if not event.to_bot or not self._sessions or not visibility.bot_can_see(event, guild):
            return
        data = visibility.with_guild_and_member(event, guild)
        full = orjson.Fragment(orjson.dumps(data))
        hidden = visibility.needs_content_intent(event, guild)
        stripped = orjson.Fragment(orjson.dumps(data | visibility.NO_CONTENT)) if hidden else full
        for session in self._sessions.values():
            if visibility.intents_include(session.intents, event):
                has_content = session.intents & Intents.MESSAGE_CONTENT
                session.dispatch(event.name, full if has_content else stripped)


def application_flags(core: Core) -> int:
    """Return the application's flags: message content and member intents, as in fewer than 100 guilds."""
    return (1 << 19 | 1 << 15 | 1 << 13) if core.guild.world.privileged_intents else 0
