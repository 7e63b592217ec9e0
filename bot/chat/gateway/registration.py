"""Register the commands in the bot's server, whenever the bot is in it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.chat.delivery.limiter import Limiter
from bot.chat.discord_errors import NOT_IN_SERVER, calling
from bot.chat.permissions import NEEDED
from bot.domain.texts.command_names import name_commands
from bot.errors import Denied, Unavailable

log = structlog.get_logger()

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 60.0
SCOPES = ("bot", "applications.commands")


def invitation(application_id: int | None, guild_id: int) -> str:
    """The address that invites the bot to its server with the permissions that it needs, and no others.

    https://docs.discord.com/developers/topics/oauth2#bot-authorization-flow
    """
    return discord.utils.oauth_url(
        application_id or 0,
        permissions=discord.Permissions(**dict.fromkeys(NEEDED, True)),
        guild=discord.Object(guild_id),
        disable_guild_select=True,
        scopes=SCOPES,
    )


class Registration:
    """Knows whether the commands are registered. One call replaces all commands.

    Discord drops a server's commands when the bot is removed from it (discord.js issue 10321), and refuses to register
    any in a server that the bot is not in: 403, 50001 (discord.py issue 7841).
    """

    def __init__(
        self,
        tree: app_commands.CommandTree[Any],
        guild_id: int,
        limiter: Limiter,
        sleep: Callable[[float], Awaitable[object]],
        prefix: str = "",
    ) -> None:
        self._tree, self._guild_id = tree, guild_id
        self._limiter, self._sleep = limiter, sleep
        self._registered, self._in_turn = False, asyncio.Lock()
        self._prefix = prefix
        name_commands(prefix)

    async def register(self) -> None:
        """Register once. Raises our errors."""
        async with self._limiter.turn("commands"):
            with calling("Registering the commands"):
                synced = await self._tree.sync(guild=discord.Object(self._guild_id))
        name_commands(self._prefix, {command.name: command.id for command in synced})
        self._registered = True

    async def at_start(self) -> None:
        """Register, unless the bot is not in its server yet. Raises our other errors."""
        try:
            await self.register()
        except Denied as error:
            if error.code != str(NOT_IN_SERVER):
                raise

    def forget(self) -> None:
        """Assume that the commands are gone, and their ids with them."""
        self._registered = False
        name_commands(self._prefix)

    async def ensure(self, still_in: Callable[[], bool]) -> bool:
        """Register until it works or the bot has left its server; return whether the commands are registered.

        Retries also when it is denied: an admin may yet invite the bot again with the scope for commands, and no event
        tells. Raises `Refused` for commands that Discord will never take.
        """
        pause = FIRST_RETRY_SECONDS
        async with self._in_turn:
            while not self._registered and still_in():
                try:
                    await self.register()
                except (Unavailable, Denied) as error:
                    address = invitation(self._tree.client.application_id, self._guild_id)
                    advice = {"invitation": address} if isinstance(error, Denied) else {}
                    log.warning("registering commands failed", error=str(error), retry_in_seconds=pause, **advice)
                    await self._sleep(pause)
                    pause = min(pause * 2, LONGEST_RETRY_SECONDS)
            return self._registered
