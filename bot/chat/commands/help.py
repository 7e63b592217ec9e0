"""`/help`: generated from the commands, so that it is never out of date."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from bot.chat.interactions import Interaction
from bot.chat.limits import EMBED_DESCRIPTION_CHARACTERS

_INTRODUCTION = (
    "Each job has one live card in the channel and a thread with its log. "
    "When it ends, I mention you with the result and the plot. A sweep has one card for all its trials; "
    "`k7q2mx.4` is one of them."
)


def command(others: Sequence[app_commands.Command[Any, ..., None]]) -> app_commands.Command[Any, ..., None]:
    """`others` are the commands on the page."""
    text = page(others)

    @app_commands.command(name="help", description="Show all commands")
    async def help_(interaction: Interaction) -> None:
        embed = discord.Embed(title="Signalbox", description=text)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    return help_


def page(commands: Sequence[app_commands.Command[Any, ..., None]]) -> str:
    """The whole page; options in brackets are optional."""
    return "\n".join([_INTRODUCTION, "", *(_entry(command) for command in commands)])[:EMBED_DESCRIPTION_CHARACTERS]


def _entry(command: app_commands.Command[Any, ..., None]) -> str:
    options = " ".join(
        parameter.display_name if parameter.required else f"[{parameter.display_name}]"
        for parameter in command.parameters
    )
    return f"`/{' '.join(filter(None, (command.name, options)))}`\n{command.description}"
