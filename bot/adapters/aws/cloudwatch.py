"""Read many CloudWatch Logs streams per call.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from collections.abc import Sequence

from bot.adapters.aws.clients import AwsClients
from bot.adapters.aws.error_codes import calling
from bot.domain.logs.log_lines import LogEvent
from bot.ports.logs import LogPage

STREAMS_PER_CALL = 100
"""`logStreamNames`: "Array Members: Minimum number of 1 item. Maximum number of 100 items." (API_FilterLogEvents)"""
EVENTS_PER_CALL = 4_000
"""Events. AWS allows more ("Each page returned can contain up to 1 MB of log events or up to 10,000 log events."), but
the SDK parses a whole page in one step, and everything else in the bot waits for it."""


class AwsLogs:
    """Implements `bot.ports.logs.Logs`. SDK retries are off: the caller sees every `Throttled` and slows down."""

    def __init__(self, clients: AwsClients) -> None:
        self._client = clients.logs

    async def read(self, group: str, streams: Sequence[str], since_ms: int, token: str | None = None) -> LogPage:
        """Read one page; it may be empty and still have a token for the next."""
        if not 1 <= len(streams) <= STREAMS_PER_CALL:
            raise ValueError(f"one call reads 1 to {STREAMS_PER_CALL} streams, not {len(streams)}")
        page = {"nextToken": token} if token else {}
        with calling("Logs FilterLogEvents"):
            answer = await self._client.filter_log_events(
                logGroupName=group,
                logStreamNames=list(streams),
                startTime=max(0, since_ms),
                limit=EVENTS_PER_CALL,
                interleaved=True,  # AWS's default since 2019, but stand-ins need it
                **page,
            )
            events = tuple(
                LogEvent(event["eventId"], event["logStreamName"], event["timestamp"], event.get("message", ""))
                for event in answer["events"]
            )
        return LogPage(events, answer.get("nextToken"))
