"""The record of who asked for what, what was decided, and what the bot did: entries, their chain, and their check."""
