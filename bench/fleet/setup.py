"""The bot between the Discord stand-in and the fleet, at the pace of production, and everything that people saw."""

import asyncio
import tempfile
import time
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from bench.fleet.grid import Grid
from bench.fleet.server import Fleet, Settings
from deploy.sandbox import botconfig, repository
from deploy.sandbox.aws.containers.reaper import Reaper
from deploy.sandbox.botprocess import BotProcess
from deploy.sandbox.demo.view import Json, View, watching
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.server import DiscordStandIn

PERSON = "mika"
ALL_AT_ONCE: Mapping[str, bool | int] = {"pilot": False, "hold_after": 0}
"""Which trials fail is drawn, so the first few may do so alike; and all are to start at once."""


@dataclass(frozen=True, slots=True)
class FleetStage:
    """The bot is set up but not started. `updates` are all new and changed messages, with the time of each."""

    fleet: Fleet
    discord: DiscordStandIn
    bot: BotProcess
    view: View
    updates: list[tuple[float, Json]]

    @property
    def mika(self) -> Person:
        """The person whom `view` belongs to."""
        return self.view.person

    def times(self, kind: str) -> list[float]:
        """Return when the bot did this in Discord, by the ledger. Messages that only one person sees don't count."""
        entries = self.discord.discord.core.ledger.of(kind)
        return [entry.at for entry in entries if entry.by == "bot" and not entry.details.get("ephemeral")]


@asynccontextmanager
async def fleet_stage(
    grid: Grid,
    settings: Settings,
    pace: Mapping[str, float],
    project: Mapping[str, bool | int] = ALL_AT_ONCE,
) -> AsyncIterator[FleetStage]:
    """Start everything but the bot, with Discord's limits in force. `pace` overrides the config's default intervals,
    and `project` settings of the project."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleet-", ignore_cleanup_errors=True)))
        fleet = await stack.enter_async_context(Fleet(grid, settings))
        discord = await stack.enter_async_context(DiscordStandIn())
        repo = await asyncio.to_thread(repository.create, folder / "repository.git")
        ready = {"discord": discord.ready(), "aws": fleet.ready(), "repository": {"url": repo.url}}
        _configure(folder / "config.toml", ready, pace, project)
        reaper = Reaper(folder)
        stack.push_async_callback(asyncio.to_thread, reaper.close)
        bot = BotProcess(folder / "config.toml", folder / "bot.log", botconfig.environment(ready), reaper)
        stack.push_async_callback(bot.stop)
        updates: list[tuple[float, Json]] = []
        watch = watching(discord.url, PERSON, lambda event: updates.append((time.time(), event["d"])))
        yield FleetStage(fleet, discord, bot, await stack.enter_async_context(watch), updates)


def _configure(
    path: Path, ready: Mapping[str, Any], pace: Mapping[str, float], project: Mapping[str, bool | int]
) -> None:
    """Write the sandbox's config without its quick pace: how often AWS and Discord are asked is what is measured."""
    botconfig.write(path, ready, path.with_name("bot"))
    content = tomllib.loads(path.read_text())
    content["pace"] = dict(pace)
    del content["aws"]["logs_calls_per_second"]
    content["projects"]["mnist"] |= project
    path.write_text(tomli_w.dumps(content))
