"""Parses a typed slash command such as `/train branch:main lr:0.1` and checks it as Discord's client does."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.sandbox.discord.checks.commands import NESTED, OptionType
from deploy.sandbox.discord.protocol.wire import Json, comma_list
from deploy.sandbox.discord.state.entities import Channel, Role, User
from deploy.sandbox.discord.state.guild import Guild

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)', re.DOTALL)
_LOOKS_NAMED = re.compile(r"(?:^|\s)([\w-]+):\S")
_MAX_INTEGER = 2**53
_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
"""The client is JavaScript, which reads no `1_000`, no `nan` and no full-width digits as a number. That it takes `1e-4`
was never seen."""
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class TypedCommand:
    """A command with the chosen subcommand, and the rest of the line."""

    command: Json
    path: tuple[Json, ...]
    """The subcommand group and the subcommand, if there are any."""
    rest: str = ""

    @property
    def name(self) -> str:
        return " ".join([self.command["name"], *(step["name"] for step in self.path)])

    @property
    def options(self) -> list[Json]:
        """The options that the command or subcommand takes."""
        holder = self.path[-1] if self.path else self.command
        return holder.get("options") or []

    def nest(self, options: list[Json]) -> list[Json]:
        """Nest filled options in their subcommands, as an interaction has them."""
        for step in reversed(self.path):
            options = [{"name": step["name"], "type": step["type"], "options": options}]
        return options


def find_command(commands: Sequence[Json], line: str) -> TypedCommand:
    """Find the command at the start of a line without its slash. Raises ValueError with the valid names."""
    name, _, rest = line.strip().partition(" ")
    by_name = {command["name"]: command for command in commands if command["type"] == 1}
    if name not in by_name:
        raise ValueError(f"unknown command /{name}; the commands are {comma_list(f'/{known}' for known in by_name)}")
    command = by_name[name]
    path: list[Json] = []
    while nested := [option for option in _sub_options(command, path) if option["type"] in NESTED]:
        word, _, after = rest.strip().partition(" ")
        step = next((option for option in nested if option["name"] == word), None)
        if step is None:
            names = comma_list(option["name"] for option in nested)
            raise ValueError(f"/{name} needs one of {names} (got {word!r})")
        path.append(step)
        rest = after
    return TypedCommand(command, tuple(path), rest.strip())


def parse_options(text: str, options: Sequence[Json]) -> dict[str, str]:
    """Parse a line into values by option name, in the line's order. Raises ValueError.

    Words before the first name fill the first option if that is required: its field opens with the command. Otherwise
    the client drops them and sends the command without: https://github.com/discord/discord-api-docs/issues/2626 and
    3702 ("working as intended"). Assumption: dropped-text. A value ends at the next `name:` of an option, or is
    quoted (`\\"` and `\\\\` inside).
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
            key = name if name is not None else _open_option(options)
            if key in values:
                raise ValueError(f"{key} appears twice")
            if key is not None:
                values[key] = value
        if following is None:
            return values
        name, start = following.group(1), following.end()


def format_options(values: Mapping[str, object]) -> str:
    """Return a line that `parse_options` reads as these values."""
    return " ".join(f"{name}:{_quote(value)}" for name, value in values.items())


def fill_options(options: Sequence[Json], values: Mapping[str, object], guild: Guild) -> list[Json]:
    """Convert and check option values. Raises ValueError with the reason and the valid choices."""
    by_name = {option["name"]: option for option in options}
    if unknown := [name for name in values if name not in by_name]:
        raise ValueError(f"unknown option {comma_list(unknown)}; the options are {comma_list(by_name)}")
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
    """Fill options for autocomplete: the focused one is raw text; others are left out while they are invalid."""
    by_name = {option["name"]: option for option in options}
    if focused not in by_name:
        raise ValueError(f"unknown option {focused!r}; the options are {comma_list(by_name)}")
    if not by_name[focused].get("autocomplete"):
        names = comma_list(name for name, option in by_name.items() if option.get("autocomplete"))
        raise ValueError(f"{focused} has no autocomplete; these options do: {names}")
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
    """Convert a value to its option's type. Raises ValueError."""
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
            raise ValueError(f"{option['name']} takes a file, which cannot be typed")
    return _resolve_mention(option, value, guild)


def _sub_options(command: Json, path: list[Json]) -> list[Json]:
    return (path[-1] if path else command).get("options") or []


def _open_option(options: Sequence[Json]) -> str | None:
    """The required option whose field opens with the command; None if text is dropped. Required options come first."""
    first = options[0] if options else None
    return str(first["name"]) if first is not None and first.get("required") else None


def _quote(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _choice(option: Json, value: object) -> object:
    for choice in option["choices"]:
        if value == choice["value"] or str(value) in (choice["name"], str(choice["value"])):
            return choice["value"]
    names = comma_list(choice["name"] for choice in option["choices"])
    raise ValueError(f"{option['name']} must be one of {names} (got {value!r})")


def _string(option: Json, value: object) -> str:
    text = str(value)
    minimum, maximum = max(option.get("min_length") or 0, 1), option.get("max_length") or 6000
    if not minimum <= len(text) <= maximum:
        raise ValueError(f"{option['name']} must have {minimum} to {maximum} characters (got {len(text)})")
    return text


def _number(option: Json, value: object) -> int | float:
    """As an English client: ASCII digits, and commas dropped, so that `0,1` is 1.0.

    https://github.com/discord/discord-api-docs/issues/6107; the forms of a number are those of JavaScript, guessed.
    """
    whole = option["type"] == OptionType.INTEGER
    expected = "a whole number" if whole else "a number"
    text = str(value).strip()
    digits = text.replace(",", "")
    if not (_WHOLE if whole else _DECIMAL).fullmatch(digits):
        hint = _LOOKS_NAMED.search(text)
        unknown = f"; there is no option {hint.group(1)!r}" if hint else ""
        raise ValueError(f"{option['name']} must be {expected} (got {text!r}){unknown}")
    number = int(digits) if whole else float(digits)
    minimum, maximum = option.get("min_value", -_MAX_INTEGER), option.get("max_value", _MAX_INTEGER)
    if isinstance(value, bool) or not minimum <= number <= maximum:
        raise ValueError(f"{option['name']} must be {expected} from {minimum} to {maximum} (got {text})")
    return number


def _boolean(option: Json, value: object) -> bool:
    text = str(value).lower()
    if text not in _TRUE + _FALSE:
        raise ValueError(f"{option['name']} must be true or false (got {value!r})")
    return text in _TRUE


def _resolve_mention(option: Json, value: object, guild: Guild) -> str:
    """Find a user, role or channel by id, mention (`<@id>`) or name (with or without @ or #), and return its id."""
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
    raise ValueError(f"{option['name']} must be a {kind.name.lower()}: {names} (got {text!r})")
