"""S3, as far as the bot asks: the metrics of trials that have ended, and what was put there."""

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from bench.fleet.jobs import Jobs
from trainer.contract import METRICS_CSV

PAGE = 1_000


class Objects:
    """One bucket. A trial's metrics are there from its end on. Times are seconds since the epoch."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._objects: dict[str, tuple[bytes, float]] = {}
        """By key, with the time from which on it is there."""
        self._told = 0
        """Of how many jobs the metrics are among them."""

    def put(self, key: str, body: bytes, now: float) -> None:
        self._objects[key] = body, now

    def get(self, key: str, now: float) -> bytes | None:
        """None where there is no such object (yet)."""
        body, since = self._all().get(key, (b"", float("inf")))
        return body if since <= now else None

    def listed(self, prefix: str, after: str, now: float) -> str:
        """ListObjectsV2's answer: a page of the keys behind `after`, which is also the token for the next."""
        objects = self._all()
        keys = sorted(key for key in objects if key.startswith(prefix) and key > after and objects[key][1] <= now)
        page = keys[:PAGE]
        more = len(keys) > PAGE
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        rows = "".join(_row(key, *objects[key]) for key in page)
        return f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"

    def _all(self) -> dict[str, tuple[bytes, float]]:
        if self._told < len(self._jobs.submitted):
            self._objects |= dict(self._metrics())
            self._told = len(self._jobs.submitted)
        return self._objects

    def _metrics(self) -> Iterator[tuple[str, tuple[bytes, float]]]:
        for job in list(self._jobs.submitted.values())[self._told :]:
            prefix = job.environment["OUTPUT_URI"].removeprefix("s3://").partition("/")[2]
            for known, course in zip(job.known, job.courses, strict=True):
                if csv := known.csv:
                    yield f"{prefix}{f'{known.number}/' if job.array else ''}{METRICS_CSV}", (csv, course.ended_at)


def _row(key: str, body: bytes, since: float) -> str:
    modified = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    size = f"<Size>{len(body)}</Size>"
    return f"<Contents><Key>{escape(key)}</Key><LastModified>{modified}</LastModified>{size}</Contents>"
