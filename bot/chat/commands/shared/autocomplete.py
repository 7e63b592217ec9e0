"""Suggestions while typing."""

from collections.abc import Callable, Collection, Coroutine
from functools import wraps
from typing import Any, TypeVar

from discord import app_commands

from bot.chat.acknowledgement import admitted
from bot.chat.cards import choose, sweep_preview, trial_card
from bot.chat.interactions import Interaction, person
from bot.chat.limits import CHOICE_CHARACTERS, CHOICES, LARGEST_INTEGER
from bot.domain.inert import plain_line
from bot.domain.job_names import Name, parse
from bot.domain.jobs import file_names
from bot.domain.parameters import Kind, exact
from bot.domain.text import folded, keyboard_ascii
from bot.errors import SignalboxError, TooMany
from bot.services.jobs.complete_options import Asked
from bot.services.people.rates import Share

Choices = list[app_commands.Choice[str]]
Value = TypeVar("Value", str, int, float, str | int | float)
Completer = Callable[[Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[Value]]]]


def within_share(complete: Completer[Value]) -> Completer[Value]:
    """Decorate what suggests: somebody who has used up their share gets no suggestions, and no error."""

    @wraps(complete)
    async def suggest(interaction: Interaction, text: str) -> list[app_commands.Choice[Value]]:
        try:
            async with admitted(interaction, Share.SUGGESTIONS):
                return await complete(interaction, text)
        except TooMany:
            return []

    return suggest


@within_share
async def jobs(interaction: Interaction, text: str) -> Choices:
    """Suggest jobs and sweeps; after a sweep's dot, some of its trials."""
    return await _jobs(interaction, text)


@within_share
async def jobs_and_previews(interaction: Interaction, text: str) -> Choices:
    """The same, after the sweeps that this person was shown and has not confirmed."""
    typed = text.strip().lower()
    drafts = await interaction.client.services.propose.unconfirmed(person(interaction))
    found = [app_commands.Choice(name=sweep_preview.choice(each), value=each.id) for each in drafts]
    return [*(each for each in found if typed in each.name.lower()), *await _jobs(interaction, text)][:CHOICES]


@within_share
async def more_jobs(interaction: Interaction, text: str) -> Choices:
    """Complete the last id of an option that takes several."""
    before, _, last = keyboard_ascii(text).replace(",", " ").rpartition(" ")
    taken = before.split()
    found = await _named(interaction, last)
    values = [" ".join([*taken, value]) for _, value in found if value not in taken]
    return [app_commands.Choice(name=value, value=value) for value in values if len(value) <= CHOICE_CHARACTERS]


@within_share
async def metrics(interaction: Interaction, text: str) -> Choices:
    """Complete the last metric of the list, among those of the job typed so far, the project's own first."""
    before, comma, last = text.rpartition(",")
    try:
        names = await interaction.client.services.one_trial.metric_names(
            str(interaction.namespace.job or ""), person(interaction)
        )
    except SignalboxError:  # suggestions are not worth an error
        return []
    taken, typed = [each.strip() for each in before.split(",")], last.strip().lower()
    found = [f"{before}{comma} {name}".strip() for name in names if typed in name.lower() and name not in taken]
    return [app_commands.Choice(name=each, value=each) for each in found if len(each) <= CHOICE_CHARACTERS][:CHOICES]


@within_share
async def files(interaction: Interaction, text: str) -> Choices:
    """Suggest files of the job typed so far, results first."""
    try:
        job = await owner(interaction, str(interaction.namespace.job or ""))
        found = await interaction.client.services.list_artifacts.files(job, text, CHOICES, person(interaction))
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
    job, trial = await interaction.client.services.one_trial.trial(name.job_id, name.trial, person(interaction))
    return str(Name(trial.source or job.id, trial.number))


@within_share
async def space(interaction: Interaction, text: str) -> Choices:
    """Show how many trials the text makes so far, then ways to continue it that fit into a choice."""
    found = await interaction.client.services.propose.so_far(
        await _project(interaction), text, str(interaction.namespace.search or ""), person(interaction)
    )
    fitting = [(name, value) for name, value in found if name and 0 < len(value) <= CHOICE_CHARACTERS]
    shown = [(plain_line(name, CHOICE_CHARACTERS), value) for name, value in fitting[:CHOICES]]
    return [app_commands.Choice(name=name, value=value) for name, value in shown]


@within_share
async def branches(interaction: Interaction, text: str) -> Choices:
    complete = interaction.client.services.complete_options
    names = await complete.branches(await _project(interaction), text, person(interaction))
    return [app_commands.Choice(name=name, value=name) for name in names if len(name) <= CHOICE_CHARACTERS][:CHOICES]


@within_share
async def commits(interaction: Interaction, text: str) -> Choices:
    """Suggest commits of the branch typed so far, if any."""
    found = await interaction.client.services.complete_options.commits(
        await _project(interaction), str(interaction.namespace.branch or ""), text, person(interaction)
    )
    return [
        app_commands.Choice(name=plain_line(f"{commit.short} {commit.subject}", CHOICE_CHARACTERS), value=commit.sha)
        for commit in found[:CHOICES]
    ]


def settings(own: Collection[str]) -> Completer[str]:
    """Complete the text of `set`. `own` are the parameters that have options of their own."""

    @within_share
    async def complete(interaction: Interaction, text: str) -> Choices:
        given = [name for name, _ in interaction.namespace if name in own]
        found = await interaction.client.services.complete_options.settings(_asked(interaction), own, given, text)
        return [app_commands.Choice(name=name, value=value) for name, value in found]

    return complete


def values(name: str, kind: Kind) -> Completer[Any]:
    """Suggest values of a parameter that projects declare in different ways, for an option of that kind."""

    @within_share
    async def complete(interaction: Interaction, text: object) -> list[app_commands.Choice[Any]]:
        typed = "" if text != text else str(text)  # noqa: PLR0124  discord.py has nan for an empty number
        found = await interaction.client.services.complete_options.values(_asked(interaction), name, typed)
        if kind not in (Kind.FLOAT, Kind.INT):
            return [app_commands.Choice(name=shown, value=exact(value)) for shown, value in found]
        numbers = [(shown, value) for shown, value in found if isinstance(value, int | float)]
        return [
            app_commands.Choice(name=shown, value=value) for shown, value in numbers if abs(value) <= LARGEST_INTEGER
        ]

    return complete


@within_share
async def machines(interaction: Interaction, text: str) -> Choices:
    """Suggest the machines of the project typed so far, each with what it is."""
    project, asker = await _project(interaction), person(interaction)
    found = interaction.client.services.complete_options.machines(project, text, asker)[:CHOICES]
    names = [(plain_line(shown, CHOICE_CHARACTERS), value) for shown, value in found]
    return [app_commands.Choice(name=name, value=value) for name, value in names]


@within_share
async def machine_types(interaction: Interaction, text: str) -> Choices:
    names = await interaction.client.services.spot_prices.suggested_types(text, person(interaction))
    return [app_commands.Choice(name=name, value=name) for name in names[:CHOICES]]


@within_share
async def regions(interaction: Interaction, text: str) -> Choices:
    """Complete the last word of a list of regions and groups."""
    found = interaction.client.services.spot_prices.suggested_regions(text)
    return [
        app_commands.Choice(name=plain_line(name, CHOICE_CHARACTERS), value=value)
        for name, value in found
        if len(value) <= CHOICE_CHARACTERS
    ][:CHOICES]


@within_share
async def projects(interaction: Interaction, text: str) -> Choices:
    names = interaction.client.services.complete_options.projects(text, person(interaction))
    return [app_commands.Choice(name=name, value=name) for name in names[:CHOICES]]


@within_share
async def periods(interaction: Interaction, text: str) -> Choices:
    names = await interaction.client.services.report_costs.periods(text)
    return [app_commands.Choice(name=name, value=name) for name in names[:CHOICES]]


async def _jobs(interaction: Interaction, text: str) -> Choices:
    return [app_commands.Choice(name=name, value=value) for name, value in await _named(interaction, text)]


async def _named(interaction: Interaction, text: str) -> list[tuple[str, str]]:
    """The shown text and the name it stands for."""
    services = interaction.client.services
    sweep_id, dot, digits = folded(text).partition(".")
    if dot:
        trials = await services.one_trial.matching(sweep_id, digits, person(interaction), CHOICES)
        return [(trial_card.choice(job, trial), trial_card.name(job, trial)) for job, trial in trials]
    return [(choose.choice(job), job.id) for job in await services.find.matching(text, person(interaction), CHOICES)]


def _asked(interaction: Interaction) -> Asked:
    return Asked(str(interaction.namespace.project or ""), person(interaction), str(interaction.namespace.job or ""))


async def _project(interaction: Interaction) -> str:
    """The project typed so far, or that of the job typed so far; empty if neither is there."""
    if typed := str(interaction.namespace.job or ""):
        try:
            job = await interaction.client.services.find.job(parse(typed).job_id, person(interaction))
        except SignalboxError:  # suggestions are not worth an error
            return ""
        return job.run.project
    return str(interaction.namespace.project or "")
