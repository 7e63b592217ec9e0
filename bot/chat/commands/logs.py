"""`/logs`: the end of a job's log."""

from discord import app_commands

from bot.chat.buttons import replies
from bot.chat.commands.shared import autocomplete
from bot.chat.context import Interaction, acknowledge

LINES = 30
MOST_LINES = 2_000


@app_commands.command(description="The last lines of a job's log, or of a trial's")
@app_commands.describe(
    job="Whose log: a job's, or a trial's such as k7q2mx.4", lines=f"How many lines; {LINES} if not given"
)
@app_commands.autocomplete(job=autocomplete.jobs)
async def logs(interaction: Interaction, job: str, lines: app_commands.Range[int, 1, MOST_LINES] = LINES) -> None:
    await acknowledge(interaction)
    await replies.logs(interaction, job, lines)
