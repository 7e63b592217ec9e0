"""What commands and buttons work with: the client with its services, the interaction, who asked and where."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any

import discord

from bot.chat.arrivals import Arrivals
from bot.chat.rivals import Rivals
from bot.domain.access import Person
from bot.domain.project import Project
from bot.services import Services


class Action(StrEnum):
    """The actions of the buttons."""

    STOP = "stop"
    CONFIRM_STOP = "confirm"
    STOP_WARNED = "stop_warned"
    LEAVE = "leave"
    LOGS = "logs"
    PLOT = "plot"
    RETRY = "retry"
    RETRY_WITH = "retry_with"
    CONFIRM_SWEEP = "confirm_sweep"
    CANCEL_SWEEP = "cancel_sweep"
    PLOT_BEST = "plot_best"
    RETRY_FAILED = "retry_failed"
    TRAIN_BEST = "train_best"
    APPROVE = "approve"
    DECLINE = "decline"
    CONTINUE = "continue"
    CONTINUE_NEWEST = "continue_newest"
    CANCEL_HELD = "cancel_held"
    STOP_WATCH = "stop_watch"


class BoxClient(discord.Client):
    """The client as commands and buttons see it; `SignalboxClient` sets the attributes."""

    guild_id: int
    command_prefix: str
    services: Services
    projects: Mapping[str, Project]
    arrivals: Arrivals
    rivals: Rivals
    clicks: "Mapping[Action, Click]"

    async def ready(self) -> None:
        """Wait until the server is available; afterwards, return at once."""
        await self.wait_until_ready()


Interaction = discord.Interaction[BoxClient]
AnyInteraction = discord.Interaction[Any]
"""The type that discord.py promises where it cannot know the client."""
Click = Callable[[Interaction, str], Awaitable[None]]
"""A button's action; the second argument is the job's id or a trial's name."""


def person(interaction: Interaction) -> Person:
    """Who asks and where, with the ids of their roles as the interaction has them.

    `Member.roles` would leave out each role that is not cached, such as before the server is available.
    https://docs.discord.com/developers/resources/guild#guild-member-object
    """
    user = interaction.user
    if not isinstance(user, discord.Member):
        # discord.py has no user at all where the payload has no member.
        return Person(getattr(user, "id", 0), getattr(user, "display_name", ""))
    # No public attribute has the ids; @everyone has the server's.
    roles = frozenset({user.guild.id, *user._roles})
    return Person(user.id, user.display_name, roles, channel_id(interaction))


def channel_id(interaction: Interaction) -> int:
    """The channel for a card: in a thread, the channel that the thread belongs to."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return channel.parent_id
    return interaction.channel_id or 0
