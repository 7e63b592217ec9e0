"""`[projects.<name>.parameters.<parameter>]`."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.chat.limits import CHOICE_CHARACTERS, DESCRIPTION_CHARACTERS, LARGEST_INTEGER, LARGEST_NUMBER
from bot.config.section import Name, Section
from bot.domain.inert import one_line
from bot.domain.logs.log_lines import units
from bot.domain.numbers import as_typed
from bot.domain.parameters import Kind, Parameter
from bot.errors import BadInput
from trainer.command_line import Action

RESERVED_OPTIONS = ("branch", "commit", "job", "project")
"""The bot's own options of /train and /retry. A parameter called `set` has no option, but `set` takes it."""


class ParameterSettings(Section):
    """[projects.<name>.parameters.<parameter>]"""

    type: Kind
    default: bool | int | float | str | None = None
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()
    description: Annotated[str, Field(max_length=100)] = ""
    aliases: tuple[Name, ...] = ()
    optional: bool = False
    flag: str = ""
    action: Action | None = None
    option: bool | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.type is Kind.CHOICE) != bool(self.choices):
            raise ValueError('choices and type = "choice" go together: set both or neither')
        _check_choices(self.choices)
        _check_description(self.description)
        if (self.min is not None or self.max is not None) and self.type not in (Kind.INT, Kind.FLOAT):
            raise ValueError('min and max only work with type "int" or "float"')
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({as_typed(self.min)}) is greater than max ({as_typed(self.max)})")
        _check_bounds(self.type, self.min, self.max)
        if self.default is not None:
            try:
                parameter("default", self).parse(self.default)
            except BadInput as error:
                raise ValueError(str(error)) from error
        return self

    @model_validator(mode="after")
    def _can_be_passed(self) -> Self:
        if self.optional and self.default is not None:
            raise ValueError("optional and default exclude each other: leave one of them out")
        if self.action is not None and self.type is not Kind.BOOLEAN:
            raise ValueError(f'action = "{self.action}" only works with type = "boolean"')
        if self.flag != "".join(self.flag.split()):
            raise ValueError(f'flag "{self.flag}" must be one word without spaces')
        return self


def _check_description(text: str) -> None:
    if text and not one_line(text):
        raise ValueError("description is blank: write one, or leave it out")
    if units(text) > DESCRIPTION_CHARACTERS:
        raise ValueError(f"description has {units(text)} characters: Discord takes at most {DESCRIPTION_CHARACTERS}")


def _check_choices(choices: Sequence[str]) -> None:
    """Refuse what Discord refuses: "1-100 character choice name", each once, none blank."""
    for choice in choices:
        if choice != choice.strip() or not one_line(choice):
            raise ValueError(f'choice "{choice}" must not be blank, nor begin or end with a space')
        if units(choice) > CHOICE_CHARACTERS:
            raise ValueError(
                f'choice "{choice[:20]}…" has {units(choice)} characters: Discord takes at most {CHOICE_CHARACTERS}'
            )
    doubled = [choice for choice, count in Counter(choices).items() if count > 1]
    if doubled:
        raise ValueError(f'choice "{doubled[0]}" is listed twice: list it once')


def _check_bounds(kind: Kind, low: float | None, high: float | None) -> None:
    """Refuse bounds that leave no value that can be typed in Discord."""
    if any(bound is not None and math.isnan(bound) for bound in (low, high)):
        raise ValueError("min and max must be numbers, not nan")
    largest = LARGEST_INTEGER if kind is Kind.INT else LARGEST_NUMBER
    low, high = max(-math.inf if low is None else low, -largest), min(math.inf if high is None else high, largest)
    if low > high:
        raise ValueError(f"min and max leave no value within {-largest:.0f} to {largest:.0f}, which Discord takes")
    if kind is Kind.INT and math.ceil(low) > math.floor(high):
        raise ValueError(f"there is no whole number from min ({as_typed(low)}) to max ({as_typed(high)})")


def parameter(name: str, settings: ParameterSettings) -> Parameter:
    return Parameter(
        name=name,
        kind=settings.type,
        default=settings.default,
        minimum=settings.min,
        maximum=settings.max,
        choices=settings.choices,
        description=settings.description,
        aliases=settings.aliases,
        optional=settings.optional,
        option=settings.option,
    )
