"""`/artifacts`: the files of a job or trial."""

import io
from collections.abc import Mapping

import discord
from discord import app_commands

from bot.chat.acknowledgement import acknowledged, answer
from bot.chat.cards.units import plural, size
from bot.chat.commands.shared import autocomplete
from bot.chat.interactions import Interaction
from bot.domain.inert import escape, joined
from bot.domain.job_names import Name, parse
from bot.ports.artifacts import Artifact
from bot.services.jobs.list_artifacts import Listing
from trainer.contract import MODEL

LIST_CHARACTERS = 3_900
"""Less than an embed's description may have: title and footer count too."""
CUT_CHARACTERS = 20
"""`joined` leaves this much free."""
NAME_CHARACTERS = 100
# Brackets would end a link's text.
_NO_BRACKETS = str.maketrans("[]", "()")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


@app_commands.command(description="List the files of a job or trial, with links and its newest picture or video")
@app_commands.describe(job="Job or trial")
@app_commands.autocomplete(job=autocomplete.jobs)
@acknowledged()
async def artifacts(interaction: Interaction, job: str) -> None:
    listing = await interaction.client.services.list_artifacts.artifacts(await _owner(interaction, job))
    if not listing.artifacts:
        await answer(interaction, f"{listing.job.id} has no files yet.")
        return
    picture = listing.picture
    files = [discord.File(io.BytesIO(picture.content), picture.name)] if picture is not None else []
    embed = _embed(listing)
    if files and files[0].filename.lower().endswith(_PICTURES):
        embed.set_image(url=f"attachment://{files[0].filename}")
    await answer(interaction, embed=embed, files=files)


async def _owner(interaction: Interaction, text: str) -> str:
    """The job or trial that has the files: an earlier sweep's, if that ran the trial."""
    name = parse(text)
    if name.trial is None:
        return name.job_id
    job, trial = await interaction.client.services.one_trial.trial(name.job_id, name.trial)
    return str(Name(trial.source or job.id, trial.number))


def _embed(listing: Listing) -> discord.Embed:
    links = _fitting(listing)
    lines = [_line(artifact, links.get(artifact.name, "")) for artifact in listing.artifacts]
    embed = discord.Embed(title=f"Files of {listing.job.id}", description=joined(lines, "\n", LIST_CHARACTERS))
    text = f"{plural(len(lines), 'file')}, {size(listing.total_bytes)} · links work for up to one hour, for anyone"
    return embed.set_footer(text=text)


def _fitting(listing: Listing) -> Mapping[str, str]:
    """The links that fit beside all the names, the model's first: one of a role's has about 1,500 characters."""
    room = LIST_CHARACTERS - CUT_CHARACTERS - sum(len(_line(artifact, "")) + 1 for artifact in listing.artifacts)
    chosen: dict[str, str] = {}
    for name, link in sorted(listing.links.items(), key=lambda item: item[0] != MODEL):
        if (room := room - len(link) - len("[]()")) < 0:
            break
        chosen[name] = link
    return chosen


def _line(artifact: Artifact, link: str) -> str:
    name = escape(artifact.name.translate(_NO_BRACKETS), NAME_CHARACTERS)
    return f"{f'[{name}]({link})' if link else name} · {size(artifact.size)}"
