"""pydantic's errors as lines for people: key, value, what was expected, the nearest known key."""

import difflib
from collections.abc import Sequence
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from trainer.credentials import without_credentials

_VALUE_CHARACTERS = 60


def problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line for each mistake, in the order of the file's sections."""
    return [_problem(details, model) for details in error.errors()]


def _problem(details: ErrorDetails, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in details["loc"] if part != "[key]") or "the file"
    if details["type"] == "missing":
        return f"{key}: missing; expected {_expected(details, model)}"
    if details["type"] == "extra_forbidden":
        return _unknown(details, model, key)
    if details["type"] == "value_error":
        return f"{key}: {str(details['ctx']['error']) if 'ctx' in details else details['msg']}"
    return f"{key}: {_value(details['input'])} was given; {_worded(details['msg'])}"


def _unknown(details: ErrorDetails, model: type[BaseModel], key: str) -> str:
    known = sorted(_model_at(model, details["loc"][:-1]).model_fields)
    near = difflib.get_close_matches(str(details["loc"][-1]), known, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{key}: unknown key.{meant} Valid: {', '.join(known)}"


def _expected(details: ErrorDetails, model: type[BaseModel]) -> str:
    owner = _model_at(model, details["loc"][:-1])
    field = owner.model_fields.get(str(details["loc"][-1]))
    annotation = field.annotation if field is not None else None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a section [{'.'.join(str(part) for part in details['loc'])}]"
    return getattr(annotation, "__name__", "a value").replace("str", "a text").replace("int", "a whole number")


def _model_at(model: type[BaseModel], loc: Sequence[int | str]) -> type[BaseModel]:
    """The model of the section at `loc`; a dictionary's keys (`projects.<name>`) are stepped over."""
    for part in loc:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        candidates = [field.annotation, *get_args(field.annotation)]
        model = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), model)
    return model


def _value(value: object) -> str:
    text = without_credentials(repr(value))
    return text if len(text) <= _VALUE_CHARACTERS else text[:_VALUE_CHARACTERS] + "…"


def _worded(message: str) -> str:
    """pydantic's message in our words: `expected a valid integer, …`."""
    return message.replace("Input should be", "expected", 1)
