"""`/stop`: end a job, a sweep or a trial. Typed, it is confirmed already; the button asks."""

from discord import app_commands

from bot.chat.buttons import replies
from bot.chat.commands.shared import autocomplete
from bot.chat.context import Interaction, acknowledge


@app_commands.command(description="Stop a job, a sweep or a trial; what it has done so far is kept")
@app_commands.describe(job="Which job, sweep or trial")
@app_commands.autocomplete(job=autocomplete.jobs)
async def stop(interaction: Interaction, job: str) -> None:
    await acknowledge(interaction)
    await replies.stopped(interaction, job)
