"""Autocomplete: at most 25 choices of 100 characters each."""

from discord import app_commands

from bot.chat.cards import choose, trial_card
from bot.chat.cards.inert import cut
from bot.chat.context import Interaction, channel_id

MOST_CHOICES = 25
CHOICE = 100

Choices = list[app_commands.Choice[str]]


async def jobs(interaction: Interaction, text: str) -> Choices:
    """Jobs and sweeps; behind a sweep's dot, some of its trials."""
    return [app_commands.Choice(name=name, value=value) for name, value in await _named(interaction, text)]


async def more_jobs(interaction: Interaction, text: str) -> Choices:
    """For an option that takes several ids: completes the last of them."""
    before, _, last = text.replace(",", " ").rpartition(" ")
    taken = before.split()
    found = await _named(interaction, last)
    values = [" ".join([*taken, value]) for _, value in found if value not in taken]
    return [app_commands.Choice(name=value, value=value) for value in values if len(value) <= CHOICE]


async def space(interaction: Interaction, text: str) -> Choices:
    """How many trials the text makes so far, then how it could go on. Discord takes no choice of more characters."""
    found = await interaction.client.services.propose.so_far(
        _project(interaction), channel_id(interaction), text, str(interaction.namespace.search or "")
    )
    fitting = [(name, value) for name, value in found if name and 0 < len(value) <= CHOICE]
    return [app_commands.Choice(name=cut(name, CHOICE), value=value) for name, value in fitting[:MOST_CHOICES]]


async def branches(interaction: Interaction, text: str) -> Choices:
    names = await interaction.client.services.complete_options.branches(
        _project(interaction), channel_id(interaction), text
    )
    return [app_commands.Choice(name=name, value=name) for name in names if len(name) <= CHOICE][:MOST_CHOICES]


async def commits(interaction: Interaction, text: str) -> Choices:
    """Those of the branch that is typed already, if one is."""
    found = await interaction.client.services.complete_options.commits(
        _project(interaction), channel_id(interaction), str(interaction.namespace.branch or ""), text
    )
    return [
        app_commands.Choice(name=cut(f"{commit.short}  {commit.subject}".strip(), CHOICE), value=commit.sha)
        for commit in found[:MOST_CHOICES]
    ]


async def _named(interaction: Interaction, text: str) -> list[tuple[str, str]]:
    """What is shown, and the name that it stands for."""
    services = interaction.client.services
    sweep_id, dot, digits = text.strip().lower().partition(".")
    if dot:
        trials = await services.one_trial.matching(sweep_id, digits, MOST_CHOICES)
        return [(trial_card.choice(job, trial), trial_card.name(job, trial)) for job, trial in trials]
    return [(choose.choice(job), job.id) for job in await services.find.matching(text, MOST_CHOICES)]


def _project(interaction: Interaction) -> str:
    return str(interaction.namespace.project or "")
