"""Answers that commands and buttons share. Each has been acknowledged before."""

import io
import re

import discord

from bot.chat import cards, place
from bot.chat.context import (
    Interaction,
    answer,
    card_link,
    channel_id,
    person,
    project_of,
    thread_link,
)
from bot.chat.textsafe import escape, fenced
from bot.chat.views import card_buttons
from bot.chat.words import plural
from bot.domain.job import Job
from bot.services.submit import TrainRequest

CARD_SECONDS = 2.0
"""How long a confirmation waits for the card, to link to it."""
LOG_CHARACTERS = 1_800
FILE_BYTES = 8 * 1024 * 1024
"""Discord takes 10 MiB."""


def request(interaction: Interaction, given: dict[str, object]) -> TrainRequest:
    """What was typed, as the services take it: branch, commit and project are named apart, the rest are parameters."""
    values = dict(given)
    branch, commit, project = (str(values.pop(name, "")).strip() for name in ("branch", "commit", "project"))
    return TrainRequest(
        person=person(interaction),
        channel_id=channel_id(interaction),
        interaction_id=interaction.id,
        project=project,
        branch=branch,
        commit=commit,
        values=values,
    )


async def trained(interaction: Interaction, given: dict[str, object]) -> None:
    place.check(interaction)
    await _accepted(interaction, await interaction.client.services.submit.train(request(interaction, given)))


async def retried(interaction: Interaction, job_id: str, given: dict[str, object]) -> None:
    place.check(interaction)
    await _accepted(interaction, await interaction.client.services.submit.retry(job_id, request(interaction, given)))


async def _accepted(interaction: Interaction, job: Job) -> None:
    """Confirms a job, with a link to its card where that comes soon."""
    again = f", again as {job.retry_of}" if job.retry_of else ""
    message_id = await interaction.client.arrivals.wait(job, CARD_SECONDS)
    link = card_link(interaction.client, job, message_id)
    await answer(interaction, f"{job.id} is on its way{again}: {link or 'its card comes in a moment'}")


async def logs(interaction: Interaction, job_id: str, lines: int) -> None:
    """The last lines, in a block where they fit, else as a file; and where the rest is."""
    services = interaction.client.services
    job = await services.show.job(job_id)
    excerpt = await services.show.log(job.id, lines)
    thread = thread_link(interaction.client, job)
    rest = f"All of it: {thread}" if thread else ""
    if not excerpt.text.strip():
        await answer(interaction, f"{job.id} is {cards.state_word(job)} and has written no log so far. {rest}".strip())
        return
    head = f"The end of {job.id}'s log, of {plural(excerpt.total, 'line')} so far. {rest}"
    if len(excerpt.text) <= LOG_CHARACTERS:
        await answer(interaction, f"{head}\n{fenced(excerpt.text)}")
        return
    file = discord.File(io.BytesIO(excerpt.text.encode()[-FILE_BYTES:]), f"{job.id}-log.txt")
    await answer(interaction, head, files=[file])


async def plot(interaction: Interaction, job_ids: list[str]) -> None:
    """One picture of all the jobs, with what is to say of it."""
    picture = await interaction.client.services.plot.plot(job_ids)
    name = re.sub("[^0-9a-z]+", "-", " ".join(job_ids).lower())[:80]
    files = [discord.File(io.BytesIO(picture.png), f"{name}.png")] if picture.png is not None else []
    await answer(interaction, picture.words or escape(" ".join(job_ids), 200), files=files)


async def status(interaction: Interaction, job: Job) -> None:
    """The card as it is now, with a link to the one that is kept current."""
    link = card_link(interaction.client, job)
    content = f"The card that is kept current: {link}" if link else None
    embed = cards.card(job, project_of(interaction.client, job))
    await answer(interaction, content, embed=embed, view=card_buttons(job))
