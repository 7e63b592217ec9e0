"""How much of a job's log goes into its thread as a file."""

MOST_BYTES = 10 * 1024 * 1024 - 64 * 1024
"""Discord takes 10 MiB; some of it is left for the rest of the message."""
PART_BYTES = 8 * 1024 * 1024
"""The last part of a log that is too long even when packed."""
