"""`/help`: generated from the commands, so that it is never out of date."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.chat.acknowledgement import first_answer
from bot.chat.interactions import Interaction
from bot.chat.limits import EMBED_DESCRIPTION_CHARACTERS
from bot.domain.inert import code
from bot.domain.jobs.set_text import SET, written
from bot.domain.parameters import exact
from bot.domain.project import Project
from bot.domain.texts.command_names import command as command_text
from bot.domain.texts.command_names import plain

Command = app_commands.Command[Any, ..., None]

MOST_GOALS = 5
EXAMPLE_CHARACTERS = 600
_INTRODUCTION = (
    "Each job has one live card in the channel and a thread with its log. "
    "When it ends, I mention you with the result and the plot. A sweep has one card for all its trials; "
    "`k7q2mx.4` is one of them."
)


def command(
    others: Sequence[Command], projects: Sequence[Project], prefix: str = ""
) -> app_commands.Command[Any, ..., None]:
    """`others` are the commands on the page."""

    @app_commands.command(name=f"{prefix}help", description="Show all commands")
    async def help_(interaction: Interaction) -> None:
        # The page is made now: a name becomes a link once Discord has given its command an id.
        embed = discord.Embed(title="Signalbox", description=page(others, projects, prefix))
        await first_answer(interaction, lambda: interaction.response.send_message(embed=embed, ephemeral=True))

    return help_


def page(commands: Sequence[Command], projects: Sequence[Project], prefix: str = "") -> str:
    """The whole page; options in brackets are optional."""
    entries = [_entry(command, command.name.removeprefix(prefix)) for command in commands]
    goals = [_goal(project) for project in projects[:MOST_GOALS]]
    (train,) = (command for command in commands if command.name == f"{prefix}train")
    own = {option.display_name for option in train.parameters}
    lines = [_INTRODUCTION, _example(projects[0], own), *_settings(projects, own), *goals, "", *entries]
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


def _goal(project: Project) -> str:
    which = "highest" if project.maximize else "lowest"
    return f"Best of {code(project.name)}: the {which} {code(project.metric)}."


def _entry(command: Command, name: str) -> str:
    options = " ".join(
        parameter.display_name if parameter.required else f"[{parameter.display_name}]"
        for parameter in command.parameters
    )
    return f"{command_text(name, options)}\n{command.description}"
