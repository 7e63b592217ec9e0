"""`[projects.<name>.parameters.<parameter>]`."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.config.section import Name, Section
from bot.domain.parameters import Kind, Parameter
from bot.errors import BadInput

MOST_CHOICES = 25
RESERVED_OPTIONS = ("branch", "commit", "job", "project")
"""Names of the options that /train and /retry have beside the project's parameters; one command has 3 at most."""


class ParameterSettings(Section):
    """[projects.<name>.parameters.<parameter>]"""

    type: Kind
    default: bool | int | float | str | None = None
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()
    description: Annotated[str, Field(max_length=100)] = ""
    aliases: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.type is Kind.CHOICE) != bool(self.choices):
            raise ValueError('choices go with type "choice", and it with them')
        if len(self.choices) > MOST_CHOICES:
            raise ValueError(f"at most {MOST_CHOICES} choices, as Discord shows no more")
        if (self.min is not None or self.max is not None) and self.type not in (Kind.INT, Kind.FLOAT):
            raise ValueError('min and max go with type "int" or "float"')
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is above max ({self.max:g})")
        if self.default is not None:
            try:
                parameter("default", self).parse(self.default)
            except BadInput as error:
                raise ValueError(str(error)) from error
        return self


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
    )
