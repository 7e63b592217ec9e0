"""Results that are not in the bucket, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.storage.bucket import BucketTrouble, Conflict

_NAMED = 3


@dataclass(frozen=True, slots=True)
class NotStored:
    """`by_s3`: S3 did not take it, so the job has lost it through no fault of its code. `again`: a retry may help."""

    name: str
    reason: str
    by_s3: bool = False
    again: bool = False


def because(name: str, error: Exception) -> NotStored:
    """Explain an error that storing this file has raised."""
    if isinstance(error, BucketTrouble):
        return NotStored(name, str(error), by_s3=True, again=not error.final)
    if isinstance(error, Conflict | KeyError):
        return NotStored(name, f"S3 did not take it: {error}", by_s3=True, again=True)
    if isinstance(error, OSError):
        return NotStored(name, error.strerror or str(error))
    return NotStored(name, f"{type(error).__name__}: {error}", by_s3=True)


def listed(names: Sequence[str], most: int = _NAMED) -> str:
    """Format `a, b, c and 4 more`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
