"""The store: one SQLite file, one thread, one bot."""

from bot.adapters.sqlite.store import SqliteStore, open_store

__all__ = ["SqliteStore", "open_store"]
