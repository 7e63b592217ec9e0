"""`/stop`: stop a job, a sweep or a trial, without a question; the Stop button asks first."""

from discord import app_commands

from bot.chat.acknowledgement import acknowledged
from bot.chat.buttons import job_actions
from bot.chat.commands.shared import autocomplete
from bot.chat.interactions import Interaction
from bot.services.people.rates import Share


@app_commands.command(description="Stop a job, sweep or trial; its results so far are kept")
@app_commands.describe(job="Job, sweep or trial")
@app_commands.autocomplete(job=autocomplete.jobs)
@acknowledged(Share.STOPS)
async def stop(interaction: Interaction, job: str) -> None:
    await job_actions.stop(interaction, job)
