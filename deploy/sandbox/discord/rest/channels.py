"""Endpoints of channels. https://discord.com/developers/docs/resources/channel"""

from deploy.sandbox.discord.protocol.errors import ApiError, Code, FormErrors
from deploy.sandbox.discord.rest.http import Call, Route
from deploy.sandbox.discord.standin import Discord
from deploy.sandbox.discord.state.entities import Channel, Thread
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.permissions import Permission


def get(discord: Discord, call: Call) -> object:
    return _visible(discord, call).wire()


def edit(discord: Discord, call: Call) -> object:
    """Change the name and topic of a channel, or the name, archived and locked state of a thread."""
    channel, bot = _visible(discord, call), discord.core.guild.bot
    if isinstance(channel, Thread):
        return discord.threads.update(channel, bot, call.json).wire()
    discord.core.guild.require(bot, channel, Permission.MANAGE_CHANNELS)
    errors = FormErrors()
    name = errors.text(call.json.get("name"), "name", maximum=100, minimum=1)
    errors.text(call.json.get("topic"), "topic", maximum=1024)
    errors.raise_if_any()
    channel.name = name or channel.name
    channel.topic = call.json.get("topic", channel.topic)
    discord.core.ledger.add("channel.update", "bot", channel_id=channel.id, name=channel.name)
    discord.core.hub.publish(Event("CHANNEL_UPDATE", channel.wire(), channel))
    return channel.wire()


def delete(discord: Discord, call: Call) -> object:
    channel, bot = _visible(discord, call), discord.core.guild.bot
    if not isinstance(channel, Thread):
        discord.core.guild.require(bot, channel, Permission.MANAGE_CHANNELS)
        raise ApiError(Code.WRONG_CHANNEL_TYPE)
    gone = channel.wire()
    discord.threads.delete(channel, bot)
    return gone


def typing(discord: Discord, call: Call) -> object:
    channel, bot = _visible(discord, call), discord.core.guild.bot
    discord.core.guild.require(bot, channel, Permission.SEND_MESSAGES)
    data = {
        "channel_id": channel.id,
        "guild_id": channel.guild_id,
        "user_id": bot.id,
        "timestamp": int(discord.core.clock()),
        "member": discord.core.guild.member(bot),
    }
    discord.core.hub.publish(Event("TYPING_START", data, channel))
    return None


def _visible(discord: Discord, call: Call) -> Channel:
    channel = discord.core.guild.channel(call["channel_id"])
    discord.core.guild.require(discord.core.guild.bot, channel)
    return channel


ROUTES = (
    Route("GET", "/channels/{channel_id}", get, "channel.read"),
    Route("PATCH", "/channels/{channel_id}", edit, "channel.edit"),
    Route("DELETE", "/channels/{channel_id}", delete, "channel.edit"),
    Route("POST", "/channels/{channel_id}/typing", typing, "typing"),
)
