"""One module per slash command.

A command with fixed options is decorated with `app_commands.command`, as in `status.py`. A command whose options come
from the config is built by `typed_command`, as in `train.py`. Both kinds are decorated with `acknowledged`, and call
`buttons/job_actions.py` or `buttons/job_answers.py` if a button does the same.
"""

import copy
from collections.abc import Sequence
from typing import Any

from discord import app_commands

from bot.chat.commands import audit, retry, sweep, train
from bot.chat.commands import help as help_
from bot.chat.commands.artifacts import artifacts
from bot.chat.commands.jobs import jobs
from bot.chat.commands.logs import logs
from bot.chat.commands.plot import plot
from bot.chat.commands.status import status
from bot.chat.commands.stop import stop
from bot.domain.project import Project


def all_commands(projects: Sequence[Project], prefix: str = "") -> list[app_commands.Command[Any, ..., None]]:
    """The commands to register, `prefix` before each name. Raises `ConfigError` if the projects' parameters clash."""
    fixed: tuple[app_commands.Command[Any, ..., None], ...] = (status, jobs, logs, plot, artifacts, stop)
    commands = [
        train.command(projects, prefix),
        sweep.command(projects, prefix),
        *(_renamed(command, prefix) for command in fixed),
        retry.command(projects, prefix),
        audit.command(prefix),
    ]
    return [*commands, help_.command(commands, projects, prefix)]


def _renamed(fixed: app_commands.Command[Any, ..., None], prefix: str) -> app_commands.Command[Any, ..., None]:
    renamed = copy.copy(fixed)
    renamed.name = f"{prefix}{fixed.name}"
    return renamed
