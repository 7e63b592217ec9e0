"""Run the reference training on the AWS stand-in, interrupt it at given moments, and collect what it leaves."""

import asyncio
import io
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice
from typing import Any

import torch

from bench.interrupted.torn_reads import Watch
from bench.stages.batch_only import Aws, Source, prefix
from trainer.contract import METRICS_CSV, MODEL, parse_metrics

EPOCHS = 8
COMMAND = (
    "python",
    "-m",
    "trainer.mnist",
    "--lr",
    "0.1",
    "--epochs",
    str(EPOCHS),
    "--patience",
    "0",
    "--deterministic",
)
NOTICE_SECONDS = 5.0
_ENDED = ("SUCCEEDED", "FAILED")
_EARLIER = 0.9


class Interrupt(StrEnum):
    """How a job is ended. `RECLAIM` takes the host away at once, `NOTICED` sends SIGTERM before."""

    SIGTERM = "SIGTERM"
    SIGKILL = "SIGKILL"
    RECLAIM = "reclaim"
    NOTICED = "reclaim, noticed"


@dataclass(frozen=True, slots=True)
class Moment:
    """When to interrupt, as a share of an uninterrupted run's time, and how."""

    share: float
    kind: Interrupt


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A job's metrics and weights, the epochs that each attempt reported, how many reads of its objects there were
    meanwhile, and the incomplete ones."""

    metrics: bytes
    weights: bytes
    reported: tuple[tuple[int, ...], ...]
    reads: int
    torn: tuple[str, ...]

    @property
    def repeated(self) -> int:
        """How many epochs more than one attempt reported."""
        return sum(map(len, self.reported)) - len(set().union(*self.reported))

    def equals(self, other: "TrainingResult") -> bool:
        return self.metrics == other.metrics and _same_tensors(self.weights, other.weights)


def moments(count: int, seed: int) -> list[Moment]:
    """Draw one moment in each of `count` equal parts of the run's time, with every kind equally often."""
    draw = random.Random(seed)
    kinds = list(islice(cycle(Interrupt), count))
    draw.shuffle(kinds)
    return [Moment((n + draw.random()) / count, kind) for n, kind in enumerate(kinds)]


class Experiment:
    """One uninterrupted run, and any number of interrupted ones."""

    def __init__(self, aws: Aws, source: Source) -> None:
        self._aws, self._source = aws, source
        self._jobs, self._seconds = 0, 0.0

    async def uninterrupted(self) -> TrainingResult:
        """Run without an interruption. Moments are shares of this run's time."""
        job = self._name()
        async with self._watched(job) as watch:
            found = await self._aws.until(await self._submit(job, Interrupt.SIGTERM), *_ENDED)
        if found["status"] != "SUCCEEDED":
            raise RuntimeError(f"the uninterrupted run failed: {await self._aws.log(found)}")
        self._seconds = _seconds(found)
        return await self._result(job, [found], watch)

    async def interrupted(self, moment: Moment) -> tuple[TrainingResult, float]:
        """Interrupt a run at the moment; return also when that was, in seconds since its start.

        If the run ended before the moment, try again a little earlier.
        """
        share = moment.share
        while True:
            job, seconds = self._name(), share * self._seconds
            async with self._watched(job) as watch:
                found = await self._interrupt_and_resume(job, moment.kind, seconds)
            result = await self._result(job, found, watch)
            if len(result.reported) > 1:
                return result, seconds
            self._seconds, share = _seconds(found[0]), share * _EARLIER

    async def _interrupt_and_resume(self, job: str, kind: Interrupt, seconds: float) -> list[dict[str, Any]]:
        """Return the Batch jobs that it took. Batch doesn't retry after SIGTERM, so a second job is submitted then."""
        batch_id = await self._submit(job, kind)
        running = await self._aws.until(batch_id, "RUNNING", *_ENDED)
        await asyncio.sleep(running["startedAt"] / 1000 + seconds - time.time())
        await self._end(kind, batch_id)
        found = [await self._aws.until(batch_id, *_ENDED)]
        if found[0]["status"] == "FAILED" and kind is Interrupt.SIGTERM:
            found.append(await self._aws.until(await self._submit(job, kind), *_ENDED))
        if found[-1]["status"] != "SUCCEEDED":
            log = await self._aws.log(found[-1])
            raise RuntimeError(f"the job did not resume after {kind} at {seconds:.2f} s: {log}")
        return found

    async def _end(self, kind: Interrupt, batch_id: str) -> None:
        match kind:
            case Interrupt.SIGTERM:
                await self._aws.terminate(batch_id)
            case Interrupt.SIGKILL:
                await self._aws.lose("oom", batch_id)
            case Interrupt.RECLAIM:
                await self._aws.lose("reclaim", batch_id)
            case Interrupt.NOTICED:
                await self._aws.lose("reclaim", batch_id, notice_seconds=NOTICE_SECONDS)

    async def _submit(self, job: str, kind: Interrupt) -> str:
        attempts = 3 if kind is Interrupt.SIGKILL else None
        return await self._aws.submit(job, self._source, *COMMAND, attempts=attempts)

    async def _result(self, job: str, found: list[dict[str, Any]], watch: Watch) -> TrainingResult:
        metrics, weights = [await self._aws.content(prefix(job) + name) for name in (METRICS_CSV, MODEL)]
        logs = [log for each in found for log in await self._aws.logs(each)]
        reported = tuple(tuple(_reported_epochs(log)) for log in logs)
        return TrainingResult(metrics, weights, reported, watch.reads, tuple(watch.torn))

    @asynccontextmanager
    async def _watched(self, job: str) -> AsyncIterator[Watch]:
        watch = Watch(self._aws.clients.s3, self._aws.made.bucket, prefix(job))
        watching = asyncio.create_task(watch.run())
        try:
            yield watch
        finally:
            watch.stop()
            await watching

    def _name(self) -> str:
        self._jobs += 1
        return f"run-{self._jobs}"


def _seconds(job: dict[str, Any]) -> float:
    return float(job["stoppedAt"] - job["startedAt"]) / 1000


def _reported_epochs(log: str) -> Iterator[int]:
    for line in log.splitlines():
        row = parse_metrics(line)
        if row:
            yield int(row["epoch"])


def _same_tensors(one: bytes, other: bytes) -> bool:
    """Compare bit by bit: as bytes, so that -0.0 differs from 0.0 and a NaN equals itself."""
    ours, theirs = (torch.load(io.BytesIO(each), weights_only=True) for each in (one, other))
    return list(ours) == list(theirs) and all(
        ours[name].dtype == theirs[name].dtype
        and ours[name].shape == theirs[name].shape
        and ours[name].numpy().tobytes() == theirs[name].numpy().tobytes()
        for name in ours
    )
