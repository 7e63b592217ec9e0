"""Discord's validation of one command.

https://discord.com/developers/docs/interactions/application-commands
"""

import re
from enum import IntEnum

from deploy.sandbox.discord.protocol.errors import FormErrors
from deploy.sandbox.discord.protocol.wire import Json

MAX_OPTIONS, MAX_CHOICES, MAX_TEXT = 25, 25, 8000
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
    _check_text(value, path, errors)


def _check_text(value: object, path: str, errors: FormErrors) -> None:
    """1 to 100 characters once it is stripped. Discord does not say what a character is: UTF-16 units are the most."""
    text = value.strip() if isinstance(value, str) else value
    errors.text(text, path, maximum=100, minimum=1, required=True)
    if isinstance(text, str) and len(text) <= 100 < _units(text):
        errors.add(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")


def _check_choices(choices: list[Json], kind: OptionType, path: str, errors: FormErrors) -> None:
    """ "1-100 character choice name", each once; "Value for the choice, up to 100 characters if string"."""
    names: set[object] = set()
    for at, choice in enumerate(choices):
        place, name, value = f"{path}.{at}", choice.get("name"), choice.get("value")
        stripped = name.strip() if isinstance(name, str) else name
        _check_text(name, f"{place}.name", errors)
        if stripped in names:
            errors.add(place, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS", "Choice name already exists")
        names.add(stripped)
        if kind is OptionType.STRING:
            _check_text(value, f"{place}.value", errors)
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
