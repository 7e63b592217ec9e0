"""`/train`: start one job."""

from collections.abc import Sequence
from typing import Any

from discord import app_commands

from bot.chat.acknowledgement import acknowledged
from bot.chat.buttons import job_actions
from bot.chat.commands.shared.options import BRANCH, COMMIT, machine_options, project_options, typed_command
from bot.chat.commands.shared.parameter_options import parameter_options
from bot.chat.commands.shared.price_options import price_options
from bot.chat.interactions import Interaction
from bot.domain.project import Project
from bot.services.people.rates import Share


def command(projects: Sequence[Project], prefix: str = "") -> app_commands.Command[Any, ..., None]:
    beside = [BRANCH, COMMIT, *machine_options(projects), *project_options(projects)]
    options = [*beside, *parameter_options(projects, beside)]
    options += price_options(projects, options)
    return typed_command(f"{prefix}train", "Start a training job", options, _train)


@acknowledged(Share.STARTS)
async def _train(interaction: Interaction, options: dict[str, object]) -> None:
    await job_actions.train(interaction, options)
