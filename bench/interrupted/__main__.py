"""The reference training, interrupted at random moments of its whole time, against an uninterrupted run.

    python -m bench.interrupted [--moments 20] [--seed 1]

A job on the AWS stand-in is ended by SIGTERM, by SIGKILL or with its host, goes on in a next attempt, and has to
end as the uninterrupted one did: the same bytes in metrics.csv, the same bits in each tensor of model.pt. All the
while every object of the job is read as it changes, and has to be whole. Exit code 1 where any of it is not so.
"""

import asyncio
import io
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from bench.interrupted.torn_reads import Watch
from bench.stages import batch_only
from bench.stages.batch_only import Aws, Source, prefix
from deploy.sandbox import repository
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE
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
ENTRYPOINT = (sys.executable, "-m", "trainer.entrypoint", "--")
NOTICE_SECONDS = 5.0
_OVER = ("SUCCEEDED", "FAILED")
_EARLIER = 0.9


class Kind(StrEnum):
    """How a job is ended. `RECLAIM` takes the host at once, `NOTICED` with SIGTERM before."""

    SIGTERM = "SIGTERM"
    SIGKILL = "SIGKILL"
    RECLAIM = "reclaim"
    NOTICED = "reclaim, noticed"


@dataclass(frozen=True, slots=True)
class Moment:
    """When, as a share of an uninterrupted run's time, and how."""

    share: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job has left, the epochs that each of its attempts told, and what was seen torn meanwhile."""

    metrics: bytes
    weights: bytes
    told: tuple[tuple[int, ...], ...]
    reads: int
    torn: tuple[str, ...]

    @property
    def repeated(self) -> int:
        """Epochs told by more than one attempt."""
        return sum(map(len, self.told)) - len(set().union(*self.told))

    def equals(self, other: "Outcome") -> bool:
        return self.metrics == other.metrics and _same_tensors(self.weights, other.weights)


@dataclass(frozen=True, slots=True)
class Row:
    """A moment and what came of it. `seconds` since the job's start."""

    seconds: float
    kind: Kind
    outcome: Outcome
    equal: bool

    @property
    def good(self) -> bool:
        return self.equal and self.outcome.repeated <= 1 and not self.outcome.torn

    def line(self) -> str:
        told, torn = self.outcome.told, "; ".join(self.outcome.torn) or "nothing"
        equal = "yes" if self.equal else "NO"
        return (
            f"{self.seconds:6.2f} s  {self.kind:16}  {len(told[0]):4}  {len(told):8}  {self.outcome.repeated:8}  "
            f"{equal:>5}  {torn} of {self.outcome.reads}"
        )


HEAD = "  moment  ended by          told  attempts  repeated  equal  torn"


def moments(count: int, seed: int) -> list[Moment]:
    """One in each of `count` equal parts of the run's time, the kinds equally often, both by the seed."""
    draw = random.Random(seed)
    kinds = list(islice(cycle(Kind), count))
    draw.shuffle(kinds)
    return [Moment((n + draw.random()) / count, kind) for n, kind in enumerate(kinds)]


class Trial:
    """One uninterrupted run, and as many interrupted ones as asked for."""

    def __init__(self, aws: Aws, source: Source) -> None:
        self._aws, self._source = aws, source
        self._jobs, self._seconds = 0, 0.0

    async def whole(self) -> Outcome:
        """What an uninterrupted run leaves; its time is what moments are shares of."""
        job = self._name()
        async with self._watched(job) as watch:
            found = await self._aws.until(await self._submit(job, Kind.SIGTERM), *_OVER)
        if found["status"] != "SUCCEEDED":
            raise RuntimeError(f"the uninterrupted run failed: {await self._aws.log(found)}")
        self._seconds = _seconds(found)
        return await self._outcome(job, [found], watch)

    async def interrupted(self, moment: Moment) -> tuple[Outcome, float]:
        """What a run leaves that was ended at the moment, or a little sooner; and when, in seconds since its start."""
        share = moment.share
        while True:
            job, seconds = self._name(), share * self._seconds
            async with self._watched(job) as watch:
                found = await self._ended_and_gone_on_with(job, moment.kind, seconds)
            outcome = await self._outcome(job, found, watch)
            if len(outcome.told) > 1:
                return outcome, seconds
            self._seconds, share = _seconds(found[0]), share * _EARLIER

    async def _ended_and_gone_on_with(self, job: str, kind: Kind, seconds: float) -> list[dict[str, Any]]:
        """The Batch jobs that it took; what SIGTERM was sent to is not tried again by Batch."""
        batch_id = await self._submit(job, kind)
        running = await self._aws.until(batch_id, "RUNNING", *_OVER)
        await asyncio.sleep(running["startedAt"] / 1000 + seconds - time.time())
        await self._end(kind, batch_id)
        found = [await self._aws.until(batch_id, *_OVER)]
        if found[0]["status"] == "FAILED" and kind is Kind.SIGTERM:
            found.append(await self._aws.until(await self._submit(job, kind), *_OVER))
        if found[-1]["status"] != "SUCCEEDED":
            log = await self._aws.log(found[-1])
            raise RuntimeError(f"{kind} after {seconds:.2f} s was not gone on from: {log}")
        return found

    async def _end(self, kind: Kind, batch_id: str) -> None:
        match kind:
            case Kind.SIGTERM:
                await self._aws.terminate(batch_id)
            case Kind.SIGKILL:
                await self._aws.lose("oom", batch_id)
            case Kind.RECLAIM:
                await self._aws.lose("reclaim", batch_id)
            case Kind.NOTICED:
                await self._aws.lose("reclaim", batch_id, notice_seconds=NOTICE_SECONDS)

    async def _submit(self, job: str, kind: Kind) -> str:
        attempts = 3 if kind is Kind.SIGKILL else None
        return await self._aws.submit(job, self._source, *COMMAND, attempts=attempts)

    async def _outcome(self, job: str, found: list[dict[str, Any]], watch: Watch) -> Outcome:
        metrics, weights = [await self._aws.content(prefix(job) + name) for name in (METRICS_CSV, MODEL)]
        logs = [log for each in found for log in await self._aws.logs(each)]
        return Outcome(metrics, weights, tuple(tuple(_told(log)) for log in logs), watch.reads, tuple(watch.torn))

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


def _told(log: str) -> Iterator[int]:
    for line in log.splitlines():
        row = parse_metrics(line)
        if row:
            yield int(row["epoch"])


def _same_tensors(one: bytes, other: bytes) -> bool:
    """Bit for bit: as bytes, so that neither -0.0 equals 0.0 nor does a NaN differ from itself."""
    ours, theirs = (torch.load(io.BytesIO(each), weights_only=True) for each in (one, other))
    return list(ours) == list(theirs) and all(
        ours[name].dtype == theirs[name].dtype
        and ours[name].shape == theirs[name].shape
        and ours[name].numpy().tobytes() == theirs[name].numpy().tobytes()
        for name in ours
    )


async def rows(count: int, seed: int) -> AsyncIterator[Row]:
    """An interrupted run for each moment, as they end."""
    settings = Settings(images={TRAINER_IMAGE: ENTRYPOINT}, runnable_seconds=0, starting_seconds=0)
    with tempfile.TemporaryDirectory() as folder:
        made = repository.create(Path(folder) / "repository.git")
        async with batch_only.aws(settings) as aws:
            trial = Trial(aws, Source(made.url, made.branches["main"]))
            whole = await trial.whole()
            for moment in moments(count, seed):
                outcome, at = await trial.interrupted(moment)
                yield Row(at, moment.kind, outcome, outcome.equals(whole))


async def _tell(count: int, seed: int) -> bool:
    """Prints the table; whether all is good."""
    good = True
    print(f"{count} interruptions by seed {seed}, of {' '.join(COMMAND)}\n{HEAD}", flush=True)
    async for row in rows(count, seed):
        print(row.line(), flush=True)
        good = good and row.good
    print("all ended as the uninterrupted run" if good else "NOT all ended as the uninterrupted run")
    return good


def main(
    *,
    moments: Annotated[int, typer.Option(min=1, help="How many runs are interrupted.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the moments, and of what comes at which.")] = 1,
) -> None:
    """Interrupts the reference training at random moments, and compares what it leaves."""
    raise typer.Exit(0 if asyncio.run(_tell(moments, seed)) else 1)


if __name__ == "__main__":
    typer.run(main)
