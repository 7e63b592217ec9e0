"""The connection to Discord: logs in, keeps the gateway, registers commands and buttons."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import aiohttp
import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket

from bot.chat import error_replies
from bot.chat.buttons import forms
from bot.chat.buttons.clicks import CLICKS
from bot.chat.buttons.views import JobButton
from bot.chat.commands import all_commands
from bot.chat.context import Arrivals, BoxClient, Interaction
from bot.chat.delivery.limiter import Limiter
from bot.chat.delivery.poster import Poster
from bot.chat.discord_errors import PASSING, calling, translated
from bot.domain.project import Project
from bot.errors import Unavailable
from bot.services import Services

log = structlog.get_logger()

FIRST_REST_SECONDS = 1.0
LONGEST_REST_SECONDS = 60.0
GUILD_SECONDS = 0.3
"""How long discord.py waits for a further server before it says that it is ready; we are in one."""


class Settings(Protocol):
    """What the client takes of `[discord]` in the config."""

    @property
    def guild_id(self) -> int: ...

    @property
    def api_url(self) -> str: ...

    @property
    def gateway_url(self) -> str: ...

    @property
    def requests_per_second(self) -> float: ...


def point_at(api_url: str, gateway_url: str) -> None:
    """Where discord.py looks for Discord. It has no option for this, only these two, for the whole process."""
    discord.http.Route.BASE = api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


class SignalboxClient(BoxClient):
    """`async with` it, `attach` the services, `start` it; `poster` is the `Chat` port."""

    def __init__(
        self,
        settings: Settings,
        projects: Sequence[Project],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Raises `ConfigError` where the projects' parameters do not fit one command."""
        point_at(settings.api_url, settings.gateway_url)
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=GUILD_SECONDS,
            # No max_ratelimit_timeout: it lets one call through a bucket with a long window, and refuses the next.
        )
        self.guild_id = settings.guild_id
        self.projects = {project.name: project for project in projects}
        self.arrivals = Arrivals()
        self.clicks = CLICKS
        self._sleep = sleep
        self._limiter = Limiter(settings.requests_per_second, clock=clock, sleep=sleep)
        self.poster = Poster(self, self._limiter)
        self._guild_here = asyncio.Event()
        self._tree = Tree(self)
        for command in all_commands(projects):
            self._tree.add_command(command, guild=discord.Object(self.guild_id))

    def attach(self, services: Services) -> None:
        """Before `start`: what the commands call."""
        self.services = services

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """Runs until closed, through every loss of the connection. Raises `Denied` for a refused token."""
        await self._login(token)
        try:
            await self.connect(reconnect=reconnect)
        except discord.ConnectionClosed as error:
            raise translated("The gateway", error) from error

    async def ready(self) -> None:
        """Returns once the server is there; at once from then on."""
        await self._guild_here.wait()

    def dispatch(self, event: str, /, *args: object, **kwargs: object) -> None:
        """Not while it closes: discord.py would still tell of the lost gateway, on a loop that it has let go of."""
        if not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    async def setup_hook(self) -> None:
        """Called by discord.py between login and connection. One call replaces all commands, changed or not."""
        self.add_dynamic_items(JobButton)
        async with self._limiter.turn("commands"):
            with calling("Registering the commands"):
                await self._tree.sync(guild=discord.Object(self.guild_id))

    async def on_ready(self) -> None:
        if self.get_guild(self.guild_id) is None:
            log.error("the bot is not in its server: invite it", guild_id=self.guild_id)
            return
        log.info("connected", user=str(self.user))
        self._guild_here.set()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        if guild.id == self.guild_id:
            self._guild_here.set()

    on_guild_join = on_guild_available

    async def on_interaction(self, interaction: Interaction) -> None:
        """Forms alone: commands and buttons find their own way."""
        if interaction.type is discord.InteractionType.modal_submit:
            await forms.submitted(interaction)

    async def on_disconnect(self) -> None:
        log.warning("the gateway is lost; discord.py connects again")

    async def on_resumed(self) -> None:
        log.info("the gateway is back, nothing was missed")

    async def _login(self, token: str) -> None:
        """Again and again while Discord does not answer."""
        rest = FIRST_REST_SECONDS
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
            log.warning("login failed in passing", error=str(failure), again_in_seconds=rest)
            await self._sleep(rest)
            rest = min(rest * 2, LONGEST_REST_SECONDS)


class Tree(app_commands.CommandTree[BoxClient]):
    """The commands; their errors go one way."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        await error_replies.tell(interaction, error)
