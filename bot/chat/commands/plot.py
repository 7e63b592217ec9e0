"""`/plot`: the curves of one job or trial, or of several together, visible to everyone."""

from discord import app_commands

from bot.chat.acknowledgement import acknowledged
from bot.chat.buttons import job_answers
from bot.chat.commands.shared import autocomplete
from bot.chat.interactions import Interaction
from bot.domain.jobs.unfold_words import unfold_job
from bot.domain.text import keyboard_ascii
from bot.services.people.rates import Share


@app_commands.command(description="Plot the metrics of a job or trial, of several together, or of a sweep's best")
@app_commands.describe(
    job="Job, sweep or trial",
    more="More of them for the same plot, separated by spaces",
    metrics="One or two metrics to plot, separated by commas; by default the project's own comes first",
)
@app_commands.autocomplete(job=autocomplete.jobs, more=autocomplete.more_jobs, metrics=autocomplete.metrics)
@acknowledged(Share.PLOTS, public=True)
async def plot(interaction: Interaction, job: str, more: str = "", metrics: str = "") -> None:
    names, typed = unfold_job(keyboard_ascii(job), ("more", "metrics"), several=True)
    names = keyboard_ascii(" ".join([*names, typed.get("more", ""), more])).replace(",", " ").split()
    columns = keyboard_ascii(f"{typed.get('metrics', '')},{metrics}").split(",")
    await job_answers.plot(interaction, names, [name for each in columns if (name := each.strip().strip('"'))])
