"""S3 as far as the bot uses it: the metrics of trials that have ended, and the objects that the bot stored."""

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from bench.fleet.jobs import Jobs
from trainer.contract import METRICS_CSV

PAGE = 1_000


class Objects:
    """One bucket. A trial's metrics exist from its end on. Times are seconds since the epoch."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._objects: dict[str, tuple[bytes, float]] = {}
        """Content and the time from which on it exists, by key."""
        self._jobs_added = 0

    def put(self, key: str, body: bytes, now: float) -> None:
        self._objects[key] = body, now

    def get(self, key: str, now: float) -> bytes | None:
        """Return the object; None if it does not exist (yet)."""
        body, since = self._all().get(key, (b"", float("inf")))
        return body if since <= now else None

    def list_keys(self, prefix: str, after: str, now: float) -> str:
        """Answer ListObjectsV2: a page of the keys after `after`. The last key is the token for the next page."""
        objects = self._all()
        keys = sorted(key for key in objects if key.startswith(prefix) and key > after and objects[key][1] <= now)
        page = keys[:PAGE]
        more = len(keys) > PAGE
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        rows = "".join(_row(key, *objects[key]) for key in page)
        return f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"

    def _all(self) -> dict[str, tuple[bytes, float]]:
        if self._jobs_added < len(self._jobs.submitted):
            self._objects |= dict(self._new_metrics())
            self._jobs_added = len(self._jobs.submitted)
        return self._objects

    def _new_metrics(self) -> Iterator[tuple[str, tuple[bytes, float]]]:
        for job in list(self._jobs.submitted.values())[self._jobs_added :]:
            prefix = job.environment["OUTPUT_URI"].removeprefix("s3://").partition("/")[2]
            for trial, timeline in zip(job.trials, job.timelines, strict=True):
                if csv := trial.csv:
                    yield f"{prefix}{f'{trial.number}/' if job.array else ''}{METRICS_CSV}", (csv, timeline.ended_at)


def _row(key: str, body: bytes, since: float) -> str:
    modified = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    size = f"<Size>{len(body)}</Size>"
    return f"<Contents><Key>{escape(key)}</Key><LastModified>{modified}</LastModified>{size}</Contents>"
