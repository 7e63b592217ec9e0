"""The services on the real store, with the outside in memory."""

from tests.support.services import bot, outside, store

__all__ = ["bot", "outside", "store"]
