"""`[git]`."""

from typing import Annotated

from pydantic import Field

from bot.config.section import Seconds, Section

Mib = Annotated[int, Field(ge=1, le=1_000_000)]


class Git(Section):
    """[git] What the bot's copy of each repository may take."""

    branches: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    listing_mib: Annotated[int, Field(ge=1, le=64)] = 16
    fetch_mib: Mib = 1024
    copy_mib: Mib = 2048
    memory_mib: Annotated[int, Field(ge=32, le=1_000_000)] = 256
    fetch_seconds: Seconds = 60
    first_fetch_seconds: Seconds = 300
