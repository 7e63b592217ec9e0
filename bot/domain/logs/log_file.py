"""What of a job's log goes into its thread as a file."""

MOST_BYTES = 10 * 1024 * 1024 - 64 * 1024
"""Discord takes 10 MiB, and something for the rest of the message."""
PART_BYTES = 8 * 1024 * 1024
"""Of a log that is too long also when it is packed, the last part."""


def words(lines: int, *, partial: int, uri: str) -> str:
    """What is said beside the file; `partial` is the size of the last part in bytes, 0 where the file is the whole."""
    counted = f"{lines:,} line{'s' if lines != 1 else ''}"
    if not partial:
        return f"The whole log, {counted}."
    return (
        f"The last {partial / 1024**2:.0f} MiB of the log. All of it, {counted}, is too long for Discord: it is in "
        f"`{uri}`, and `/artifacts` gives a link."
    )
