"""`/help`: generated from the commands, so that it is never out of date."""

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.chat import gate
from bot.chat.acknowledgement import admitted, first_answer
from bot.chat.audit.recording import record
from bot.chat.interactions import Interaction, person
from bot.chat.limits import EMBED_DESCRIPTION_CHARACTERS
from bot.domain.access import Person, Verb
from bot.domain.inert import code
from bot.domain.jobs.set_text import SET, written
from bot.domain.parameters import exact
from bot.domain.project import Project
from bot.domain.texts.cap_refusals import paused_text
from bot.domain.texts.command_names import command as command_text
from bot.domain.texts.command_names import plain
from bot.services.people.permits import Permits
from bot.services.people.rates import Share

Command = app_commands.Command[Any, ..., None]

MOST_PROJECTS = 5
"""More would leave no room for the commands."""
EXAMPLE_CHARACTERS = 600
_NOTHING = "You can't see any project here. Ask an admin for a role that may."
_INTRODUCTION = (
    "Each job has one live card in the channel and a thread with its log. "
    "When it ends, I mention you with the result and the plot. A sweep has one card for all its trials; "
    "`k7q2mx.4` is one of them."
)


def command(
    others: Sequence[Command], projects: Sequence[Project], prefix: str = ""
) -> app_commands.Command[Any, ..., None]:
    """`others` are the commands on the page, of which everybody sees those that they may use here."""

    @app_commands.command(name=f"{prefix}help", description="Show the commands that you may use here")
    async def help_(interaction: Interaction) -> None:
        permits, asker = interaction.client.services.permits, person(interaction)
        usable = [each for each in others if permits.may_any(asker, gate.COMMANDS[each.name.removeprefix(prefix)])]
        seen = [project for project in projects if permits.sees(asker, project.name)]
        pause = await interaction.client.services.pause.current()
        rights: list[str] = [paused_text(pause)] if pause is not None else []
        rights += [_rights(permits, asker, project) for project in seen[:MOST_PROJECTS]]
        # The page is made now: a name becomes a link once Discord has given its command an id.
        embed = discord.Embed(title="Signalbox", description=page(usable, seen, prefix, rights))
        async with admitted(interaction, Share.OTHERS):
            await record(interaction)
            await first_answer(interaction, lambda: interaction.response.send_message(embed=embed, ephemeral=True))

    return help_


def page(commands: Sequence[Command], projects: Sequence[Project], prefix: str = "", rights: Sequence[str] = ()) -> str:
    """The whole page; options in brackets are optional. `rights` has a line on what they may do with each project."""
    if not projects:
        return f"{_INTRODUCTION}\n{_NOTHING}"
    entries = [_entry(command, command.name.removeprefix(prefix)) for command in commands]
    goals = [_goal(project) for project in projects[:MOST_PROJECTS]]
    examples: list[str] = []
    for train in (command for command in commands if command.name == f"{prefix}train"):
        own = {option.display_name for option in train.parameters}
        examples = [_example(projects[0], own), *_settings(projects, own)]
    lines = [_INTRODUCTION, *examples, *rights, *goals, "", *entries]
    return "\n".join(lines)[:EMBED_DESCRIPTION_CHARACTERS]


def _example(project: Project, own: Collection[object]) -> str:
    """A line that works as it stands."""
    branches = [branch for branch in project.branches if "*" not in branch]
    given = [f"branch:{branches[0]}"] if branches else []
    required = [each for each in project.parameters if each.required]
    examples = required or [each for each in project.parameters if each.default is not None][:1]
    given += [f"{each.name}:{exact(each.sample)}" for each in examples if each.name in own]
    if others := {each.name: each.sample for each in examples if each.name not in own}:
        given.append(f"{SET}:{written(others)}")
    line = code(" ".join([plain("train"), *given]), EXAMPLE_CHARACTERS)
    return f"Type the name of a command, then press Tab or tap each option that you want to set, as in {line}."


def _settings(projects: Sequence[Project], own: Collection[object]) -> Iterator[str]:
    """About `set`, with an example of one project that needs it."""
    for project in projects:
        if others := [each for each in project.parameters if each.name not in own]:
            line = code(f"{SET}:{written({each.name: each.sample for each in others[:2]})}")
            yield f"{code(SET)} takes any parameters of the project, also those without an option of their own: {line}."
            return


def _rights(permits: Permits, asker: Person, project: Project) -> str:
    """`You may here, for mnist: see, train (up to $5.00 a command)`."""
    words = []
    for verb in permits.verbs(asker, project.name):
        limit = permits.policy.spend_limit(asker, verb, project.name)
        limited = verb in (Verb.TRAIN, Verb.SWEEP) and limit < math.inf
        words.append(f"{verb} (up to ${limit:,.2f} a command)" if limited else str(verb))
    return f"You may here, for {code(project.name)}: {', '.join(words)}."


def _goal(project: Project) -> str:
    which = "highest" if project.maximize else "lowest"
    return f"Best of {code(project.name)}: the {which} {code(project.metric)}."


def _entry(command: Command, name: str) -> str:
    options = " ".join(
        parameter.display_name if parameter.required else f"[{parameter.display_name}]"
        for parameter in command.parameters
    )
    return f"{command_text(name, options)}\n{command.description}"
