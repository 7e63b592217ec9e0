"""The application commands that the bot registers.

https://discord.com/developers/docs/interactions/application-commands
"""

from deploy.sandbox.discord.checks.commands import check
from deploy.sandbox.discord.protocol.errors import ApiError, Code, FormErrors
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.entities import User
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.permissions import Permission

MAX_COMMANDS = 100


class Commands:
    """`guild_id` is None for global commands. Here they are visible everywhere at once."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._sets: dict[str | None, dict[str, Json]] = {}

    def all(self, guild_id: str | None) -> list[Json]:
        return list(self._sets.get(guild_id, {}).values())

    def get(self, guild_id: str | None, command_id: str) -> Json:
        """Find a command. Raises 10063."""
        if (command := self._sets.get(guild_id, {}).get(command_id)) is None:
            raise ApiError(Code.UNKNOWN_COMMAND)
        return command

    def replace_all(self, guild_id: str | None, bodies: list[Json]) -> list[Json]:
        """Replace all commands. One with the same name and type keeps its id. Raises 50035, 30032."""
        if len(bodies) > MAX_COMMANDS:
            raise ApiError(Code.TOO_MANY_COMMANDS)
        errors = FormErrors()
        seen: set[tuple[str, int]] = set()
        for at, body in enumerate(bodies):
            check(body, str(at), errors)
            if (key := _key(body)) in seen:
                errors.add(
                    str(at),
                    "APPLICATION_COMMANDS_DUPLICATE_NAME",
                    "Application command names must be unique",
                )
            seen.add(key)
        errors.raise_if_any()
        ids = {_key(command): command["id"] for command in self.all(guild_id)}
        commands = [self._wire(body, guild_id, ids.get(_key(body))) for body in bodies]
        self._sets[guild_id] = {command["id"]: command for command in commands}
        self._announce("commands.put", commands, guild_id)
        return commands

    def upsert(self, guild_id: str | None, body: Json) -> Json:
        errors = FormErrors()
        check(body, "", errors)
        errors.raise_if_any()
        ids = {_key(command): command["id"] for command in self.all(guild_id)}
        if len(ids) >= MAX_COMMANDS and _key(body) not in ids:
            raise ApiError(Code.TOO_MANY_COMMANDS)
        return self._store("commands.create", guild_id, self._wire(body, guild_id, ids.get(_key(body))))

    def patch(self, guild_id: str | None, command_id: str, body: Json) -> Json:
        merged = self.get(guild_id, command_id) | body
        errors = FormErrors()
        check(merged, "", errors)
        errors.raise_if_any()
        return self._store("commands.edit", guild_id, self._wire(merged, guild_id, command_id))

    def delete(self, guild_id: str | None, command_id: str) -> None:
        command = self.get(guild_id, command_id)
        del self._sets[guild_id][command_id]
        self._announce("commands.delete", [command], guild_id)

    def drop(self, guild_id: str) -> None:
        """Drop all commands of a guild that the bot was removed from."""
        if self._sets.pop(guild_id, None):
            self._announce("commands.drop", [], guild_id)

    def visible_to(self, person: User) -> list[Json]:
        """Return the commands that a person may use. A guild command hides the global one of the same name."""
        found = {_key(command): command for command in self.all(None)}
        found |= {_key(command): command for command in self.all(self._core.guild.id)}
        allowed = self._core.guild.permissions(person)
        if not allowed & Permission.USE_APPLICATION_COMMANDS:
            return []
        return [command for command in found.values() if _may_use(command, allowed)]

    def _store(self, kind: str, guild_id: str | None, command: Json) -> Json:
        self._sets.setdefault(guild_id, {})[command["id"]] = command
        self._announce(kind, [command], guild_id)
        return command

    def _wire(self, body: Json, guild_id: str | None, command_id: str | None) -> Json:
        is_chat, needed = body.get("type", 1) == 1, body.get("default_member_permissions")
        command: Json = {
            "id": command_id or self._core.snowflakes.next(),
            "application_id": self._core.guild.application_id,
            "version": self._core.snowflakes.next(),
            "default_member_permissions": None if needed is None else str(needed),
            "type": body.get("type", 1),
            "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description", "") if is_chat else "",
            "description_localizations": body.get("description_localizations"),
            "dm_permission": body.get("dm_permission", True),
            "contexts": body.get("contexts"),
            "integration_types": body.get("integration_types") or [0],
            "nsfw": body.get("nsfw", False),
        }
        if guild_id is not None:
            command["guild_id"] = guild_id
        if is_chat:
            command["options"] = [_option(option) for option in body.get("options") or []]
        return command

    def _announce(self, kind: str, commands: list[Json], guild_id: str | None) -> None:
        names = [command["name"] for command in commands]
        self._core.ledger.add(kind, "bot", names=names, guild_id=guild_id)
        self._core.hub.publish(Event("COMMANDS_UPDATE", {}, to_bot=False))


def _option(option: Json) -> Json:
    """Return an option as Discord does: without empty and false fields."""
    trimmed = {name: value for name, value in option.items() if value or type(value) in (int, float)}
    if "options" in trimmed:
        trimmed["options"] = [_option(child) for child in trimmed["options"]]
    return trimmed


def _key(command: Json) -> tuple[str, int]:
    return command["name"], command.get("type", 1)


def _may_use(command: Json, allowed: Permission) -> bool:
    needed = command.get("default_member_permissions")
    if needed is None:
        return True
    if needed == "0":
        return bool(allowed & Permission.ADMINISTRATOR)
    return not int(needed) & ~int(allowed)
