"""One module per slash command.

A command with fixed options is decorated with `app_commands.command`, as in `status.py`. A command whose options come
from the config is built by `typed_command`, as in `train.py`. Both kinds are decorated with `acknowledged`, and call
`buttons/job_actions.py` or `buttons/job_answers.py` if a button does the same.
"""

import copy
from collections.abc import Sequence
from typing import Any

from discord import Permissions, app_commands

from bot.chat import gate
from bot.chat.commands import audit, cost, retry, sweep, train
from bot.chat.commands import help as help_
from bot.chat.commands.artifacts import artifacts
from bot.chat.commands.jobs import jobs
from bot.chat.commands.logs import logs
from bot.chat.commands.pause import pause, resume
from bot.chat.commands.plot import plot
from bot.chat.commands.spot import spot, watches
from bot.chat.commands.status import status
from bot.chat.commands.stop import stop
from bot.domain.access import Verb
from bot.domain.project import Project

ADMINISTRATORS = Permissions.none()
"""Hides a command: "Setting it to "0" will prohibit anyone in a guild from using the command unless a specific
overwrite is configured or the user has admin permissions."
https://docs.discord.com/developers/interactions/application-commands#application-command-permissions-object-using-default-permissions
"""


def all_commands(projects: Sequence[Project], prefix: str = "") -> list[app_commands.Command[Any, ..., None]]:
    """The commands to register, `prefix` before each name. Raises `ConfigError` if the projects' parameters clash."""
    fixed: list[app_commands.Command[Any, ..., None]] = [status, jobs, logs, plot, artifacts, spot, watches, stop]
    commands = [
        train.command(projects, prefix),
        sweep.command(projects, prefix),
        *(_renamed(command, prefix) for command in fixed),
        retry.command(projects, prefix),
        cost.command(prefix),
        audit.command(prefix),
        _renamed(pause, prefix),
        _renamed(resume, prefix),
    ]
    commands.append(help_.command(commands.copy(), projects, prefix))
    for command in commands:
        if Verb.ADMINISTER in gate.COMMANDS[command.name.removeprefix(prefix)]:
            command.default_permissions = ADMINISTRATORS
    return commands


def _renamed(fixed: app_commands.Command[Any, ..., None], prefix: str) -> app_commands.Command[Any, ..., None]:
    renamed = copy.copy(fixed)
    renamed.name = f"{prefix}{fixed.name}"
    return renamed
