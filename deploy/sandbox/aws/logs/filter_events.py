"""CloudWatch Logs: moto's, to which the jobs' log drivers write, with our own FilterLogEvents.

moto sorts all events of all streams at each read, does not page as AWS does, and ignores missing streams.
"""

import bisect
import heapq
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import moto.logs.urls
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogEvent, LogGroup, LogsBackend, LogStream, logs_backends
from moto.logs.responses import LogsResponse
from moto.logs.utils import EventMessageFilter

from deploy.sandbox.aws.common.settings import REGION, LiveSettings
from deploy.sandbox.aws.logs.log_driver import Event

MAX_STREAMS = 100
MAX_PAGE_BYTES = 1024 * 1024
# Bytes that AWS counts for each event besides its message.
_EVENT_OVERHEAD = 26

Request = Mapping[str, Any]
_Key = tuple[int, int]


def _key(event: LogEvent) -> _Key:
    return event.timestamp, event.event_id


class MotoSink:
    """Writes to moto's log groups in the sandbox's account and region."""

    def __init__(self) -> None:
        self._backend: LogsBackend = logs_backends[DEFAULT_ACCOUNT_ID][REGION]

    def group_exists(self, group: str) -> bool:
        return group in self._backend.groups

    def create_group(self, group: str) -> None:
        self._backend.ensure_log_group(group)

    def put(self, group: str, stream: str, events: list[Event]) -> None:
        """Write events to a stream. They are lost if the group was deleted in the meantime, as at AWS."""
        if group in self._backend.groups:
            self._backend.ensure_log_stream(group, stream)
            self._backend.put_log_events(group, stream, events)


class SortedStream:
    """The events of one moto stream, by time. Sorted again only when an event arrived out of order."""

    def __init__(self) -> None:
        self.keys: list[_Key] = []
        self.events: list[LogEvent] = []

    def add_new(self, stored: Sequence[LogEvent]) -> None:
        new = stored[len(self.events) :]
        keys = [_key(event) for event in new]
        in_order = all(a <= b for a, b in zip([*self.keys[-1:], *keys], keys, strict=False))
        self.keys += keys
        self.events += new
        if not in_order:
            self.events.sort(key=_key)
            self.keys.sort()


class FilteredLogs:
    """FilterLogEvents: events from up to 100 streams, by time.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._sorted: WeakKeyDictionary[LogStream, SortedStream] = WeakKeyDictionary()

    def page(self, backend: LogsBackend, request: Request) -> dict[str, Any]:
        """One page of events. Raises moto's exceptions for a missing group or stream and for invalid parameters."""
        streams = self._streams(backend, request)
        token = request.get("nextToken")
        if token is None and self._settings.now.log_empty_pages:
            return {"events": [], "nextToken": _token((0, -1)), "searchedLogStreams": []}
        limit = min(request.get("limit") or self._settings.now.log_page_events, self._settings.now.log_page_events)
        with self._lock:
            events, more = _first_page(self._matching(streams, request, _after(token)), limit)
        answer: dict[str, Any] = {"events": events, "searchedLogStreams": []}
        return {**answer, "nextToken": _token(more)} if more else answer

    def _streams(self, backend: LogsBackend, request: Request) -> list[LogStream]:
        name = request.get("logGroupName") or str(request.get("logGroupIdentifier", "")).rpartition("log-group:")[2]
        group = backend.groups.get(name)
        if group is None:
            raise ResourceNotFoundException("The specified log group does not exist.")
        names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
        if names and prefix:
            raise InvalidParameterException("logStreamNames and logStreamNamePrefix cannot both be given.")
        if names is not None and not 1 <= len(names) <= MAX_STREAMS:
            raise InvalidParameterException(f"logStreamNames takes 1 to {MAX_STREAMS} names, given {len(names)}.")
        if names and self._settings.now.missing_stream_fails and any(each not in group.streams for each in names):
            raise ResourceNotFoundException("The specified log stream does not exist.")
        if names:
            return [group.streams[each] for each in dict.fromkeys(names) if each in group.streams]
        return [stream for each, stream in list(group.streams.items()) if each.startswith(prefix or "")]

    def _matching(self, streams: list[LogStream], request: Request, after: _Key) -> Iterator[tuple[_Key, Event]]:
        start, end = request.get("startTime") or 0, request.get("endTime")
        matches = EventMessageFilter(request.get("filterPattern") or "").matches
        for key, stream, event in heapq.merge(*(self._between(each, start, end, after) for each in streams)):
            if matches(event.message):
                yield key, _document(stream, event)

    def _between(
        self, stream: LogStream, start: int, end: int | None, after: _Key
    ) -> Iterator[tuple[_Key, str, LogEvent]]:
        ordered = self._sorted.setdefault(stream, SortedStream())
        ordered.add_new(stream.events)
        first = max(bisect.bisect_left(ordered.keys, (start, -1)), bisect.bisect_right(ordered.keys, after))
        last = len(ordered.keys) if end is None else bisect.bisect_left(ordered.keys, (end + 1, -1))
        for place in range(first, last):
            yield ordered.keys[place], stream.log_stream_name, ordered.events[place]


class ProcessLogsResponse(LogsResponse):
    """moto's CloudWatch Logs with our FilterLogEvents."""

    filtered: ClassVar[FilteredLogs]

    def filter_log_events(self) -> str:
        return json.dumps(self.filtered.page(self.logs_backend, json.loads(self.body or "{}")))


def install(settings: LiveSettings) -> None:
    """Put our FilterLogEvents into moto. Call once per process, before the server answers."""
    ProcessLogsResponse.filtered = FilteredLogs(settings)
    moto.logs.urls.url_paths = dict.fromkeys(moto.logs.urls.url_paths, ProcessLogsResponse.dispatch)
    LogGroup.get_cfn_attribute = _attribute  # type: ignore[method-assign, assignment]


def _attribute(group: LogGroup, name: str) -> str:
    """`Fn::GetAtt` of a log group: its ARN ends in `:*`, for its streams, as policies need it."""
    if name != "Arn":
        raise UnformattedGetAttTemplateException
    return f"{group.arn}:*"


def _document(stream: str, event: LogEvent) -> Event:
    """An event as AWS returns it. The id is unique and never changes; like AWS's it has 56 digits."""
    return {
        "logStreamName": stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.ingestion_time,
        "eventId": f"{event.timestamp:020}{event.event_id:036}",
    }


def _first_page(matching: Iterator[tuple[_Key, Event]], limit: int) -> tuple[list[Event], _Key | None]:
    """A page of events and, if there are more, the key of the last one on the page."""
    events: list[Event] = []
    size, last = 0, None
    for key, event in matching:
        size += len(event["message"].encode()) + _EVENT_OVERHEAD
        if events and (len(events) >= limit or size > MAX_PAGE_BYTES):
            return events, last
        events.append(event)
        last = key
    return events, None


def _token(last: _Key) -> str:
    return f"{last[0]:x}/{last[1] + 1:x}"


def _after(token: str | None) -> _Key:
    if token is None:
        return (-1, -1)
    try:
        at, number = (int(part, 16) for part in token.split("/"))
    except ValueError:
        raise InvalidParameterException("The specified nextToken is invalid.") from None
    return (at, number - 1)
