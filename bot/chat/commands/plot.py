"""`/plot`: the curves of one job or trial, or of several on one axis, for all to see."""

from discord import app_commands

from bot.chat.buttons import replies
from bot.chat.commands.shared import autocomplete
from bot.chat.context import Interaction, acknowledge


@app_commands.command(description="Plot the metrics of a job or a trial, of several on one axis, or of a sweep's best")
@app_commands.describe(job="Which job, sweep or trial", more="More on the same axis: their names, with spaces between")
@app_commands.autocomplete(job=autocomplete.jobs, more=autocomplete.more_jobs)
async def plot(interaction: Interaction, job: str, more: str = "") -> None:
    await acknowledge(interaction, public=True)
    await replies.plot(interaction, [job, *more.replace(",", " ").split()])
