"""The base of every section of config.toml: strict, frozen models, and the types of their values."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[a-z][a-z0-9_-]{0,31}$"
Name = Annotated[str, Field(pattern=NAME)]
Snowflake = Annotated[int, Field(gt=0, lt=2**63)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
