"""The Discord stand-in for tests: without a server, and over raw HTTP."""

import aiohttp

from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.server import DiscordStandIn
from deploy.sandbox.discord.standin import Discord, make_discord
from deploy.sandbox.discord.state.entities import Channel, User
from deploy.sandbox.discord.state.message import Message
from deploy.sandbox.discord.state.permissions import Overwrite, Permission
from deploy.sandbox.discord.state.world_spec import BOT, ChannelSpec, World
from tests.support.clock import Clock

NOW = 1_800_000_000.0
WORLD = World(
    bot_permissions=BOT | Permission.MANAGE_THREADS,  # so that the bot can play the moderator of threads
    channels=(
        ChannelSpec("training"),
        ChannelSpec("lab"),
        ChannelSpec("hidden", overwrites={"everyone": Overwrite(deny=Permission.VIEW_CHANNEL)}),
        ChannelSpec("quiet", overwrites={"bot": Overwrite(deny=Permission.SEND_MESSAGES)}),
        ChannelSpec("plain", overwrites={"bot": Overwrite(deny=Permission.EMBED_LINKS | Permission.ATTACH_FILES)}),
    ),
)


class Room:
    """The stand-in without its server, with shortcuts for tests."""

    def __init__(self) -> None:
        self.clock = Clock(NOW)
        self.discord: Discord = make_discord(WORLD, Limits(), self.clock)
        self.core = self.discord.core
        self.bot = self.core.guild.bot

    def channel(self, name: str = "training") -> Channel:
        return next(channel for channel in self.core.guild.channels.values() if channel.name == name)

    def person(self, name: str) -> User:
        return next(person for person in self.core.guild.people if person.name == name)

    def post(
        self, content: str = "hello", *, channel: Channel | None = None, by: User | None = None, **body: object
    ) -> Message:
        return self.discord.messages.create(by or self.bot, channel or self.channel(), {"content": content, **body})

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.core.ledger.entries]


class Rest:
    """Raw HTTP requests with the bot's token."""

    def __init__(self, stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> None:
        self.stand_in, self.http = stand_in, http
        self.core = stand_in.discord.core
        self.training = stand_in.channels["training"]

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        form: aiohttp.FormData | None = None,
    ) -> tuple[int, Json, "aiohttp.typedefs.LooseHeaders"]:
        """Return (status, JSON body, headers)."""
        headers = {"Authorization": f"Bot {token or self.stand_in.token}"}
        sent = {"data": form} if form else {"json": body} if body is not None else {}
        async with self.http.request(method, self.stand_in.api + path, headers=headers, **sent) as response:
            is_json = response.content_type == "application/json"
            return response.status, await response.json() if is_json else {}, response.headers
