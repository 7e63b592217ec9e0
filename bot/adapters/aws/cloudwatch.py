"""CloudWatch Logs: many streams a call."""

from collections.abc import Sequence

from bot.adapters.aws.clients import AwsClients
from bot.adapters.aws.error_codes import calling
from bot.domain.logs.log_lines import LogEvent
from bot.ports.logs import LogPage

STREAMS_PER_CALL = 100
EVENTS_PER_CALL = 4_000
"""Fewer than AWS would give (10,000): the SDK reads an answer in one step, for which everything else waits."""


class AwsLogs:
    """`bot.ports.Logs`. The SDK's retries are off: the caller sees each `Throttled`, and paces itself by it."""

    def __init__(self, clients: AwsClients) -> None:
        self._client = clients.logs

    async def read(self, group: str, streams: Sequence[str], since_ms: int, token: str | None = None) -> LogPage:
        """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""
        if not 1 <= len(streams) <= STREAMS_PER_CALL:
            raise ValueError(f"{len(streams)} streams were given, 1 to {STREAMS_PER_CALL} are expected")
        page = {"nextToken": token} if token else {}
        with calling("Logs FilterLogEvents"):
            answer = await self._client.filter_log_events(
                logGroupName=group,
                logStreamNames=list(streams),
                startTime=max(0, since_ms),
                limit=EVENTS_PER_CALL,
                interleaved=True,  # AWS takes it for granted, stand-ins do not
                **page,
            )
            events = tuple(
                LogEvent(event["eventId"], event["logStreamName"], event["timestamp"], event.get("message", ""))
                for event in answer["events"]
            )
        return LogPage(events, answer.get("nextToken"))
