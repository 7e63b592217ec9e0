"""`/status`: one job's card, or everything live."""

import discord
from discord import app_commands

from bot.chat.acknowledgement import acknowledged, answer
from bot.chat.buttons import job_actions, job_answers
from bot.chat.cards import choose, sweep_preview
from bot.chat.cards.units import plural
from bot.chat.commands.shared import autocomplete
from bot.chat.interactions import Interaction, person
from bot.chat.links import project_of
from bot.domain.inert import joined
from bot.domain.texts.cap_refusals import paused_text
from bot.domain.texts.command_names import command
from bot.services.people.rates import Share

LIST_CHARACTERS = 3_800
MOST_UNDELIVERED = 5
MOST_UNCONFIRMED = 5


@app_commands.command(description="Show how a job, sweep or trial is doing, or everything live")
@app_commands.describe(job="Job, sweep or trial (default: everything live)")
@app_commands.autocomplete(job=autocomplete.jobs_and_previews)
@acknowledged(Share.OTHERS)
async def status(interaction: Interaction, job: str | None = None) -> None:
    if job is not None:
        if not await job_actions.propose_again(interaction, job):
            await job_answers.status(interaction, job)
        return
    show, propose = interaction.client.services.find, interaction.client.services.propose
    asker = person(interaction)
    live, undelivered = await show.live(asker), await show.undelivered(asker)
    unconfirmed = await propose.unconfirmed(asker)
    pause = await interaction.client.services.pause.current()
    paused = [paused_text(pause)] if pause is not None else []
    if not live and not undelivered and not unconfirmed:
        none = f"No job is live. {command('train')} starts one, {command('jobs')} lists the latest."
        await answer(interaction, "\n".join([*paused, none]))
        return
    lines = [*paused]
    lines += [choose.with_lost_places(found, project_of(interaction.client, found)) for found in live]
    lines += [
        choose.undelivered(found, project_of(interaction.client, found)) for found in undelivered[:MOST_UNDELIVERED]
    ]
    lines += [sweep_preview.waiting(draft) for draft in unconfirmed[:MOST_UNCONFIRMED]]
    embed = discord.Embed(title=f"{plural(len(live), 'live job')}", description=joined(lines, "\n", LIST_CHARACTERS))
    await answer(interaction, embed=embed)
