"""`/retry`: a job once more, with the same commit and parameters but for what is given anew."""

from collections.abc import Sequence
from typing import Any

from discord import app_commands

from bot.chat.buttons.replies import retried
from bot.chat.commands.shared.options import BRANCH, COMMIT, job_option, parameter_options, typed_command
from bot.chat.context import Interaction, acknowledge
from bot.domain.project import Project


def command(projects: Sequence[Project]) -> app_commands.Command[Any, ..., None]:
    options = [
        job_option("Which job, sweep or trial to run again"),
        BRANCH,
        COMMIT,
        *parameter_options(projects, renewed=True),
    ]
    return typed_command(
        "retry",
        "Run a job or a trial again, or what failed of a sweep: the same commit, the same parameters",
        options,
        _retry,
    )


async def _retry(interaction: Interaction, given: dict[str, object]) -> None:
    await acknowledge(interaction)
    await retried(interaction, str(given.pop("job")), given)
