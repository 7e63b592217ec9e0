"""The application commands that the bot registers, with Discord's validation.

https://discord.com/developers/docs/interactions/application-commands
"""

import re
from enum import IntEnum

from deploy.sandbox.discord.protocol.errors import ApiError, Code, FormErrors
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.entities import User
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.permissions import Permission

MAX_COMMANDS, MAX_OPTIONS, MAX_CHOICES, MAX_TEXT = 100, 25, 25, 8000
MAX_INTEGER = 2**53 - 1
""""Any integer between -2^53+1 and 2^53-1": https://github.com/discord/discord-api-docs/pull/7458."""
_NAME = re.compile(r"[-_'\w\u0900-\u097f\u0e01-\u0e5b]{1,32}")
"""`^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$`, says Discord:
https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming"""


class OptionType(IntEnum):
    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


NESTED = frozenset({OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP})
_BOUNDED = frozenset({OptionType.INTEGER, OptionType.NUMBER})


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
        is_chat = body.get("type", 1) == 1
        command: Json = {
            "id": command_id or self._core.snowflakes.next(),
            "application_id": self._core.guild.application_id,
            "version": self._core.snowflakes.next(),
            "default_member_permissions": body.get("default_member_permissions"),
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


def check(body: Json, path: str, errors: FormErrors) -> None:
    """Check one command. `path` is its place in a bulk body."""
    dot = f"{path}." if path else ""
    kind = body.get("type", 1)
    if kind not in (1, 2, 3):
        errors.choice(f"{dot}type", "(1, 2, 3)")
    elif kind == 1:
        _check_name(body.get("name"), f"{dot}name", errors)
        if body.get("contexts") == []:
            # A guess on the strict side: the documents do not say what an empty list means.
            errors.add(f"{dot}contexts", "BASE_TYPE_MIN_LENGTH", "Must be 1 or more in length.")
        _check_description(body.get("description"), f"{dot}description", errors)
        _check_options(body.get("options"), f"{dot}options", errors)
        if _text_size(body) > MAX_TEXT:
            errors.add(
                f"{dot}options",
                "APPLICATION_COMMAND_TOO_LARGE",
                f"Command exceeds maximum size ({MAX_TEXT})",
            )
    else:
        errors.text(body.get("name"), f"{dot}name", maximum=32, minimum=1, required=True)


def _check_name(name: object, path: str, errors: FormErrors) -> None:
    text = errors.text(name, path, maximum=32, minimum=1, required=True)
    if text and (not _NAME.fullmatch(text) or text != text.lower()):
        errors.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(value: object, path: str, errors: FormErrors) -> None:
    options = errors.objects(value, path, maximum=MAX_OPTIONS)
    names: set[object] = set()
    optional_seen = False
    for at, option in enumerate(options):
        place = f"{path}.{at}"
        if option.get("type") not in tuple(OptionType):
            errors.choice(f"{place}.type", str(tuple(int(kind) for kind in OptionType)))
            continue
        _check_option(option, place, errors)
        if option.get("name") in names:
            errors.add(place, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists")
        names.add(option.get("name"))
        if option.get("required") and optional_seen:
            errors.add(
                place,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not option.get("required")


def _check_option(option: Json, path: str, errors: FormErrors) -> None:
    _check_name(option.get("name"), f"{path}.name", errors)
    _check_description(option.get("description"), f"{path}.description", errors)
    if option["type"] in NESTED:
        _check_options(option.get("options"), f"{path}.options", errors)
        return
    choices = errors.objects(option.get("choices"), f"{path}.choices", maximum=MAX_CHOICES)
    if choices and option.get("autocomplete"):
        errors.add(
            path,
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
            "Choices and autocomplete are mutually exclusive",
        )
    _check_choices(choices, OptionType(option["type"]), f"{path}.choices", errors)
    _check_bounds(option, path, errors)
    if any(option.get(name) is not None for name in ("min_value", "max_value")) and (option["type"] not in _BOUNDED):
        errors.add(
            path,
            "APPLICATION_COMMAND_OPTIONS_MIN_MAX_INVALID_TYPE",
            "Only integers and numbers have a minimum and maximum",
        )


def _check_description(value: object, path: str, errors: FormErrors) -> None:
    """ "1-100 character description". Discord strips it first, so a blank one is empty."""
    text = value.strip() if isinstance(value, str) else value
    errors.text(text, path, maximum=100, minimum=1, required=True)


def _check_choices(choices: list[Json], kind: OptionType, path: str, errors: FormErrors) -> None:
    """ "1-100 character choice name", each once; "Value for the choice, up to 100 characters if string"."""
    names: set[object] = set()
    for at, choice in enumerate(choices):
        place, name, value = f"{path}.{at}", choice.get("name"), choice.get("value")
        stripped = name.strip() if isinstance(name, str) else name
        errors.text(stripped, f"{place}.name", maximum=100, minimum=1, required=True)
        if stripped in names:
            errors.add(place, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS", "Choice name already exists")
        names.add(stripped)
        if kind is OptionType.STRING:
            text = value.strip() if isinstance(value, str) else value
            errors.text(text, f"{place}.value", maximum=100, minimum=1, required=True)
        elif not isinstance(value, int | float):
            errors.required(f"{place}.value")
        elif kind is OptionType.INTEGER and abs(value) > MAX_INTEGER:
            _out_of_range(f"{place}.value", errors)


def _check_bounds(option: Json, path: str, errors: FormErrors) -> None:
    """Bounds lie within Discord's own, and the minimum is not above the maximum."""
    low, high = option.get("min_value"), option.get("max_value")
    largest = MAX_INTEGER if option["type"] == OptionType.INTEGER else MAX_INTEGER + 1
    for name, bound in (("min_value", low), ("max_value", high)):
        if bound is not None and not -largest <= bound <= largest:
            _out_of_range(f"{path}.{name}", errors)
    if low is not None and high is not None and low > high:
        errors.add(path, "APPLICATION_COMMAND_OPTIONS_MIN_VALUE_GREATER_THAN_MAX_VALUE", "min_value exceeds max_value")


def _out_of_range(path: str, errors: FormErrors) -> None:
    errors.add(path, "NUMBER_TYPE_MAX", f"Value must be between -{MAX_INTEGER} and {MAX_INTEGER}.")


def _text_size(body: Json) -> int:
    """Count the characters in all names, descriptions and choices: "maximum of 8000 characters for combined name,
    description, and value properties for each command, its options (including subcommands and groups), and choices".

    https://docs.discord.com/developers/interactions/application-commands. It does not say which unit a character is;
    here as in Discord's other limits, UTF-16, the larger number.
    """
    size = _units(body.get("name") or "") + _units(body.get("description") or "")
    for choice in body.get("choices") or ():
        size += _units(choice.get("name") or "") + _units(str(choice.get("value", "")))
    return size + sum(_text_size(option) for option in body.get("options") or ())


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


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
