"""CloudWatch Logs: what trials print before they end."""

from collections.abc import Iterator, Sequence
from typing import Any

from bench.fleet.jobs import InvalidRequest, Jobs, of_stream

Json = dict[str, Any]
PAGE = 200
"""Events of one answer: so few that a second one is asked for."""
LINE_SECONDS = 0.01
"""From one of the last lines to the next."""


class MissingStream(Exception):
    """A stream that is not there."""


class Streams:
    """Lines are read some seconds after they were printed, `delay` at most: the log driver keeps them so long."""

    def __init__(self, jobs: Jobs, *, delay: float) -> None:
        self._jobs, self._delay = jobs, delay

    def filtered(self, request: Json, now: float) -> Json:
        """FilterLogEvents' answer. Raises MissingStream; InvalidRequest for more than 100 streams."""
        names = request["logStreamNames"]
        if not 1 <= len(names) <= 100:
            raise InvalidRequest(f"{len(names)} streams were given, 1 to 100 are expected")
        since, start = request.get("startTime", 0), int(request.get("nextToken") or 0)
        events = [event for name in names for event in self._events(name, now) if event["timestamp"] >= since]
        events.sort(key=lambda event: (event["timestamp"], event["eventId"]))
        more = {"nextToken": str(start + PAGE)} if start + PAGE < len(events) else {}
        return {"events": events[start : start + PAGE], "searchedLogStreams": [], **more}

    def _events(self, name: str, now: float) -> Iterator[Json]:
        batch_id, index, place = of_stream(name)
        job = self._jobs.submitted.get(batch_id)
        attempts: Sequence[Any] = () if job is None else job.courses[index].seen(now)
        if job is None or place >= len(attempts):
            raise MissingStream(f"The specified log stream does not exist: {name}")
        attempt = attempts[place]
        lines = [] if attempt.lost or attempt.stopped + self._delay > now else job.known[index].last_lines
        for number, line in enumerate(lines):
            at = round(1000 * (attempt.stopped - LINE_SECONDS * (len(lines) - number)))
            yield {"eventId": f"{name}/{number:06}", "logStreamName": name, "timestamp": at, "message": line}
