"""`/plot`: the curves of one job, or of several on one axis, for all to see."""

from discord import app_commands

from bot.chat import complete, replies
from bot.chat.context import Interaction, acknowledge


@app_commands.command(description="Plot a job's metrics, or several jobs' on one axis")
@app_commands.describe(job="Which job", more="Further jobs on the same axis: their ids, with spaces between")
@app_commands.autocomplete(job=complete.jobs, more=complete.more_jobs)
async def plot(interaction: Interaction, job: str, more: str = "") -> None:
    await acknowledge(interaction, public=True)
    await replies.plot(interaction, list(dict.fromkeys([job, *more.replace(",", " ").split()])))
