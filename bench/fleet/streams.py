"""CloudWatch Logs: the lines that trials print while they run and before they end."""

from collections.abc import Iterator
from typing import Any

from bench.fleet.grid import EPOCHS, ExpectedTrial
from bench.fleet.jobs import InvalidRequestError, Jobs, RefusedError, parse_stream_name
from bench.fleet.machines import Attempt

Json = dict[str, Any]
PAGE = 1_000
"""The most events in one answer, which may be fewer than the request allows, as with AWS."""
LINE_SECONDS = 0.01
"""Between two of the last lines."""


class MissingStreamError(RefusedError):
    code = "ResourceNotFoundException"


class Streams:
    """Lines can be read `delay` seconds after they were printed: the log driver buffers them that long."""

    def __init__(self, jobs: Jobs, *, delay: float) -> None:
        self._jobs, self._delay = jobs, delay

    def filter_events(self, request: Json, now: float) -> Json:
        """Answer FilterLogEvents. Raises MissingStreamError, and InvalidRequestError for more than 100 streams."""
        names = request["logStreamNames"]
        if not 1 <= len(names) <= 100:
            raise InvalidRequestError(f"FilterLogEvents takes 1 to 100 streams, not {len(names)}")
        since, start = request.get("startTime", 0), int(request.get("nextToken") or 0)
        end = start + min(request.get("limit", PAGE), PAGE)
        events = [event for name in names for event in self._events(name, now) if event["timestamp"] >= since]
        events.sort(key=lambda event: (event["timestamp"], event["eventId"]))
        more = {"nextToken": str(end)} if end < len(events) else {}
        return {"events": events[start:end], "searchedLogStreams": [], **more}

    def _events(self, name: str, now: float) -> Iterator[Json]:
        batch_id, index, place = parse_stream_name(name)
        job = self._jobs.submitted.get(batch_id)
        attempts = [] if job is None else job.timelines[index].attempts_at(now)
        if job is None or place >= len(attempts):
            raise MissingStreamError(f"The specified log stream does not exist: {name}")
        for number, (at, line) in enumerate(_lines(job.trials[index], attempts[place])):
            if at + self._delay > now:
                break
            yield {
                "eventId": f"{name}/{number:06}",
                "logStreamName": name,
                "timestamp": round(at * 1000),
                "message": line,
            }


def _lines(trial: ExpectedTrial, attempt: Attempt) -> Iterator[tuple[float, str]]:
    """Yield times and lines: metrics for each epoch, then the last lines. On a lost host, only half of the metrics."""
    lines, seconds = trial.metric_lines, attempt.stopped - attempt.started
    for epoch, line in enumerate(lines[: EPOCHS // 2] if attempt.lost else lines, 1):
        yield attempt.started + seconds * epoch / (EPOCHS + 1), line
    last = [] if attempt.lost else trial.last_lines
    for number, line in enumerate(last):
        yield attempt.stopped - LINE_SECONDS * (len(last) - number), line
