"""`/logs`: the end of a job's log."""

from discord import app_commands

from bot.chat.acknowledgement import acknowledged
from bot.chat.buttons import job_answers
from bot.chat.commands.shared import autocomplete
from bot.chat.interactions import Interaction
from bot.domain.jobs.unfold_words import unfold_job
from bot.domain.parameters import Kind, Parameter
from bot.services.people.rates import Share

LINES = 30
MOST_LINES = 2_000
_LINES = Parameter("lines", Kind.INT, minimum=1, maximum=MOST_LINES)


@app_commands.command(description="Show the last lines of a job's or trial's log")
@app_commands.describe(job="Job or trial, such as k7q2mx or k7q2mx.4", lines=f"Number of lines (default: {LINES})")
@app_commands.autocomplete(job=autocomplete.jobs)
@acknowledged(Share.FILES)
async def logs(interaction: Interaction, job: str, lines: app_commands.Range[int, 1, MOST_LINES] = LINES) -> None:
    (name,), more = unfold_job(job, ("lines",))
    if "lines" in more:
        lines = int(str(_LINES.parse(more["lines"])))
    await job_answers.logs(interaction, name, lines)
