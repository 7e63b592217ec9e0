"""What a job of two hours sends to S3 while its command runs: the entrypoint's own modules on a clock that is set."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.report.figures import Benchmark, Figure, Result
from trainer.contract import CHECKPOINT, CLAIM_JSON, MANIFEST_JSON, METRICS_CSV
from trainer.keep_patterns import Patterns
from trainer.run.attempt import ARTIFACTS_SECONDS, MANIFEST_SECONDS
from trainer.storage import artifacts, claim, own_checkpoints, upload
from trainer.storage.artifacts import Artifacts
from trainer.storage.bucket import Bucket
from trainer.storage.claim import Claim, Holder
from trainer.storage.left_files import OutputTree
from trainer.storage.own_checkpoints import OwnCheckpoints
from trainer.storage.upload import Uploads

SECONDS = 7_200
CHECKPOINT_SECONDS, OWN_SECONDS, EVENTS_SECONDS = 60, 60, 10
KIB = 1024
MANIFEST = bytes(2 * KIB)
BEGAN = 1_800_000_000.0


@dataclass
class Clock:
    """Stands in for the module `time`."""

    now: float = BEGAN

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class CountingBucket(Bucket):
    """In place of S3: counts what it is sent and keeps nothing. A copy within S3 is a PUT without bytes."""

    def __init__(self) -> None:
        self.uri, self._prefix = "s3://bench/jobs/k7q2mx/", ""
        self.puts: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()

    def put(self, key: str, body: bytes, **_: object) -> str:
        self.puts[key] += 1
        self.sent[key] += len(body)
        return str(self.puts[key])

    def copy(self, *keys: str) -> None:
        self.puts[keys[-1]] += 1


@dataclass
class Rows:
    """A row a second. In place of `Sources`, which prints each new row for the card whenever it is read."""

    table: bytearray = field(default_factory=lambda: bytearray(b"step,train_loss,val_accuracy\n"))
    read: int = 0

    def add(self, second: int) -> None:
        self.table += f"{second},{1 / (1 + second):.6f},{1 - 1 / (2 + second):.6f}\n".encode()

    def content(self) -> bytes:
        self.read += 1
        return bytes(self.table)


class Job:
    """A command that reports each second, saves checkpoints in both ways and appends to a file of its own."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._clock, self.bucket, self.rows = clock, CountingBucket(), Rows()
        self._output = folder / "output"
        for path in (self._output / "runs", folder / "control", folder / "code/own"):
            path.mkdir(parents=True)
        self._own = folder / "code/own/last.ckpt"
        sources: Any = self.rows
        self._uploads = Uploads(self.bucket, self._output, folder / "control", sources)
        self._artifacts = Artifacts(self.bucket, [OutputTree(self._output)], 1e9)
        self._own_checkpoints = OwnCheckpoints(
            self.bucket,
            folder / "code",
            self._output,
            Patterns(["*.ckpt"]),
            store_metrics=lambda: self._uploads.store_live(now=True),
        )
        self._claim = Claim(self.bucket, Holder("one", "batch", 1, "host"))
        self.oldest = 0.0
        """The longest that a row waited for its table, in seconds."""

    def run(self, seconds: int, *, checkpoints: bool) -> None:
        self._claim.take()
        self._uploads.begin(good=False)
        self._own_checkpoints.begin()
        for _ in ("the start", "the host's name"):
            self.bucket.put(MANIFEST_JSON, MANIFEST)
        renewal, stored_at = self._clock.now + self._claim.pause(), self._clock.now
        for second in range(1, seconds + 1):
            self._clock.now += 1
            self.rows.add(second)
            self._write_files(second, checkpoints=checkpoints)
            before = self.bucket.puts[METRICS_CSV]
            self._uploads.store_live()
            if second % round(ARTIFACTS_SECONDS) == 0:
                self._artifacts.store()
                self._own_checkpoints.store()
            if second % round(MANIFEST_SECONDS) == 0:
                self.bucket.put(MANIFEST_JSON, MANIFEST)
            if self._clock.now >= renewal:
                self._claim.renew()
                renewal = self._clock.now + self._claim.pause()
            stored_at = self._clock.now if self.bucket.puts[METRICS_CSV] > before else stored_at
            self.oldest = max(self.oldest, self._clock.now - stored_at)
        self._uploads.store_last()
        self.bucket.put(MANIFEST_JSON, MANIFEST)
        self._artifacts.store_last()
        self._claim.end(0)

    def _write_files(self, second: int, *, checkpoints: bool) -> None:
        if second % EVENTS_SECONDS == 0:
            self._write(self._output / "runs/events.log", os.urandom(KIB // 2), "ab")
        if checkpoints and second % CHECKPOINT_SECONDS == 0:
            self._write(self._output / CHECKPOINT, os.urandom(4 * KIB), "wb")
        if checkpoints and second % OWN_SECONDS == 0:
            self._write(self._own, os.urandom(4 * KIB), "wb")

    def _write(self, path: Path, content: bytes, mode: str) -> None:
        with path.open(mode) as file:
            file.write(content)
        os.utime(path, (self._clock.now, self._clock.now))


def measure(seconds: int, *, checkpoints: bool = False, constant: bool = False) -> tuple[CountingBucket, Job]:
    """`constant`: with the pauses of earlier versions, a second for metrics and 10 s for the claim."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as name, ExitStack() as patches:
        for module in (artifacts, claim, own_checkpoints, upload):
            patches.enter_context(patch.object(module, "time", clock))
        if constant:
            patches.enter_context(_constant_pauses())
        job = Job(Path(name), clock)
        job.run(seconds, checkpoints=checkpoints)
        return job.bucket, job


@contextmanager
def _constant_pauses() -> Iterator[None]:
    with (
        patch.object(upload, "growing_pause", return_value=0.0),
        patch.object(artifacts, "growing_pause", return_value=0.0),
        patch.object(claim, "EARLY_SECONDS", float("inf")),
    ):
        yield


async def run(*, small: bool) -> Result:
    seconds = 300 if small else SECONDS
    kinds: Sequence[tuple[str, dict[str, bool]]] = (
        ("as before", {"constant": True}),
        ("now", {}),
        ("as before, with checkpoints", {"constant": True, "checkpoints": True}),
        ("now, with checkpoints", {"checkpoints": True}),
    )
    measured = {name: measure(seconds, **options) for name, options in kinds}
    now, job = measured["now"]
    size = len(job.rows.table)
    share = now.sent[METRICS_CSV] / size
    return Result(
        (
            Figure("PUTs of metrics.csv", now.puts[METRICS_CSV], "PUTs", at_most=400),
            Figure("bytes of metrics.csv sent, in its final size", share, "times", at_most=130),
            Figure("longest that a row waits for S3", job.oldest, "s", at_most=60),
            Figure("PUTs in all", now.puts.total(), "PUTs", at_most=1_200),
            Figure("readings of the metrics, which print new rows for the card", job.rows.read, "readings"),
        ),
        (
            f"{seconds:,} s of a row a second ({size / KIB:.0f} KiB in the end); a file grows each {EVENTS_SECONDS} s.",
            f"With checkpoints: one in each way every {CHECKPOINT_SECONDS} s, of 4 KiB. Each stores the metrics first.",
        ),
        [_line(name, bucket) for name, (bucket, _) in measured.items()],
    )


def _line(name: str, bucket: CountingBucket) -> Mapping[str, str]:
    def cell(count: Callable[[str], bool]) -> str:
        keys = [key for key in bucket.puts if count(key)]
        sent = sum(bucket.sent[key] for key in keys)
        return f"{sum(bucket.puts[key] for key in keys):,} ({sent / KIB / KIB:.1f} MiB)"

    return {
        "PUTs (sent)": name,
        METRICS_CSV: cell(lambda key: key == METRICS_CSV),
        CLAIM_JSON: cell(lambda key: key == CLAIM_JSON),
        MANIFEST_JSON: cell(lambda key: key == MANIFEST_JSON),
        "growing file": cell(lambda key: key.startswith("artifacts/")),
        "checkpoints": cell(lambda key: key.startswith(("checkpoint", "resume"))),
        "all": cell(bool),
    }


BENCHMARK = Benchmark("s3-traffic", "What a job sends to S3 in two hours", run)
