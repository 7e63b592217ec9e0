"""`[discord]`."""

from typing import Annotated

from pydantic import Field

from bot.config.section import Seconds, Section, Snowflake


class Discord(Section):
    """[discord]"""

    guild_id: Snowflake
    api_url: str = "https://discord.com/api/v10"
    gateway_url: str = "wss://gateway.discord.gg/"
    requests_per_second: Annotated[float, Field(gt=0, le=50)] = 45
    nonce_window_seconds: Seconds = 60
