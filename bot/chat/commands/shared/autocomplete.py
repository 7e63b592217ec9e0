"""Suggestions while typing."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from discord import app_commands

from bot.chat.cards import choose, sweep_preview, trial_card
from bot.chat.interactions import Interaction, channel_id, person
from bot.chat.limits import CHOICE_CHARACTERS, CHOICES
from bot.domain.inert import cut
from bot.domain.job_names import Name, parse
from bot.domain.jobs import file_names
from bot.domain.text import folded, keyboard_ascii
from bot.errors import SignalboxError

Choices = list[app_commands.Choice[str]]


async def jobs(interaction: Interaction, text: str) -> Choices:
    """Suggest jobs and sweeps; after a sweep's dot, some of its trials."""
    return [app_commands.Choice(name=name, value=value) for name, value in await _named(interaction, text)]


async def jobs_and_previews(interaction: Interaction, text: str) -> Choices:
    """The same, after the sweeps that this person was shown and has not confirmed."""
    typed = text.strip().lower()
    drafts = await interaction.client.services.propose.unconfirmed(person(interaction))
    found = [app_commands.Choice(name=sweep_preview.choice(each), value=each.id) for each in drafts]
    return [*(each for each in found if typed in each.name.lower()), *await jobs(interaction, text)][:CHOICES]


async def more_jobs(interaction: Interaction, text: str) -> Choices:
    """Complete the last id of an option that takes several."""
    before, _, last = keyboard_ascii(text).replace(",", " ").rpartition(" ")
    taken = before.split()
    found = await _named(interaction, last)
    values = [" ".join([*taken, value]) for _, value in found if value not in taken]
    return [app_commands.Choice(name=value, value=value) for value in values if len(value) <= CHOICE_CHARACTERS]


async def metrics(interaction: Interaction, text: str) -> Choices:
    """Complete the last metric of the list, among those of the job typed so far, the project's own first."""
    before, comma, last = text.rpartition(",")
    try:
        job, person = str(interaction.namespace.job or ""), interaction.user.id
        names = await interaction.client.services.one_trial.metric_names(job, owner=person)
    except SignalboxError:  # suggestions are not worth an error
        return []
    taken, typed = [each.strip() for each in before.split(",")], last.strip().lower()
    found = [f"{before}{comma} {name}".strip() for name in names if typed in name.lower() and name not in taken]
    return [app_commands.Choice(name=each, value=each) for each in found if len(each) <= CHOICE_CHARACTERS][:CHOICES]


async def files(interaction: Interaction, text: str) -> Choices:
    """Suggest files of the job typed so far, results first."""
    try:
        job = await owner(interaction, str(interaction.namespace.job or ""))
        found = await interaction.client.services.list_artifacts.files(job, text, CHOICES)
    except SignalboxError:  # suggestions are not worth an error
        return []
    return [
        app_commands.Choice(name=file_names.option_text(each.name), value=file_names.option_value(each.name))
        for each in found
    ]


async def owner(interaction: Interaction, text: str) -> str:
    """The job or trial that has the files: an earlier sweep's, if that ran the trial."""
    name = parse(text)
    if name.trial is None:
        return name.job_id
    job, trial = await interaction.client.services.one_trial.trial(name.job_id, name.trial)
    return str(Name(trial.source or job.id, trial.number))


async def space(interaction: Interaction, text: str) -> Choices:
    """Show how many trials the text makes so far, then ways to continue it that fit into a choice."""
    found = await interaction.client.services.propose.so_far(
        _project(interaction), channel_id(interaction), text, str(interaction.namespace.search or "")
    )
    fitting = [(name, value) for name, value in found if name and 0 < len(value) <= CHOICE_CHARACTERS]
    return [app_commands.Choice(name=cut(name, CHOICE_CHARACTERS), value=value) for name, value in fitting[:CHOICES]]


async def branches(interaction: Interaction, text: str) -> Choices:
    names = await interaction.client.services.complete_options.branches(
        _project(interaction), channel_id(interaction), text
    )
    return [app_commands.Choice(name=name, value=name) for name in names if len(name) <= CHOICE_CHARACTERS][:CHOICES]


async def commits(interaction: Interaction, text: str) -> Choices:
    """Suggest commits of the branch typed so far, if any."""
    found = await interaction.client.services.complete_options.commits(
        _project(interaction), channel_id(interaction), str(interaction.namespace.branch or ""), text
    )
    return [
        app_commands.Choice(name=cut(f"{commit.short}  {commit.subject}".strip(), CHOICE_CHARACTERS), value=commit.sha)
        for commit in found[:CHOICES]
    ]


def one_of(names: Sequence[str]) -> Callable[[Interaction, str], Coroutine[Any, Any, Choices]]:
    """Suggest those of many names that begin with the text, then those that contain it."""

    async def complete(_: Interaction, text: str) -> Choices:
        typed = folded(text)
        found = sorted((name for name in names if typed in folded(name)), key=lambda n: not n.startswith(typed))
        return [app_commands.Choice(name=name, value=name) for name in found[:CHOICES]]

    return complete


async def _named(interaction: Interaction, text: str) -> list[tuple[str, str]]:
    """The shown text and the name it stands for."""
    services = interaction.client.services
    sweep_id, dot, digits = folded(text).partition(".")
    if dot:
        trials = await services.one_trial.matching(sweep_id, digits, CHOICES)
        return [(trial_card.choice(job, trial), trial_card.name(job, trial)) for job, trial in trials]
    return [(choose.choice(job), job.id) for job in await services.find.matching(text, CHOICES)]


def _project(interaction: Interaction) -> str:
    return str(interaction.namespace.project or "")
