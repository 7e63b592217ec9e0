"""pydantic's errors as lines for people: the setting, what is wrong with it, and what to write instead."""

import difflib
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.deploy import HOST, INSTANCE_TYPE, STACK
from bot.config.prices import REGION
from bot.config.section import NAME
from bot.domain.parameters import Kind
from bot.errors import any_of
from trainer.credentials import without_credentials

_MOST_CHARACTERS = 60
_PATTERNS = {
    NAME: "a name of at most 32 characters a-z, 0-9, _ and -, starting with a letter",
    STACK: "a name of at most 32 characters a-z, 0-9 and -, starting with a letter",
    INSTANCE_TYPE: "an instance type such as g4dn.xlarge",
    REGION: 'a region such as eu-west-1, or "" for that of [aws]',
    HOST: 'an instance type such as t4g.small, or "none"',
}
_LIST = 'a list such as ["a", "b"]'
_ANY = "union"
"""Our own type of error, for a setting that may have several types."""
_SIMPLE = ("bool", "int", "float", "str")
_BY_TYPE = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a section",
    "enum": "one of {expected}",
    "finite_number": "a number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "greater than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller number",
    "int_type": "a whole number",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "literal_error": "one of {expected}",
    "model_type": "a section",
    "path_type": "a path in quotes",
    "string_too_long": "at most {max_length} characters long",
    "string_type": "text in quotes",
    "too_short": "a list with at least {min_length} entry",
    _ANY: "text in quotes, a number, true or false",
}
"""What a value must be, by the type of pydantic's error: https://docs.pydantic.dev/latest/errors/validation_errors/"""
_BY_ANNOTATION: dict[Any, str] = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    tuple: _LIST,
    Kind: any_of([f'"{kind}"' for kind in Kind]),
}


class Mistakes(ValueError):
    """Several mistakes that a validator found, each a whole line with its key."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


def problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line per mistake, in the order of the file's sections."""
    found = [details for details in error.errors() if not _counts_wrong_entries(details)]
    lines = [line for details in found for line in _problems(details, model)]
    return list(dict.fromkeys(lines))  # pydantic has one error for each type that a setting may have


def _counts_wrong_entries(details: ErrorDetails) -> bool:
    """pydantic calls a list of wrong entries too short as well: it does not count them."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def _problems(details: ErrorDetails, model: type[BaseModel]) -> Sequence[str]:
    own = details.get("ctx", {}).get("error")
    return own.lines if isinstance(own, Mistakes) else [_problem(details, model)]


def _problem(details: ErrorDetails, model: type[BaseModel]) -> str:
    if _is_member(details, model):
        details = {**details, "loc": details["loc"][:-1], "type": _ANY}
    key = _place(details["loc"])
    if details["type"] == "missing":
        return f"{key} is missing. {_missing(details, model)}"
    if details["type"] == "extra_forbidden":
        return _unknown(details, model, key)
    if details["type"] == "value_error":
        return f"{key}: {str(details['ctx']['error']) if 'ctx' in details else details['msg']}"
    required = _required(details, model)
    if required is None:
        return f"{key}: {details['msg']}, not {_value(details['input'])}"
    return f"{key} must be {required}, not {_value(details['input'])}"


def _place(loc: Sequence[int | str]) -> str:
    """`projects.mnist.branches: entry 2`."""
    names = ".".join(part for part in loc if isinstance(part, str) and part != "[key]") or "the file"
    entries = ", ".join(f"entry {part + 1}" for part in loc if isinstance(part, int))
    return f"{names}: {entries}" if entries else names


def _is_member(details: ErrorDetails, model: type[BaseModel]) -> bool:
    """Whether the error is about one of the types that a setting may have: `default.bool`."""
    *owner, name, member = ("", "", *details["loc"])
    field = _model_at(model, owner).model_fields.get(str(name))
    return field is not None and get_origin(field.annotation) is UnionType and member in _SIMPLE


def _required(details: ErrorDetails, model: type[BaseModel]) -> str | None:
    """What the value must be, in our words; None for an error that no setting of ours can cause so far."""
    context: Mapping[str, Any] = details.get("ctx", {})
    if details["type"] == "tuple_type":
        return _list_of(details, model)
    if details["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"])
    words = _BY_TYPE.get(details["type"])
    return words.format(**context).replace("'", '"') if words is not None else None


def _list_of(details: ErrorDetails, model: type[BaseModel]) -> str:
    field = _model_at(model, details["loc"][:-1]).model_fields.get(str(details["loc"][-1]))
    members = get_args(field.annotation) if field is not None else ()
    return "a list of numbers such as [1, 2]" if members and get_args(members[0])[:1] == (int,) else _LIST


def _unknown(details: ErrorDetails, model: type[BaseModel], key: str) -> str:
    known = sorted(_model_at(model, details["loc"][:-1]).model_fields)
    near = difflib.get_close_matches(str(details["loc"][-1]), known, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{key} is not a setting.{meant} Choose one: {', '.join(known)}"


def _missing(details: ErrorDetails, model: type[BaseModel]) -> str:
    owner = _model_at(model, details["loc"][:-1])
    field = owner.model_fields.get(str(details["loc"][-1]))
    annotation = field.annotation if field is not None else None
    section = ".".join(str(part) for part in details["loc"])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"Add a section [{section}]"
    if get_origin(annotation) is dict:
        return f"Add at least one section [{section}.<name>]"
    words = _BY_ANNOTATION.get(get_origin(annotation) or annotation, "a value")
    return f"Set it to {words}"


def _model_at(model: type[BaseModel], loc: Sequence[int | str]) -> type[BaseModel]:
    """The model of the section at `loc`, skipping the keys of dictionaries (`projects.<name>`)."""
    for part in loc:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        candidates = [field.annotation, *get_args(field.annotation)]
        model = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), model)
    return model


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{name} = {_toml(each)}' for name, each in value.items())}}}"
        case _:
            return str(value)  # a number, a date or a time


def _value(value: object) -> str:
    """The value as it stands in the file, short and without credentials."""
    text = without_credentials(_toml(value))
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "…"
