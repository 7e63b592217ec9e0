"""`/status`: how one job is, or what is live."""

import discord
from discord import app_commands

from bot.chat import cards, complete, replies
from bot.chat.context import Interaction, acknowledge, answer, project_of
from bot.chat.words import joined, plural

LIST = 3_800
MOST_UNTOLD = 5


@app_commands.command(description="How a job, a sweep or a trial is, or what is live")
@app_commands.describe(job="Which job, sweep or trial; everything that is live if not given")
@app_commands.autocomplete(job=complete.jobs)
async def status(interaction: Interaction, job: str | None = None) -> None:
    await acknowledge(interaction)
    if job is not None:
        await replies.status(interaction, job)
        return
    show = interaction.client.services.show
    live, untold = await show.live(), await show.untold()
    if not live and not untold:
        await answer(interaction, "Nothing is live. `/train` starts a job, `/jobs` lists the latest.")
        return
    lines = [cards.summary(found, project_of(interaction.client, found)) for found in live]
    lines += [cards.untold(found, project_of(interaction.client, found)) for found in untold[:MOST_UNTOLD]]
    embed = discord.Embed(title=f"{plural(len(live), 'live job')}", description=joined(lines, "\n", LIST))
    await answer(interaction, embed=embed)
