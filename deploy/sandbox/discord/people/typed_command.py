"""A slash command as a person types it: `/train branch:main lr:0.1`, checked as Discord's client does."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.sandbox.discord.interactions.registered_commands import NESTED, OptionType
from deploy.sandbox.discord.protocol.wire import Json, comma_list
from deploy.sandbox.discord.state.entities import Channel, Role, User
from deploy.sandbox.discord.state.guild import Guild

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)', re.DOTALL)
_LOOKS_NAMED = re.compile(r"(?:^|\s)([\w-]+):\S")
_MAX_INTEGER = 2**53
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class TypedCommand:
    """A command with its subcommands walked down to the options at the end."""

    command: Json
    path: tuple[Json, ...]
    """The subcommand group and the subcommand, where there are any."""
    rest: str = ""

    @property
    def name(self) -> str:
        return " ".join([self.command["name"], *(step["name"] for step in self.path)])

    @property
    def options(self) -> list[Json]:
        """What may be given."""
        holder = self.path[-1] if self.path else self.command
        return holder.get("options") or []

    def nest(self, options: list[Json]) -> list[Json]:
        """The filled options inside their subcommands, as an interaction carries them."""
        for step in reversed(self.path):
            options = [{"name": step["name"], "type": step["type"], "options": options}]
        return options


def find_command(commands: Sequence[Json], line: str) -> TypedCommand:
    """The command that a line without its slash begins with. Raises ValueError with the valid names."""
    name, _, rest = line.strip().partition(" ")
    by_name = {command["name"]: command for command in commands if command["type"] == 1}
    if name not in by_name:
        raise ValueError(f"there is no command /{name}; there are {comma_list(f'/{known}' for known in by_name)}")
    command = by_name[name]
    path: list[Json] = []
    while nested := [option for option in _sub_options(command, path) if option["type"] in NESTED]:
        word, _, after = rest.strip().partition(" ")
        step = next((option for option in nested if option["name"] == word), None)
        if step is None:
            names = comma_list(option["name"] for option in nested)
            raise ValueError(f"/{name} needs one of {names}, {word!r} was given")
        path.append(step)
        rest = after
    return TypedCommand(command, tuple(path), rest.strip())


def parse_options(text: str, options: Sequence[Json]) -> dict[str, str]:
    """Named values of a line, in its order; words in front of the first name fill the first string option.

    A value goes on to the next `name:` of an option, or is quoted (`\\"` and `\\\\` inside).
    Raises ValueError.
    """
    names = sorted((option["name"] for option in options), key=len, reverse=True)
    marker = re.compile(rf"(?<!\S)({'|'.join(map(re.escape, names))}):") if names else re.compile(r"(?!)")
    values: dict[str, str] = {}
    name, start = None, 0
    while True:
        opening = len(text) - len(text[start:].lstrip())
        quoted = _QUOTED.match(text, opening)
        following = marker.search(text, quoted.end() if quoted else start)
        value = text[start : following.start() if following else len(text)].strip()
        if quoted and value == quoted.group():
            value = re.sub(r"\\(.)", r"\1", quoted.group(1), flags=re.DOTALL)
        if name is not None or value:
            key = name if name is not None else _first_string_option(options, value)
            if key in values:
                raise ValueError(f"{key} was given twice")
            values[key] = value
        if following is None:
            return values
        name, start = following.group(1), following.end()


def format_options(values: Mapping[str, object]) -> str:
    """The line that `parse_options` understands as these values."""
    return " ".join(f"{name}:{_quote(value)}" for name, value in values.items())


def fill_options(options: Sequence[Json], values: Mapping[str, object], guild: Guild) -> list[Json]:
    """Filled and checked options. Raises ValueError with what was given, expected and valid."""
    by_name = {option["name"]: option for option in options}
    if unknown := [name for name in values if name not in by_name]:
        raise ValueError(f"there is no option {comma_list(unknown)}; the options are {comma_list(by_name)}")
    missing = [name for name, option in by_name.items() if option.get("required") and name not in values]
    if missing:
        raise ValueError(f"{comma_list(missing)} must be given")
    return [
        {"name": name, "type": by_name[name]["type"], "value": convert_value(by_name[name], value, guild)}
        for name, value in values.items()
    ]


def fill_for_autocomplete(
    options: Sequence[Json], values: Mapping[str, object], focused: str, guild: Guild
) -> list[Json]:
    """For autocomplete: the focused option is raw text, others are left out while they are wrong."""
    by_name = {option["name"]: option for option in options}
    if focused not in by_name:
        raise ValueError(f"there is no option {focused!r}; the options are {comma_list(by_name)}")
    if not by_name[focused].get("autocomplete"):
        able = comma_list(name for name, option in by_name.items() if option.get("autocomplete"))
        raise ValueError(f"{focused} has no autocomplete; {able} can be completed")
    filled: list[Json] = []
    for name, value in {focused: "", **values}.items():
        option = by_name.get(name)
        if option is None:
            continue
        if name == focused:
            filled.append({"name": name, "type": option["type"], "value": str(value), "focused": True})
            continue
        try:
            filled.append({"name": name, "type": option["type"], "value": convert_value(option, value, guild)})
        except ValueError:
            continue
    return filled


def convert_value(option: Json, value: object, guild: Guild) -> object:
    """One value as its option's type. Raises ValueError."""
    if option.get("choices"):
        return _choice(option, value)
    match OptionType(option["type"]):
        case OptionType.STRING:
            return _string(option, value)
        case OptionType.INTEGER | OptionType.NUMBER:
            return _number(option, value)
        case OptionType.BOOLEAN:
            return _boolean(option, value)
        case OptionType.ATTACHMENT:
            raise ValueError(f"{option['name']}: a file cannot be typed")
    return _resolve_mention(option, value, guild)


def _sub_options(command: Json, path: list[Json]) -> list[Json]:
    return (path[-1] if path else command).get("options") or []


def _first_string_option(options: Sequence[Json], words: str) -> str:
    for option in options:
        if option["type"] == OptionType.STRING:
            return str(option["name"])
    names = comma_list(option["name"] for option in options)
    raise ValueError(f"{words!r} has no name in front; the options are {names}, each as name:value")


def _quote(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _choice(option: Json, value: object) -> object:
    for choice in option["choices"]:
        if value == choice["value"] or str(value) in (choice["name"], str(choice["value"])):
            return choice["value"]
    names = comma_list(choice["name"] for choice in option["choices"])
    raise ValueError(f"{option['name']}: {value!r} was given; the choices are {names}")


def _string(option: Json, value: object) -> str:
    text = str(value)
    least, most = option.get("min_length") or 0, option.get("max_length") or 6000
    if not text or not least <= len(text) <= most:
        raise ValueError(
            f"{option['name']}: {len(text)} characters were given, from {max(least, 1)} to {most} are expected"
        )
    return text


def _number(option: Json, value: object) -> int | float:
    whole = option["type"] == OptionType.INTEGER
    expected = "a whole number" if whole else "a number"
    text = str(value).strip()
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        hint = _LOOKS_NAMED.search(text)
        named = f"; there is no option {hint.group(1)!r}" if hint else ""
        raise ValueError(f"{option['name']}: {text!r} was given, {expected} is expected{named}") from None
    least, most = option.get("min_value", -_MAX_INTEGER), option.get("max_value", _MAX_INTEGER)
    if isinstance(value, bool) or not least <= number <= most:
        raise ValueError(f"{option['name']}: {text} was given, {expected} from {least} to {most} is expected")
    return number


def _boolean(option: Json, value: object) -> bool:
    text = str(value).lower()
    if text not in _TRUE + _FALSE:
        raise ValueError(f"{option['name']}: {value!r} was given, true or false is expected")
    return text in _TRUE


def _resolve_mention(option: Json, value: object, guild: Guild) -> str:
    """A user, role or channel by id, by mention (`<@id>`) or by name, with or without its sign."""
    kind, text = OptionType(option["type"]), str(value)
    things: list[User | Role | Channel] = []
    if kind in (OptionType.USER, OptionType.MENTIONABLE):
        things += guild.users.values()
    if kind in (OptionType.ROLE, OptionType.MENTIONABLE):
        things += guild.roles.values()
    if kind is OptionType.CHANNEL:
        things += guild.channels.values()
    bare = text.strip("<>@!&# ")
    for thing in things:
        if bare == thing.id or bare.lower() == thing.name.lstrip("@").lower():
            return thing.id
    names = comma_list(thing.name for thing in things)
    raise ValueError(f"{option['name']}: {text!r} was given; a {kind.name.lower()} is expected: {names}")
