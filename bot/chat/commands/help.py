"""`/help`: made from the commands themselves, so that it cannot be out of date."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from bot.chat.context import Interaction

DESCRIPTION = 4_096
_INTRODUCTION = (
    "Each job has one card in the channel, kept current, and a thread with its log. "
    "When it ends, you are mentioned with the verdict and the plot. A sweep has one card for all its trials; "
    "`k7q2mx.4` is one of them."
)


def command(others: Sequence[app_commands.Command[Any, ..., None]]) -> app_commands.Command[Any, ..., None]:
    """`others` are the commands that it tells of."""
    text = page(others)

    @app_commands.command(name="help", description="What there is to say here, and what comes of it")
    async def help_(interaction: Interaction) -> None:
        embed = discord.Embed(title="Signalbox", description=text)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    return help_


def page(commands: Sequence[app_commands.Command[Any, ..., None]]) -> str:
    """The whole page; options in brackets may be left out."""
    return "\n".join([_INTRODUCTION, "", *(_entry(command) for command in commands)])[:DESCRIPTION]


def _entry(command: app_commands.Command[Any, ..., None]) -> str:
    options = " ".join(
        parameter.display_name if parameter.required else f"[{parameter.display_name}]"
        for parameter in command.parameters
    )
    return f"`/{' '.join(filter(None, (command.name, options)))}`\n{command.description}"
