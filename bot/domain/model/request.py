"""Who asked for a job or a sweep, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One accepted command. `created_at` is in seconds since the epoch, by the bot's own clock."""

    asker_id: int
    asker_name: str
    channel_id: int
    interaction_id: int
    created_at: float
    retry_of: str | None = None
    """The id of the job or sweep that this one runs again."""
