"""Endpoints of threads. https://discord.com/developers/docs/resources/channel#start-thread-from-message"""

from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.rest.http import Call, Reply, Route
from deploy.sandbox.discord.standin import Discord
from deploy.sandbox.discord.state.entities import ChannelType, Thread, User
from deploy.sandbox.discord.state.permissions import Permission


def start_from_message(discord: Discord, call: Call) -> object:
    guild = discord.core.guild
    channel = guild.channel(call["channel_id"])
    guild.require(guild.bot, channel)
    message = discord.messages.find(channel.id, call["message_id"])
    thread = discord.threads.start_from(message, guild.bot, call.json)
    return Reply({**thread.wire(), "member": thread.member(guild.bot.id)}, 201)


def start(discord: Discord, call: Call) -> object:
    guild = discord.core.guild
    channel = guild.channel(call["channel_id"])
    guild.require(guild.bot, channel)
    thread = discord.threads.start(channel, guild.bot, call.json)
    return Reply({**thread.wire(), "member": thread.member(guild.bot.id)}, 201)


def active(discord: Discord, _: Call) -> object:
    guild = discord.core.guild
    threads = [thread for thread in guild.active_threads() if guild.can_see(guild.bot, thread)]
    return _listing(threads, guild.bot)


def archived_public(discord: Discord, call: Call) -> object:
    """Return the most recently archived threads first."""
    return _archived(discord, call, ChannelType.PUBLIC_THREAD)


def archived_private(discord: Discord, call: Call) -> object:
    return _archived(discord, call, ChannelType.PRIVATE_THREAD)


def members(discord: Discord, call: Call) -> object:
    thread = _thread(discord, call)
    return [thread.member(user_id) for user_id in thread.members]


def member(discord: Discord, call: Call) -> object:
    thread, user = _thread(discord, call), _user(discord, call)
    if user.id not in thread.members:
        raise ApiError(Code.UNKNOWN_MEMBER)
    return thread.member(user.id)


def join(discord: Discord, call: Call) -> object:
    thread, user, bot = _thread(discord, call), _user(discord, call), discord.core.guild.bot
    if user is bot:
        discord.threads.join(thread, user)
    else:
        discord.threads.add(thread, user, bot)
    return None


def leave(discord: Discord, call: Call) -> object:
    thread, user, bot = _thread(discord, call), _user(discord, call), discord.core.guild.bot
    if bot.id not in (user.id, thread.owner_id):
        discord.core.guild.require(bot, thread, Permission.MANAGE_THREADS)
    discord.threads.leave(thread, user)
    return None


def _archived(discord: Discord, call: Call, kind: ChannelType) -> Json:
    guild = discord.core.guild
    parent = guild.channel(call["channel_id"])
    guild.require(guild.bot, parent, Permission.READ_MESSAGE_HISTORY)
    threads = [
        thread for thread in guild.threads if thread.archived and thread.parent_id == parent.id and thread.type is kind
    ]
    threads.sort(key=lambda thread: thread.archive_changed_at, reverse=True)
    limit = call.number("limit", 50, minimum=1, maximum=100)
    return _listing(threads[:limit], guild.bot) | {"has_more": len(threads) > limit}


def _listing(threads: list[Thread], bot: User) -> Json:
    return {
        "threads": [thread.wire() for thread in threads],
        "members": [thread.member(bot.id) for thread in threads if bot.id in thread.members],
    }


def _thread(discord: Discord, call: Call) -> Thread:
    guild = discord.core.guild
    channel = guild.channel(call["channel_id"])
    guild.require(guild.bot, channel)
    if not isinstance(channel, Thread):
        raise ApiError(Code.WRONG_CHANNEL_TYPE)
    return channel


def _user(discord: Discord, call: Call) -> User:
    user_id = call.params.get("user_id", "@me")
    return discord.core.guild.bot if user_id == "@me" else discord.core.guild.user(user_id)


_MEMBERS = "/channels/{channel_id}/thread-members"
_ARCHIVED = "/channels/{channel_id}/threads/archived"
ROUTES = (
    Route("POST", "/channels/{channel_id}/messages/{message_id}/threads", start_from_message, "thread.create"),
    Route("POST", "/channels/{channel_id}/threads", start, "thread.create"),
    Route("GET", "/guilds/{guild_id}/threads/active", active, "thread.read"),
    Route("GET", _ARCHIVED + "/public", archived_public, "thread.read"),
    Route("GET", _ARCHIVED + "/private", archived_private, "thread.read"),
    Route("GET", _MEMBERS, members, "thread.members"),
    Route("GET", _MEMBERS + "/{user_id}", member, "thread.members"),
    Route("PUT", _MEMBERS + "/{user_id}", join, "thread.members"),
    Route("DELETE", _MEMBERS + "/{user_id}", leave, "thread.members"),
)
