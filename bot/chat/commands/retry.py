"""`/retry`: run a job again with the same commit and parameters, except for those given anew."""

from collections.abc import Sequence
from typing import Any

from discord import app_commands

from bot.chat.acknowledgement import acknowledged
from bot.chat.buttons import job_actions
from bot.chat.commands.shared.options import BRANCH, COMMIT, job_option, machine_options, typed_command
from bot.chat.commands.shared.parameter_options import parameter_options
from bot.chat.interactions import Interaction
from bot.domain.jobs.unfold_words import unfold_job
from bot.domain.project import Project
from bot.errors import BadInput
from bot.services.people.rates import Share


def command(projects: Sequence[Project], prefix: str = "") -> app_commands.Command[Any, ..., None]:
    beside = [job_option("Job, sweep or trial to run again"), BRANCH, COMMIT, *machine_options(projects)]
    options = [*beside, *parameter_options(projects, beside, retry=True)]
    return typed_command(
        f"{prefix}retry",
        "Run a job, a trial, or a sweep's failed trials again, with the same commit and parameters",
        options,
        _retry,
    )


@acknowledged(Share.STARTS)
async def _retry(interaction: Interaction, options: dict[str, object]) -> None:
    (job,), more = unfold_job(str(options.pop("job")))
    if twice := options.keys() & more.keys():
        raise BadInput(f"`{min(twice)}` is set a second time. Set it once.")
    await job_actions.retry(interaction, job, {**options, **more})
