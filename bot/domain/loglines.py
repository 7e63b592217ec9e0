"""Lines of a job's log, as CloudWatch has them and as people read them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a log stream. `timestamp` in milliseconds since the epoch; `id` is CloudWatch's `eventId`."""

    id: str
    stream: str
    timestamp: int
    message: str
