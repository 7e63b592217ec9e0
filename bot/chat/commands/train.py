"""`/train`: one job from what was typed."""

from collections.abc import Sequence
from typing import Any

from discord import app_commands

from bot.chat.buttons.replies import trained
from bot.chat.commands.shared.options import BRANCH, COMMIT, parameter_options, project_options, typed_command
from bot.chat.context import Interaction, acknowledge
from bot.domain.project import Project


def command(projects: Sequence[Project]) -> app_commands.Command[Any, ..., None]:
    options = [BRANCH, COMMIT, *project_options(projects), *parameter_options(projects)]
    return typed_command("train", "Start a training job", options, _train)


async def _train(interaction: Interaction, given: dict[str, object]) -> None:
    await acknowledge(interaction)
    await trained(interaction, given)
