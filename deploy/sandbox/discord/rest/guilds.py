"""Endpoints of the guild, its members and roles, of users, and of the gateway's address.

https://discord.com/developers/docs/resources/guild
"""

from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.rest.http import Call, Route
from deploy.sandbox.discord.standin import Discord
from deploy.sandbox.discord.state.entities import Thread
from deploy.sandbox.discord.state.guild import Membership

_A_DAY_MS = 86_400_000


def gateway(discord: Discord, _: Call) -> object:
    return {"url": discord.gateway.url}


def gateway_bot(discord: Discord, _: Call) -> object:
    total = discord.core.limits.identifies_a_day
    return {
        "url": discord.gateway.url,
        "shards": 1,
        "session_start_limit": {
            "total": total,
            "remaining": max(0, total - discord.gateway.identified),
            "reset_after": _A_DAY_MS,
            "max_concurrency": 1,
        },
    }


def me(discord: Discord, _: Call) -> object:
    return {**discord.core.guild.bot.wire(), "mfa_enabled": False, "verified": True, "email": None}


def user(discord: Discord, call: Call) -> object:
    return discord.core.guild.user(call["user_id"]).wire()


def my_guilds(discord: Discord, call: Call) -> object:
    """https://docs.discord.com/developers/resources/user#get-current-user-guilds: `after` is a guild's id."""
    guild, after = discord.core.guild, call.number("after", 0)
    if guild.membership is Membership.REMOVED or int(guild.id) <= after:
        return list[Json]()
    return [
        {
            "id": guild.id,
            "name": guild.world.guild_name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(int(guild.permissions(guild.bot))),
            "features": [],
        }
    ]


def direct_channel(discord: Discord, call: Call) -> object:
    """Open a channel for direct messages. Who accepts none refuses the message (50007), not the channel.

    https://docs.discord.com/developers/resources/user#create-dm: "Returns a DM channel object (if one already exists,
    it will be returned instead)."
    """
    return discord.core.guild.open_direct(str(call.json.get("recipient_id"))).wire()


def guild(discord: Discord, call: Call) -> object:
    counts = {}
    if call.query.get("with_counts", "").lower() in ("1", "true"):
        people = len(discord.core.guild.users)
        counts = {"approximate_member_count": people, "approximate_presence_count": people}
    _require_guild(discord, call)
    return discord.core.guild.wire() | counts


def channels(discord: Discord, call: Call) -> object:
    _require_guild(discord, call)
    visible = discord.core.guild.visible_channels(discord.core.guild.bot)
    return [channel.wire() for channel in visible if not isinstance(channel, Thread)]


def roles(discord: Discord, call: Call) -> object:
    _require_guild(discord, call)
    return [role.wire() for role in discord.core.guild.roles.values()]


def members(discord: Discord, call: Call) -> object:
    _require_guild(discord, call)
    after, limit = call.number("after", 0), call.number("limit", 1, minimum=1, maximum=1000)
    users = sorted(discord.core.guild.users.values(), key=lambda member: int(member.id))
    page = [member for member in users if int(member.id) > after][:limit]
    return [discord.core.guild.member(member) for member in page]


def search_members(discord: Discord, call: Call) -> object:
    _require_guild(discord, call)
    query, limit = call.query.get("query", "").lower(), call.number("limit", 1, minimum=1, maximum=1000)
    users = [user for user in discord.core.guild.users.values() if user.name.lower().startswith(query)]
    return [discord.core.guild.member(user) for user in users[:limit]]


def member(discord: Discord, call: Call) -> object:
    _require_guild(discord, call)
    user_id = discord.core.guild.bot.id if call["user_id"] == "@me" else call["user_id"]
    if user_id not in discord.core.guild.users:
        raise ApiError(Code.UNKNOWN_MEMBER)
    return discord.core.guild.member(discord.core.guild.users[user_id])


def _require_guild(discord: Discord, call: Call) -> None:
    if call["guild_id"] != discord.core.guild.id or discord.core.guild.membership is Membership.REMOVED:
        raise ApiError(Code.UNKNOWN_GUILD)


ROUTES = (
    Route("GET", "/gateway", gateway, None),
    Route("GET", "/gateway/bot", gateway_bot, "gateway"),
    Route("GET", "/users/@me", me, "user.read"),
    Route("GET", "/users/@me/guilds", my_guilds, "user.read"),
    Route("POST", "/users/@me/channels", direct_channel, "user.dm"),
    Route("GET", "/users/{user_id}", user, "user.read"),
    Route("GET", "/guilds/{guild_id}", guild, "guild.read"),
    Route("GET", "/guilds/{guild_id}/channels", channels, "guild.read"),
    Route("GET", "/guilds/{guild_id}/roles", roles, "guild.read"),
    Route("GET", "/guilds/{guild_id}/members", members, "guild.members"),
    Route("GET", "/guilds/{guild_id}/members/search", search_members, "guild.members"),
    Route("GET", "/guilds/{guild_id}/members/{user_id}", member, "guild.members"),
)
