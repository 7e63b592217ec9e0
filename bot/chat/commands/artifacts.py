"""`/artifacts`: the files of a job or trial, or a link to one of them."""

import io
from collections.abc import Mapping

import discord
from discord import app_commands

from bot.chat.acknowledgement import acknowledged, answer
from bot.chat.cards.units import plural, size
from bot.chat.commands.shared import autocomplete
from bot.chat.interactions import Interaction, person
from bot.domain.inert import escape, joined
from bot.domain.jobs.unfold_words import unfold_job
from bot.ports.artifacts import Artifact
from bot.services.jobs.list_artifacts import Linked, Listing, no_files
from bot.services.people.rates import Share

LIST_CHARACTERS = 3_900
"""Less than an embed's description may have: title and footer count too."""
CUT_CHARACTERS = 20
"""`joined` leaves this much free."""
NAME_CHARACTERS = 100
WORKS_FOR = "links work for up to one hour, for anyone"
# Brackets would end a link's text.
_NO_BRACKETS = str.maketrans("[]", "()")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


@app_commands.command(description="List the files of a job or trial, with links and its newest picture or video")
@app_commands.describe(job="Job or trial", file="File to get a link to (default: list all files)")
@app_commands.autocomplete(job=autocomplete.jobs, file=autocomplete.files)
@acknowledged(Share.FILES)
async def artifacts(interaction: Interaction, job: str, file: str = "") -> None:
    (name,), more = unfold_job(job, ("file",))
    services, owner = interaction.client.services.list_artifacts, await autocomplete.owner(interaction, name)
    if file := file.strip() or more.get("file", ""):
        await _one(interaction, await services.one(owner, file, person(interaction)))
        return
    listing = await services.artifacts(owner, person(interaction))
    if not listing.artifacts:
        await answer(interaction, no_files(listing.job))
        return
    picture = listing.picture
    files = [discord.File(io.BytesIO(picture.content), picture.name)] if picture is not None else []
    embed = _embed(listing)
    if files and files[0].filename.lower().endswith(_PICTURES):
        embed.set_image(url=f"attachment://{files[0].filename}")
    await answer(interaction, embed=embed, files=[*files, *_all_names(listing)])


async def _one(interaction: Interaction, linked: Linked) -> None:
    """The link to one file. A link that no message holds comes as a text file: a key may have 1,024 bytes, each of
    which a link writes as three characters."""
    line = _line(linked.artifact, linked.link)
    files = []
    if len(line) > LIST_CHARACTERS:
        line = f"{_line(linked.artifact, '')}\nThe link is too long for a message: it is in the attached file."
        files = [discord.File(io.BytesIO(linked.link.encode()), "link.txt")]
    embed = discord.Embed(title=f"File of {linked.job.id}", description=line).set_footer(text=WORKS_FOR.capitalize())
    await answer(interaction, embed=embed, files=files)


def _all_names(listing: Listing) -> list[discord.File]:
    """All names as a text file, if the message has no room for them."""
    lines = [_line(artifact, "") for artifact in listing.artifacts]
    if joined(lines, "\n", LIST_CHARACTERS) == "\n".join(lines):
        return []
    text = "\n".join(f"{artifact.name}\t{size(artifact.size)}" for artifact in listing.artifacts)
    return [discord.File(io.BytesIO(text.encode()), f"{listing.job.id}-files.txt")]


def _embed(listing: Listing) -> discord.Embed:
    links = _fitting(listing)
    lines = [_line(artifact, links.get(artifact.name, "")) for artifact in listing.artifacts]
    embed = discord.Embed(title=f"Files of {listing.job.id}", description=joined(lines, "\n", LIST_CHARACTERS))
    text = f"{plural(len(lines), 'file')}, {size(listing.total_bytes)} · {WORKS_FOR}"
    if len(links) < len(lines):
        text += " · the option file: gives a link to any of them"
    return embed.set_footer(text=text)


def _fitting(listing: Listing) -> Mapping[str, str]:
    """The links that fit beside all the names, results first: one of a role's has about 1,500 characters."""
    room = LIST_CHARACTERS - CUT_CHARACTERS - sum(len(_line(artifact, "")) + 1 for artifact in listing.artifacts)
    chosen: dict[str, str] = {}
    for name, link in listing.links.items():
        if (room := room - len(link) - len("[]()")) < 0:
            break
        chosen[name] = link
    return chosen


def _line(artifact: Artifact, link: str) -> str:
    name = escape(artifact.name.translate(_NO_BRACKETS), NAME_CHARACTERS)
    return f"{f'[{name}]({link})' if link else name} · {size(artifact.size)}"
