"""A bot with fake services, connected to the stand-in."""

from tests.bot.chat.room import room

__all__ = ["room"]
