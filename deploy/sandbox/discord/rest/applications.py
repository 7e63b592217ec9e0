"""Endpoints of the application and its commands.

https://discord.com/developers/docs/interactions/application-commands#endpoints
"""

from deploy.sandbox.discord.gateway.registry import application_flags
from deploy.sandbox.discord.protocol.errors import ApiError, Code, invalid
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.rest.http import Call, Reply, Route
from deploy.sandbox.discord.standin import Discord
from deploy.sandbox.discord.state.guild import Membership

_VERIFY_KEY = "00" * 32


def me(discord: Discord, _: Call) -> object:
    guild = discord.core.guild
    owner = guild.users[guild.owner_id]
    return {
        "id": guild.application_id,
        "name": guild.world.application_name,
        "icon": None,
        "description": "",
        "summary": "",
        "type": None,
        "bot": guild.bot.wire(),
        "bot_public": False,
        "bot_require_code_grant": False,
        "owner": owner.wire(),
        "team": None,
        "verify_key": _VERIFY_KEY,
        "flags": application_flags(discord.core),
        "hook": True,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "integration_types_config": {"0": {}},
    }


def all_commands(discord: Discord, call: Call) -> object:
    return discord.commands.all(_scope(discord, call))


def get_command(discord: Discord, call: Call) -> object:
    return discord.commands.get(_scope(discord, call), call["command_id"])


def replace_commands(discord: Discord, call: Call) -> object:
    body = call.body if call.body is not None else []
    if not isinstance(body, list) or not all(isinstance(command, dict) for command in body):
        raise invalid("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    return discord.commands.replace_all(_scope(discord, call), body)


def create_command(discord: Discord, call: Call) -> object:
    """Answer 201 for a new command, 200 if one of that name existed."""
    scope = _scope(discord, call)
    before = {command["id"] for command in discord.commands.all(scope)}
    command = discord.commands.upsert(scope, call.json)
    return Reply(command, 200 if command["id"] in before else 201)


def edit_command(discord: Discord, call: Call) -> object:
    return discord.commands.patch(_scope(discord, call), call["command_id"], call.json)


def delete_command(discord: Discord, call: Call) -> object:
    discord.commands.delete(_scope(discord, call), call["command_id"])
    return None


def permissions(discord: Discord, call: Call) -> object:
    """Always empty: nobody changes permissions of commands here."""
    _scope(discord, call)
    return _no_permissions()


def _no_permissions() -> list[Json]:
    return []


def _scope(discord: Discord, call: Call) -> str | None:
    guild = discord.core.guild
    if call["application_id"] != guild.application_id:
        raise ApiError(Code.UNKNOWN_APPLICATION)
    guild_id = call.params.get("guild_id")
    if guild_id is not None and (guild_id != guild.id or guild.membership is Membership.REMOVED):
        # 50001 in a guild that the bot is not in: https://github.com/Rapptz/discord.py/issues/7841
        raise ApiError(Code.MISSING_ACCESS)
    return guild_id


def _command_routes(prefix: str) -> tuple[Route, ...]:
    one_path = prefix + "/{command_id}"
    return (
        Route("GET", prefix, all_commands, "commands.read"),
        Route("PUT", prefix, replace_commands, "commands"),
        Route("POST", prefix, create_command, "commands"),
        Route("GET", one_path, get_command, "commands.read"),
        Route("PATCH", one_path, edit_command, "commands"),
        Route("DELETE", one_path, delete_command, "commands"),
    )


_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
ROUTES = (
    Route("GET", "/oauth2/applications/@me", me, "application"),
    Route("GET", "/applications/@me", me, "application"),
    Route("GET", _GUILD + "/permissions", permissions, "commands.read"),
    *_command_routes("/applications/{application_id}/commands"),
    *_command_routes(_GUILD),
)
