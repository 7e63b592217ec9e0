"""`/status`: how one job is, or what is live."""

import discord
from discord import app_commands

from bot.chat.buttons import replies
from bot.chat.cards import choose
from bot.chat.cards.units import joined, plural
from bot.chat.commands.shared import autocomplete
from bot.chat.context import Interaction, acknowledge, answer, project_of

LIST = 3_800
MOST_UNTOLD = 5


@app_commands.command(description="How a job, a sweep or a trial is, or what is live")
@app_commands.describe(job="Which job, sweep or trial; everything that is live if not given")
@app_commands.autocomplete(job=autocomplete.jobs)
async def status(interaction: Interaction, job: str | None = None) -> None:
    await acknowledge(interaction)
    if job is not None:
        await replies.status(interaction, job)
        return
    show = interaction.client.services.find
    live, undelivered = await show.live(), await show.undelivered()
    if not live and not undelivered:
        await answer(interaction, "Nothing is live. `/train` starts a job, `/jobs` lists the latest.")
        return
    lines = [choose.summary(found, project_of(interaction.client, found)) for found in live]
    lines += [choose.undelivered(found, project_of(interaction.client, found)) for found in undelivered[:MOST_UNTOLD]]
    embed = discord.Embed(title=f"{plural(len(live), 'live job')}", description=joined(lines, "\n", LIST))
    await answer(interaction, embed=embed)
