"""One file for each slash command."""

from collections.abc import Sequence
from typing import Any

from discord import app_commands

from bot.chat.commands import help as help_
from bot.chat.commands import retry, sweep, train
from bot.chat.commands.artifacts import artifacts
from bot.chat.commands.jobs import jobs
from bot.chat.commands.logs import logs
from bot.chat.commands.plot import plot
from bot.chat.commands.status import status
from bot.chat.commands.stop import stop
from bot.domain.project import Project


def all_commands(projects: Sequence[Project]) -> list[app_commands.Command[Any, ..., None]]:
    """Those that the bot registers. Raises `ConfigError` where the projects' parameters clash."""
    commands = [
        train.command(projects),
        sweep.command(projects),
        status,
        jobs,
        logs,
        plot,
        artifacts,
        stop,
        retry.command(projects),
    ]
    return [*commands, help_.command(commands)]
