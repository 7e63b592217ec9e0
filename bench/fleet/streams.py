"""CloudWatch Logs: what trials print while they run, and before they end."""

from collections.abc import Iterator
from typing import Any

from bench.fleet.grid import EPOCHS, Known
from bench.fleet.jobs import InvalidRequestError, Jobs, RefusedError, of_stream
from bench.fleet.machines import Attempt

Json = dict[str, Any]
PAGE = 1_000
"""Events of one answer, at most: fewer than were asked for, as with AWS."""
LINE_SECONDS = 0.01
"""From one of the last lines to the next."""


class MissingStreamError(RefusedError):
    code = "ResourceNotFoundException"


class Streams:
    """Lines are read `delay` seconds after they were printed: the log driver keeps them so long."""

    def __init__(self, jobs: Jobs, *, delay: float) -> None:
        self._jobs, self._delay = jobs, delay

    def filtered(self, request: Json, now: float) -> Json:
        """FilterLogEvents' answer. Raises MissingStreamError; InvalidRequestError for more than 100 streams."""
        names = request["logStreamNames"]
        if not 1 <= len(names) <= 100:
            raise InvalidRequestError(f"{len(names)} streams were given, 1 to 100 are expected")
        since, start = request.get("startTime", 0), int(request.get("nextToken") or 0)
        end = start + min(request.get("limit", PAGE), PAGE)
        events = [event for name in names for event in self._events(name, now) if event["timestamp"] >= since]
        events.sort(key=lambda event: (event["timestamp"], event["eventId"]))
        more = {"nextToken": str(end)} if end < len(events) else {}
        return {"events": events[start:end], "searchedLogStreams": [], **more}

    def _events(self, name: str, now: float) -> Iterator[Json]:
        batch_id, index, place = of_stream(name)
        job = self._jobs.submitted.get(batch_id)
        attempts = [] if job is None else job.courses[index].seen(now)
        if job is None or place >= len(attempts):
            raise MissingStreamError(f"The specified log stream does not exist: {name}")
        for number, (at, line) in enumerate(_lines(job.known[index], attempts[place])):
            if at + self._delay > now:
                break
            yield {
                "eventId": f"{name}/{number:06}",
                "logStreamName": name,
                "timestamp": round(at * 1000),
                "message": line,
            }


def _lines(known: Known, attempt: Attempt) -> Iterator[tuple[float, str]]:
    """With their times: a row of metrics for each epoch, and the last lines; of a lost host half of the rows."""
    rows, long = known.rows, attempt.stopped - attempt.started
    for epoch, row in enumerate(rows[: EPOCHS // 2] if attempt.lost else rows, 1):
        yield attempt.started + long * epoch / (EPOCHS + 1), row
    last = [] if attempt.lost else known.last_lines
    for number, line in enumerate(last):
        yield attempt.stopped - LINE_SECONDS * (len(last) - number), line
