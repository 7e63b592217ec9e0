"""Autocomplete: at most 25 choices of 100 characters each."""

from discord import app_commands

from bot.chat import cards
from bot.chat.context import Interaction, channel_id
from bot.chat.textsafe import cut

MOST_CHOICES = 25
CHOICE = 100

Choices = list[app_commands.Choice[str]]


async def jobs(interaction: Interaction, text: str) -> Choices:
    found = await interaction.client.services.show.matching(text, MOST_CHOICES)
    return [app_commands.Choice(name=cards.choice(job), value=job.id) for job in found]


async def more_jobs(interaction: Interaction, text: str) -> Choices:
    """For an option that takes several ids: completes the last of them."""
    before, _, last = text.replace(",", " ").rpartition(" ")
    taken = before.split()
    found = await interaction.client.services.show.matching(last, MOST_CHOICES)
    values = [" ".join([*taken, job.id]) for job in found if job.id not in taken]
    return [app_commands.Choice(name=value, value=value) for value in values if len(value) <= CHOICE]


async def branches(interaction: Interaction, text: str) -> Choices:
    names = await interaction.client.services.complete.branches(_project(interaction), channel_id(interaction), text)
    return [app_commands.Choice(name=name, value=name) for name in names if len(name) <= CHOICE][:MOST_CHOICES]


async def commits(interaction: Interaction, text: str) -> Choices:
    """Those of the branch that is typed already, if one is."""
    found = await interaction.client.services.complete.commits(
        _project(interaction), channel_id(interaction), str(interaction.namespace.branch or ""), text
    )
    return [
        app_commands.Choice(name=cut(f"{commit.short}  {commit.subject}".strip(), CHOICE), value=commit.sha)
        for commit in found[:MOST_CHOICES]
    ]


def _project(interaction: Interaction) -> str:
    return str(interaction.namespace.project or "")
