"""`[discord]`."""

import unicodedata
from typing import Annotated

from pydantic import Field, field_validator

from bot.chat.limits import COMMAND_NAME_CHARACTERS
from bot.config.section import Seconds, Section, Snowflake
from bot.domain.texts.command_names import COMMANDS

LONGEST_PREFIX = COMMAND_NAME_CHARACTERS - max(map(len, COMMANDS))


class Discord(Section):
    """[discord]"""

    guild_id: Snowflake
    api_url: str = "https://discord.com/api/v10"
    gateway_url: str = "wss://gateway.discord.gg/"
    audit_channel: Snowflake | None = None
    command_prefix: str = ""
    requests_per_second: Annotated[float, Field(gt=0, le=50)] = 45
    nonce_window_seconds: Seconds = 60  # Assumption: nonce-window.

    @field_validator("command_prefix")
    @classmethod
    def _makes_names(cls, prefix: str) -> str:
        """Check Discord's rules for names: letters and numbers of any script, and lower case where there is one.

        https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
        """
        if wrong := next((character for character in prefix if not _allowed(character)), None):
            hint = " Discord adds the slash itself." if wrong == "/" else ""
            raise ValueError(f'"{prefix}" has "{wrong}": use letters, numbers, - and _, such as "sb-".{hint}')
        if prefix != prefix.lower():
            raise ValueError(f'"{prefix}" has capitals: Discord takes small letters only, "{prefix.lower()}"')
        if len(prefix) > LONGEST_PREFIX:
            raise ValueError(
                f'"{prefix}" has {len(prefix)} characters: at most {LONGEST_PREFIX}, because a name has at most '
                f"{COMMAND_NAME_CHARACTERS} with it"
            )
        return prefix


def _allowed(character: str) -> bool:
    """True for Discord's `[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]`; discord.py refuses the apostrophe."""
    letter_or_number = unicodedata.category(character)[0] in "LN"
    return (
        letter_or_number or character in "-_" or "\u0900" <= character <= "\u097f" or "\u0e01" <= character <= "\u0e5b"
    )
