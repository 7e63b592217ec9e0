"""Start the whole sandbox: both stand-ins, the repository and the bot. Nothing of it is left at the end."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from deploy.sandbox import botconfig, repository
from deploy.sandbox.aws import resources
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.containers.reaper import Reaper
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.botprocess import BotProcess
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.server import DiscordStandIn
from deploy.sandbox.discord.state.world_spec import World
from deploy.sandbox.local_access import write_for_owner

ENTRYPOINT = (sys.executable, "-m", "trainer.entrypoint", "--")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox. `ready` is the ready file's content; the bot is not started yet."""

    ready: dict[str, Any]
    discord: DiscordStandIn
    bot: BotProcess
    folder: Path


@asynccontextmanager
async def sandbox(
    *,
    limits: Limits | None = None,
    world: World | None = None,
    aws: Settings | None = None,
    plan: resources.ResourcePlan | None = None,
    make: Callable[[str], resources.Resources] | None = None,
) -> AsyncIterator[Sandbox]:
    """Start everything on loopback with free ports, in a temporary folder. At the end the bot is stopped first.

    `make` creates the AWS resources at an endpoint, instead of those in `plan`.
    """
    settings = aws or Settings(images={resources.TRAINER_IMAGE: ENTRYPOINT}, stop_timeout_seconds=5)
    with tempfile.TemporaryDirectory(prefix="signalbox-sandbox-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with aws_stand_in(settings) as endpoint, DiscordStandIn(world, limits=limits) as discord:
            made, repo = await asyncio.gather(
                asyncio.to_thread(make or partial(resources.create, plan=plan), endpoint),
                asyncio.to_thread(repository.create, folder / "repository.git"),
            )
            ready = {
                "pid": os.getpid(),
                "discord": discord.ready(),
                "aws": made.document(),
                "repository": {"url": repo.url, "branches": dict(repo.branches)},
            }
            config = folder / "config.toml"
            botconfig.write(config, ready, folder / "bot")
            reaper = Reaper(folder)
            bot = BotProcess(config, folder / "bot.log", botconfig.environment(ready), reaper)
            try:
                yield Sandbox(ready, discord, bot, folder)
            finally:
                await bot.stop()
                await asyncio.to_thread(reaper.close)


def write_ready(path: Path, ready: dict[str, Any]) -> None:
    """Write the ready file atomically: a program that waits for it never reads half of it."""
    write_for_owner(path, json.dumps(ready, indent=2) + "\n")
