"""`/artifacts`: what a job has left so far."""

import io

import discord
from discord import app_commands

from bot.chat.cards.inert import escape
from bot.chat.cards.units import joined, plural, size
from bot.chat.commands.shared import autocomplete
from bot.chat.context import Interaction, acknowledge, answer
from bot.domain.model.names import Name, parse
from bot.ports.artifacts import Artifact
from bot.services.jobs.list_artifacts import Listing

LIST = 3_900
NAME = 100
# Brackets would end the text of a link.
_NO_BRACKETS = str.maketrans("[]", "()")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


@app_commands.command(
    description="What a job or a trial has left so far: files with links, and its newest picture or video"
)
@app_commands.describe(job="Which job or trial")
@app_commands.autocomplete(job=autocomplete.jobs)
async def artifacts(interaction: Interaction, job: str) -> None:
    await acknowledge(interaction)
    listing = await interaction.client.services.list_artifacts.artifacts(await _whose(interaction, job))
    if not listing.artifacts:
        await answer(interaction, f"{listing.job.id} has left nothing so far.")
        return
    picture = listing.picture
    files = [discord.File(io.BytesIO(picture.content), picture.name)] if picture is not None else []
    embed = _embed(listing)
    if files and files[0].filename.lower().endswith(_PICTURES):
        embed.set_image(url=f"attachment://{files[0].filename}")
    await answer(interaction, embed=embed, files=files)


async def _whose(interaction: Interaction, text: str) -> str:
    """A trial that an earlier sweep has run has left everything there."""
    name = parse(text)
    if name.trial is None:
        return name.job_id
    job, trial = await interaction.client.services.one_trial.trial(name.job_id, name.trial)
    return str(Name(trial.source or job.id, trial.number))


def _embed(listing: Listing) -> discord.Embed:
    lines = [_line(artifact, listing.links.get(artifact.name, "")) for artifact in listing.artifacts]
    embed = discord.Embed(title=f"What {listing.job.id} has left", description=joined(lines, "\n", LIST))
    text = (
        f"{plural(len(lines), 'file')}, {size(listing.total_bytes)} · the links work for an hour, for whoever has them"
    )
    return embed.set_footer(text=text)


def _line(artifact: Artifact, link: str) -> str:
    name = escape(artifact.name.translate(_NO_BRACKETS), NAME)
    return f"{f'[{name}]({link})' if link else name} · {size(artifact.size)}"
