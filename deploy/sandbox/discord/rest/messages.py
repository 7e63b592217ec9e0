"""Endpoints of messages, pins and reactions. https://discord.com/developers/docs/resources/message"""

from collections.abc import Iterator
from itertools import chain
from urllib.parse import unquote

from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.protocol.wire import Json, timestamp
from deploy.sandbox.discord.rest.http import Call, Route
from deploy.sandbox.discord.standin import Discord
from deploy.sandbox.discord.state.entities import Channel
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.message import Message, MessageType
from deploy.sandbox.discord.state.permissions import Permission


def create(discord: Discord, call: Call) -> object:
    channel = discord.core.guild.channel(call["channel_id"])
    message = discord.messages.create(discord.core.guild.bot, channel, call.json, call.files)
    return discord.messages.wire(message, nonce=True)


def get(discord: Discord, call: Call) -> object:
    return discord.messages.wire(_readable(discord, call))


def history(discord: Discord, call: Call) -> object:
    """Return messages newest first, even if `after` selects the oldest ones."""
    channel = _channel(discord, call)
    if not discord.core.guild.permissions(discord.core.guild.bot, channel) & Permission.READ_MESSAGE_HISTORY:
        return []
    limit = call.number("limit", 50, minimum=1, maximum=100)
    found = _select_page(discord, channel, call, limit)
    found.sort(key=lambda message: int(message.id), reverse=True)
    return [discord.messages.wire(message) for message in found]


def edit(discord: Discord, call: Call) -> object:
    message, bot = _readable(discord, call), discord.core.guild.bot
    if message.author.id != bot.id:
        only_flags = set(call.json) == {"flags"}
        if not only_flags:
            raise ApiError(Code.NOT_AUTHOR)
        discord.core.guild.require(bot, _channel(discord, call), Permission.MANAGE_MESSAGES)
    return discord.messages.wire(discord.messages.edit(message, call.json, call.files))


def delete(discord: Discord, call: Call) -> object:
    message, bot = _readable(discord, call), discord.core.guild.bot
    discord.messages.require_not_archived(message)
    if message.author.id != bot.id:
        discord.core.guild.require(bot, _channel(discord, call), Permission.MANAGE_MESSAGES)
    discord.messages.delete(message, bot)
    return None


def bulk_delete(discord: Discord, call: Call) -> object:
    channel, bot = _channel(discord, call), discord.core.guild.bot
    discord.core.guild.require(bot, channel, Permission.MANAGE_MESSAGES)
    ids = [str(message_id) for message_id in call.json.get("messages") or ()]
    if not 2 <= len(ids) <= 100:
        raise ApiError(Code.WRONG_BULK_DELETE)
    for message_id in ids:
        message = discord.core.timeline(channel.id).get(message_id)
        if message is not None and message.only_for is None:
            discord.messages.delete(message, bot)
    return None


def pins(discord: Discord, call: Call) -> object:
    messages = discord.core.timeline(_channel(discord, call).id)
    return [discord.messages.wire(message) for message in messages if message.pinned]


def pins_page(discord: Discord, call: Call) -> object:
    messages = [message for message in discord.core.timeline(_channel(discord, call).id) if message.pinned]
    items = [
        {"pinned_at": timestamp(message.created_at), "message": discord.messages.wire(message)}
        for message in reversed(messages)
    ]
    return {"items": items, "has_more": False}


def pin(discord: Discord, call: Call) -> object:
    message = _set_pinned(discord, call, pinned=True)
    note = Message(discord.core.snowflakes.next(), message.channel_id, discord.core.guild.bot, MessageType.PINNED)
    note.referenced = message
    note.reference = {"type": 0, "channel_id": message.channel_id, "message_id": message.id}
    discord.messages.add(note)
    return None


def unpin(discord: Discord, call: Call) -> object:
    _set_pinned(discord, call, pinned=False)
    return None


def react(discord: Discord, call: Call) -> object:
    message, bot = _readable(discord, call), discord.core.guild.bot
    discord.core.guild.require(bot, _channel(discord, call), Permission.READ_MESSAGE_HISTORY)
    discord.messages.require_not_archived(message)
    emoji = unquote(call["emoji_name"])
    if emoji not in message.reactions:
        discord.core.guild.require(bot, _channel(discord, call), Permission.ADD_REACTIONS)
    users = message.reactions.setdefault(emoji, [])
    if bot.id not in users:
        users.append(bot.id)
        _publish_reaction(discord, "MESSAGE_REACTION_ADD", message, emoji)
    return None


def unreact(discord: Discord, call: Call) -> object:
    message, emoji = _readable(discord, call), unquote(call["emoji_name"])
    users = message.reactions.get(emoji, [])
    if discord.core.guild.bot.id in users:
        users.remove(discord.core.guild.bot.id)
        if not users:
            del message.reactions[emoji]
        _publish_reaction(discord, "MESSAGE_REACTION_REMOVE", message, emoji)
    return None


def reactions(discord: Discord, call: Call) -> object:
    users = _readable(discord, call).reactions.get(unquote(call["emoji_name"]), [])
    return [discord.core.guild.user(user_id).wire() for user_id in users]


def _channel(discord: Discord, call: Call) -> Channel:
    channel = discord.core.guild.channel(call["channel_id"])
    discord.core.guild.require(discord.core.guild.bot, channel)
    return channel


def _readable(discord: Discord, call: Call) -> Message:
    return discord.messages.find(_channel(discord, call).id, call["message_id"])


def _select_page(discord: Discord, channel: Channel, call: Call, limit: int) -> list[Message]:
    timeline = discord.core.timeline(channel.id)

    def first(messages: Iterator[Message], count: int) -> list[Message]:
        return discord.messages.visible(messages, None, count)

    if "around" in call.query:
        around = call.number("around", 0)
        older = first(timeline.before(around + 1), limit // 2 + 1)
        return list(chain(older, first(timeline.after(around), limit - len(older))))
    if "after" in call.query:
        return first(timeline.after(call.number("after", 0)), limit)
    return first(timeline.before(call.number("before", 1 << 63)), limit)


def _set_pinned(discord: Discord, call: Call, *, pinned: bool) -> Message:
    message = _readable(discord, call)
    allowed = discord.core.guild.permissions(discord.core.guild.bot, _channel(discord, call))
    if not allowed & (Permission.MANAGE_MESSAGES | Permission.PIN_MESSAGES):
        raise ApiError(Code.MISSING_PERMISSIONS)
    message.pinned = pinned
    discord.messages.publish("MESSAGE_UPDATE", message)
    return message


def _publish_reaction(discord: Discord, name: str, message: Message, emoji: str) -> None:
    channel = discord.core.guild.channel(message.channel_id)
    emoji_name, _, emoji_id = emoji.partition(":")
    data: Json = {
        "user_id": discord.core.guild.bot.id,
        "channel_id": channel.id,
        "message_id": message.id,
        "guild_id": channel.guild_id,
        "emoji": {"id": emoji_id or None, "name": emoji_name},
        "burst": False,
        "type": 0,
    }
    discord.core.hub.publish(Event(name, data, channel, to_people=False))
    seen = Event("MESSAGE_UPDATE", discord.messages.wire(message), channel, message.author, to_bot=False)
    discord.core.hub.publish(seen)


_ALL = "/channels/{channel_id}/messages"
_ONE = "/channels/{channel_id}/messages/{message_id}"
_EMOJI = _ONE + "/reactions/{emoji_name}"
ROUTES = (
    Route("POST", _ALL, create, "message.create"),
    Route("GET", _ALL, history, "message.read"),
    Route("GET", "/channels/{channel_id}/messages/pins", pins_page, "pins"),
    Route("PUT", "/channels/{channel_id}/messages/pins/{message_id}", pin, "pins"),
    Route("DELETE", "/channels/{channel_id}/messages/pins/{message_id}", unpin, "pins"),
    Route("POST", "/channels/{channel_id}/messages/bulk-delete", bulk_delete, "message.bulk-delete"),
    Route("GET", _ONE, get, "message.read"),
    Route("PATCH", _ONE, edit, "message.edit"),
    Route("DELETE", _ONE, delete, "message.delete"),
    Route("PUT", _EMOJI + "/@me", react, "reaction"),
    Route("DELETE", _EMOJI + "/@me", unreact, "reaction"),
    Route("GET", _EMOJI, reactions, "reaction.read"),
    Route("GET", "/channels/{channel_id}/pins", pins, "pins"),
    Route("PUT", "/channels/{channel_id}/pins/{message_id}", pin, "pins"),
    Route("DELETE", "/channels/{channel_id}/pins/{message_id}", unpin, "pins"),
)
