"""Where jobs' lines are read from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.logs.log_lines import LogEvent


@dataclass(frozen=True, slots=True)
class LogPage:
    """Events of several streams. An empty page with a token is normal."""

    events: tuple[LogEvent, ...]
    token: str | None


class Logs(Protocol):
    """CloudWatch Logs."""

    async def read(self, group: str, streams: Sequence[str], since_ms: int, token: str | None = None) -> LogPage:
        """One FilterLogEvents call: events not before `since_ms` of 1 to 100 streams.

        `Missing` where the group or one of the streams is not there (yet).
        """
