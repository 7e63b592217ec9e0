"""`[projects.<name>.parameters.<parameter>]`."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.chat.limits import CHOICES
from bot.config.section import Name, Section
from bot.domain.parameters import Kind, Parameter
from bot.errors import BadInput

RESERVED_OPTIONS = ("branch", "commit", "job", "project")
"""The bot's own options of /train and /retry, besides the project's parameters. A command has at most 3 of them."""


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
            raise ValueError('choices and type = "choice" go together: set both or neither')
        if len(self.choices) > CHOICES:
            raise ValueError(f"{len(self.choices)} choices are too many: Discord shows at most {CHOICES}")
        if (self.min is not None or self.max is not None) and self.type not in (Kind.INT, Kind.FLOAT):
            raise ValueError('min and max only work with type "int" or "float"')
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is greater than max ({self.max:g})")
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
