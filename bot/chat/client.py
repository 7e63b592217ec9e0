"""The connection to Discord: log in, keep the gateway, register commands and buttons.

https://docs.discord.com/developers/events/gateway
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import aiohttp
import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket

from bot.chat import gate
from bot.chat.arrivals import Arrivals
from bot.chat.buttons import forms
from bot.chat.buttons.clicks import CLICKS
from bot.chat.buttons.views import JobButton
from bot.chat.commands import all_commands
from bot.chat.commands.shared.current_options import are_current
from bot.chat.delivery.limiter import Limiter
from bot.chat.delivery.poster import Poster
from bot.chat.delivery.request_time import limit_requests
from bot.chat.discord_errors import PASSING, translated
from bot.chat.gateway import first_connection
from bot.chat.gateway.registration import FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, Registration, invitation
from bot.chat.interactions import BoxClient, Interaction
from bot.chat.rivals import Rivals, request_trace
from bot.domain.project import Project
from bot.errors import SignalboxError, Unavailable
from bot.services import Services

log = structlog.get_logger()

GUILD_SECONDS = 0.3
"""How long discord.py waits for further servers before it says that it is ready. Nothing here goes by that: the server
may come later, in an outage by minutes, and `on_guild_available` follows it whenever it comes."""


class Settings(Protocol):
    """Client settings from `[discord]`."""

    @property
    def guild_id(self) -> int: ...

    @property
    def api_url(self) -> str: ...

    @property
    def gateway_url(self) -> str: ...

    @property
    def command_prefix(self) -> str: ...

    @property
    def requests_per_second(self) -> float: ...


def point_at(api_url: str, gateway_url: str) -> None:
    """Set Discord's addresses for the whole process. discord.py has no option for this, only these two attributes."""
    discord.http.Route.BASE = api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


class SignalboxClient(BoxClient):
    """Use it with `async with`, `attach` the services, then `start` it. `poster` is the `Chat` port."""

    def __init__(
        self,
        settings: Settings,
        projects: Sequence[Project],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Raises `ConfigError` if the projects' parameters don't fit one command."""
        point_at(settings.api_url, settings.gateway_url)
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice here
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=GUILD_SECONDS,
            http_trace=request_trace(),
            # No max_ratelimit_timeout: it passes one call of a bucket with a long window, and refuses the next.
        )
        limit_requests(self.http)
        self.guild_id, self.command_prefix = settings.guild_id, settings.command_prefix
        self.projects = {project.name: project for project in projects}
        self.arrivals = Arrivals()
        self.rivals = Rivals(clock)
        self.clicks = CLICKS
        self._sleep = sleep
        self._limiter = Limiter(settings.requests_per_second, clock=clock, sleep=sleep)
        self.poster = Poster(self, self._limiter)
        self._guild_here = asyncio.Event()
        self._failure: SignalboxError | None = None
        self._tree = Tree(self)
        self._registration = Registration(self._tree, self.guild_id, self._limiter, sleep, settings.command_prefix)
        for command in all_commands(projects, settings.command_prefix):
            self._tree.add_command(command, guild=discord.Object(self.guild_id))

    def attach(self, services: Services) -> None:
        """Set the services that the commands call. Call it before `start`."""
        self.services = services

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """Run until closed, reconnecting whenever the connection is lost.

        Raises `Denied` for a refused token, and `Refused` for refused commands.
        """
        await self._login(token)
        try:
            await first_connection.connect(self, self._sleep, reconnect=reconnect)
        except discord.ConnectionClosed as error:
            raise translated("The gateway", error) from error
        if self._failure is not None:
            raise self._failure

    async def ready(self) -> None:
        """Wait until the server is available and has the commands, also after the bot was removed from it."""
        await self._guild_here.wait()

    def dispatch(self, event: str, /, *args: object, **kwargs: object) -> None:
        """Drop events while closing: discord.py would report the lost gateway on a loop it no longer has."""
        if not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    async def setup_hook(self) -> None:
        """Register everything. discord.py calls this between login and connection."""
        self.add_dynamic_items(JobButton)
        await self._registration.at_start()

    async def on_connect(self) -> None:
        """A new session, which does not say what happened since the last one: the bot may have been removed."""
        if self._guild_here.is_set():
            self._registration.forget()

    async def on_ready(self) -> None:
        """Usually the bot is ready by now.

        discord.py loses the event of its server if that comes in the moment in which it stops waiting for servers, as
        on a busy machine: the server is then here all the same.
        https://github.com/Rapptz/discord.py/blob/v2.7.1/discord/state.py#L606
        """
        guild = self.get_guild(self.guild_id)
        if guild is None:
            self._removed("bot is not in its server; open the invitation, the bot waits for it")
        elif guild.unavailable:
            log.warning("server is not available yet, waiting for Discord", guild_id=self.guild_id)
        else:
            await self.on_guild_available(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """The server is here, for the first time or again. Register the commands if they may be missing."""
        if guild.id != self.guild_id:
            return
        try:
            registered = await self._registration.ensure(lambda: self.get_guild(self.guild_id) is not None)
        except SignalboxError as error:
            self._failure = error
            await self.close()
            return
        self.services.opened(None)
        self._tell_roles()
        if registered and not self._guild_here.is_set():
            log.info("connected", user=str(self.user), server=guild.name)
            self._guild_here.set()

    on_guild_join = on_guild_available

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        if guild.id == self.guild_id:
            log.warning("server is not available, Discord has an outage", guild_id=self.guild_id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        if guild.id == self.guild_id:
            self._removed("bot was removed from its server; open the invitation, the bot waits for it")

    async def on_raw_thread_update(self, change: discord.RawThreadUpdateEvent) -> None:
        """A moderator may have unlocked it. The event comes whether or not discord.py knows the thread."""
        if not change.data["thread_metadata"].get("locked"):
            self.services.opened(change.thread_id)

    async def on_guild_channel_update(self, _: discord.abc.GuildChannel, channel: discord.abc.GuildChannel) -> None:
        """Somebody may have given the bot a permission there."""
        self.services.opened(channel.id)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """The same, for a role of the bot's or everybody's. Or it has another name."""
        if before.permissions != after.permissions:
            self.services.opened(None)
        self._tell_roles()

    async def on_guild_role_create(self, _: discord.Role) -> None:
        self._tell_roles()

    async def on_guild_role_delete(self, _: discord.Role) -> None:
        self._tell_roles()

    async def on_interaction(self, interaction: Interaction) -> None:
        """Handle forms; discord.py dispatches commands and buttons itself."""
        if interaction.type is discord.InteractionType.modal_submit:
            await forms.submit(interaction)

    async def on_disconnect(self) -> None:
        log.warning("gateway lost, reconnecting")

    async def on_resumed(self) -> None:
        log.info("gateway resumed, no events missed")

    def _tell_roles(self) -> None:
        """Only those of the bot's own server."""
        guild = self.get_guild(self.guild_id)
        if guild is not None and not guild.unavailable:
            self.services.permits.roles_are((role.id, role.name) for role in guild.roles)

    def _removed(self, event: str) -> None:
        """Discord has dropped the commands with the bot."""
        self._registration.forget()
        self._guild_here.clear()
        log.error(event, guild_id=self.guild_id, invitation=invitation(self.application_id, self.guild_id))

    async def _login(self, token: str) -> None:
        """Log in, retrying until Discord answers."""
        pause = FIRST_RETRY_SECONDS
        while True:
            self.http.connector = aiohttp.TCPConnector(limit=0)
            try:
                await self.login(token)
            except (discord.DiscordException, Unavailable, *PASSING) as error:
                failure = error if isinstance(error, Unavailable) else translated("Logging in", error)
                if not isinstance(failure, Unavailable):
                    raise failure from error
            else:
                return
            await self.http.close()
            log.warning("login failed, retrying", error=str(failure), retry_in_seconds=pause)
            await self._sleep(pause)
            pause = min(pause * 2, LONGEST_RETRY_SECONDS)


class Tree(app_commands.CommandTree[BoxClient]):
    """The commands, with one gate before them and their autocomplete, and one handler for their errors."""

    def __init__(self, client: BoxClient) -> None:
        """For servers only. Commands registered in a server are that anyway; Discord reads both for global commands.

        https://docs.discord.com/developers/interactions/application-commands#application-command-object
        """
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
        )

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """discord.py runs nothing of the tree without it: https://discordpy.readthedocs.io/en/stable/interactions/api.html"""
        if not await gate.admits(interaction, gate.command_needs(interaction)):
            return False
        data: Mapping[str, Any] = interaction.data or {}
        command = self.get_command(str(data.get("name")), guild=discord.Object(self.client.guild_id))
        if isinstance(command, app_commands.Command) and are_current(command, data.get("options", [])):
            return True
        await gate.refuse(interaction, app_commands.CommandNotFound(str(data.get("name")), []))
        return False

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        await gate.refuse(interaction, error)
