"""How much of a job's log goes into its thread as a file, and what the file says of lines that are missing."""

MOST_BYTES = 10 * 1024 * 1024 - 64 * 1024
"""Discord takes 10 MiB; some of it is left for the rest of the message."""
PLAIN_BYTES = 1024 * 1024
"""A longer log is packed: over an uplink of 1 Mbit/s, 10 MiB of text take 84 s, and packed about a tenth of that."""
PART_BYTES = 8 * 1024 * 1024
"""The last part of a log that is too long even when packed."""


def gap(dropped: int, group: str) -> str:
    """The line in place of those that are missing."""
    return f"[signalbox: {dropped:,} lines are missing here. They are in the log group {group}.]"
