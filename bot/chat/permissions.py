"""Whether a card, its thread and its ending can be posted where somebody asks for a job: told before it costs."""

import discord

from bot.chat.context import Interaction
from bot.errors import UserError

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


def lacking(permissions: discord.Permissions) -> list[str]:
    """Those of `NEEDED` that are not given, in words: `send messages`."""
    return [name.replace("_", " ") for name in NEEDED if not getattr(permissions, name)]


def check(interaction: Interaction) -> None:
    """Raises `UserError` where a job asked for here could not be shown here."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        channel = channel.parent
    if channel is not None and not isinstance(channel, discord.TextChannel):
        raise UserError(f"Jobs are shown in text channels, and <#{channel.id}> is none: ask in one.")
    if missing := lacking(interaction.app_permissions):
        raise UserError(
            f"Nothing was started: I could not show the job in this channel. There I may not: {', '.join(missing)}. "
            "Ask an admin to give my role these permissions, or ask in another channel."
        )
