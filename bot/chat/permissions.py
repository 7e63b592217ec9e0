"""Check that the bot can post a card, its thread and its result in a channel, before a job costs anything.

https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
"""

from collections.abc import Sequence

import discord

from bot.chat.interactions import Interaction
from bot.errors import UserError, any_of

NEEDED = (
    "view_channel",
    "send_messages",
    "embed_links",
    "attach_files",
    "read_message_history",
    "create_public_threads",
    "send_messages_in_threads",
)
"""Names of discord.Permissions."""
TO_POST = ("view_channel", "send_messages", "read_message_history")
"""Those of them that a channel takes that gets messages alone: the audit's."""


def lacking(permissions: discord.Permissions, needed: Sequence[str] = NEEDED) -> list[str]:
    """The missing ones of `needed` in words: `send messages`."""
    return [name.replace("_", " ") for name in needed if not getattr(permissions, name)]


def check(interaction: Interaction) -> None:
    """Raise `UserError` if a job could not be shown in this channel."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        channel = channel.parent
    if channel is not None and not isinstance(channel, discord.TextChannel):
        raise UserError(f"Jobs need a text channel, and <#{channel.id}> isn't one. Try again in a text channel.")
    if missing := lacking(interaction.app_permissions):
        raise UserError(
            f"I don't have permission to {any_of(missing)} in this channel, so nothing was started. "
            "Ask an admin to give my role that permission, or use another channel."
        )
