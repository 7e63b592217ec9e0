"""The doctor's checks of Discord. They log in and connect as the bot does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp
import discord

from bot.chat.client import GUILD_SECONDS, point_at
from bot.chat.delivery.request_time import limit_requests, within
from bot.chat.discord_errors import PASSING, calling
from bot.chat.gateway.first_connection import cause
from bot.chat.gateway.registration import invitation
from bot.chat.permissions import TO_POST, lacking
from bot.domain.access import Grant
from bot.domain.project import Project
from bot.domain.texts.command_names import COMMANDS
from bot.errors import Denied, Missing, Unavailable
from bot.services.people.remembered_roles import RememberedRoles
from bot.services.running.doctor import Check, Finding, clock_finding
from bot.services.running.roles_check import SUBJECT, roles_finding

LOGIN_SECONDS = 60.0
CONNECT_SECONDS = 15.0
CLOSE_SECONDS = 5.0
WAIT_SECONDS = 0.05
DISALLOWED_INTENTS = 4014
_INTENTS = discord.Intents(guilds=True)
_RENEW = "Make a new token in the developer portal (Bot, Reset Token), and set DISCORD_TOKEN to it."
_NETWORK = "Check this machine's network and its name server (DNS), and https://discordstatus.com."


class Dated:
    """The Date header of the latest answer, and this machine's time before and after the request."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.date, self.before, self.after = "", 0.0, 0.0
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_start.append(self._asked)
        self.trace.on_request_end.append(self._answered)
        self._now = now

    async def _asked(
        self, _session: aiohttp.ClientSession, _context: object, _: aiohttp.TraceRequestStartParams
    ) -> None:
        self.before = self._now()

    async def _answered(
        self, _session: aiohttp.ClientSession, _context: object, end: aiohttp.TraceRequestEndParams
    ) -> None:
        self.date, self.after = end.response.headers.get("Date", ""), self._now()


class DiscordProbe:
    """Checks in order: first the token, then everything that needs the connection."""

    def __init__(self, client: discord.Client, dated: Dated, token: str, guild_id: int, prefix: str = "") -> None:
        self._prefix, self._client, self._dated, self._token, self._guild_id = prefix, client, dated, token, guild_id
        self._connection: asyncio.Task[None] | None = None
        self._waited = False

    def checks(
        self,
        projects: Sequence[Project],
        grants: Sequence[Grant],
        remembered: RememberedRoles,
        audit_channel: int | None = None,
    ) -> list[Check]:
        """Checks of token, intents and server, of the grants' roles, and of permissions in the projects' channels, and
        in that of the audit, if there is one."""
        gateway = "Check https://discordstatus.com. The bot needs no privileged intent in the developer portal."
        return [
            Check("Discord token", self._login, _NETWORK),
            Check("clock against Discord", self._clock, ""),
            Check("gateway and intents", self._connect, gateway),
            Check("server", self._server, "Check discord.guild_id, and invite the bot to that server."),
            Check("commands", self._commands, "Open the invitation; it asks for the scope that commands need."),
            Check(SUBJECT, lambda: self._roles(grants, remembered), "Check discord.guild_id."),
            *(self._channel(project, channel) for project in projects for channel in project.channel_ids),
            *([self._audit_channel(audit_channel)] if audit_channel is not None else []),
        ]

    async def close(self) -> None:
        """Close the client, which ends the connection: a call of discord.py is never cancelled (see `request_time`)."""
        await self._client.close()
        if self._connection is not None:
            with suppress(discord.DiscordException, *PASSING):
                await within(CLOSE_SECONDS, self._connected())

    async def _connected(self) -> None:
        if self._connection is not None:
            await self._connection

    async def _login(self) -> Finding:
        try:
            with calling("Logging in"):
                await within(LOGIN_SECONDS, self._client.login(self._token))
        except Denied:
            return Finding.bad("Discord token", "Discord refuses the token.", _RENEW)
        return Finding("Discord token", f"logged in as {self._client.user}")

    async def _clock(self) -> Finding:
        """Compare with the answers to the login. Discord accepts any clock, but dates messages by its own."""
        return clock_finding("clock against Discord", self._dated.date, self._dated.before, self._dated.after)

    async def _connect(self) -> Finding:
        if self._client.user is None:
            return Finding.bad("gateway and intents", "not tried, because the login failed", "Fix the token first.")
        self._connection = asyncio.create_task(self._client.connect(reconnect=False), name="doctor's gateway")
        ready = asyncio.create_task(self._client.wait_until_ready())
        await asyncio.wait((ready, self._connection), timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return Finding("gateway and intents", "connected with the guilds intent, the only one needed")
        ready.cancel()
        raise Unavailable(self._why_not_connected())

    def _why_not_connected(self) -> str:
        if self._connection is None or not self._connection.done():
            return f"The gateway was not ready within {CONNECT_SECONDS:.0f} s."
        error = self._connection.exception()
        if isinstance(error, discord.ConnectionClosed) and error.code == DISALLOWED_INTENTS:
            return "The gateway refuses the guilds intent."
        return "The gateway closed." if error is None else f"The gateway closed: {cause(error)}"

    async def _server(self) -> Finding:
        return Finding("server", f"{(await self._guild()).name}")

    async def _commands(self) -> Finding:
        """Ask what is registered: it takes the same access as registering, and changes nothing."""
        guild = await self._guild()
        with calling("Reading the commands"):
            found = await self._client.http.get_guild_commands(self._client.application_id or 0, guild.id)
        if not found:
            return Finding("commands", "none yet, and the bot may register them: it does so when it starts")
        first, names = f"{self._prefix}{COMMANDS[0]}", {each["name"] for each in found}
        if first not in names:
            return Finding.note(
                "commands",
                f"{len(found)} registered, without /{first}",
                "Restart the bot: it registers them at its start.",
            )
        return Finding("commands", f"{len(found)} registered, such as /{first}")

    async def _roles(self, grants: Sequence[Grant], remembered: RememberedRoles) -> Finding:
        server = [(role.id, role.name) for role in (await self._guild()).roles]
        return roles_finding(grants, server, remembered)

    async def _guild(self) -> discord.Guild:
        """Wait for the server once: READY lists it as unavailable, GUILD_CREATE follows "some time after".

        https://docs.discord.com/developers/events/gateway-events#ready
        """
        if self._connection is None:
            raise Unavailable("Not tried, because the login failed.")
        ends = time.monotonic() + (0 if self._waited else CONNECT_SECONDS)
        while (guild := self._client.get_guild(self._guild_id)) is not None:
            if not guild.unavailable:
                return guild
            if time.monotonic() >= ends:
                self._waited = True
                raise Unavailable(
                    f"Discord lists the server {self._guild_id} as unavailable. This is an outage of Discord, not a "
                    "mistake in the config: look at https://discordstatus.com and try again."
                )
            await asyncio.sleep(WAIT_SECONDS)
        address = invitation(self._client.application_id, self._guild_id)
        raise Missing(f"The bot is not in the server {self._guild_id}. Invite it: {address}")

    def _channel(self, project: Project, channel_id: int) -> Check:
        subject = f"channel {channel_id} of {project.name}"

        async def look() -> Finding:
            guild, channel = await self._found(channel_id)
            missing = lacking(channel.permissions_for(guild.me))
            named = f"#{channel.name} of {project.name}"
            if missing:
                return Finding.bad(
                    named, f"missing permissions: {', '.join(missing)}", "Give them to the bot's role in this channel."
                )
            return Finding(named, "has all the permissions it needs")

        return Check(subject, look, f"Check projects.{project.name}.channels, and the bot's role in that channel.")

    def _audit_channel(self, channel_id: int) -> Check:
        async def look() -> Finding:
            guild, channel = await self._found(channel_id)
            named = f"#{channel.name}, the audit channel"
            if missing := lacking(channel.permissions_for(guild.me), TO_POST):
                return Finding.bad(
                    named, f"missing permissions: {', '.join(missing)}", "Give them to the bot's role in this channel."
                )
            if channel.permissions_for(guild.default_role).view_channel:
                return Finding.note(
                    named,
                    "everybody in the server can read it, with what is refused and the jobs of all projects",
                    "Take View Channel from @everyone there, and give it to administrators and the bot.",
                )
            return Finding(named, "has all the permissions it needs, and not everybody can read it")

        advice = "Check discord.audit_channel, and the bot's role in that channel."
        return Check(f"audit channel {channel_id}", look, advice)

    async def _found(self, channel_id: int) -> tuple[discord.Guild, discord.abc.GuildChannel]:
        """Raises `Missing` for a channel that the bot cannot see."""
        guild = await self._guild()
        channel = guild.get_channel(channel_id)
        if channel is None:
            raise Missing(f"The server has no channel {channel_id}, or the bot cannot see it.")
        return guild, channel


@asynccontextmanager
async def discord_probe(
    api_url: str, gateway_url: str, token: str, guild_id: int, prefix: str = "", *, now: Callable[[], float] = time.time
) -> AsyncIterator[DiscordProbe]:
    """Open a probe, and close its connection afterwards."""
    point_at(api_url, gateway_url)
    dated = Dated(now)
    client = discord.Client(
        intents=_INTENTS, max_messages=None, guild_ready_timeout=GUILD_SECONDS, http_trace=dated.trace
    )
    limit_requests(client.http)
    probe = DiscordProbe(client, dated, token, guild_id, prefix)
    try:
        yield probe
    finally:
        await probe.close()
