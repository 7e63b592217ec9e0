"""Interrupt the reference training at random moments and compare it with an uninterrupted run.

    python -m bench.interrupted [--moments 20] [--seed 1]

A job on the AWS stand-in is ended by SIGTERM, by SIGKILL or with its host, and resumes in another attempt. It must end
as the uninterrupted run did: the same bytes in metrics.csv, the same bits in each tensor of model.pt. Meanwhile every
object of the job is read whenever it changes, and must be complete. Exits with code 1 if anything differs.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bench.interrupted.experiment import COMMAND, Experiment, Interrupt, TrainingResult, moments
from bench.stages import batch_only
from bench.stages.batch_only import Source
from deploy.sandbox import repository
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE

ENTRYPOINT = (sys.executable, "-m", "trainer.entrypoint", "--")


@dataclass(frozen=True, slots=True)
class Interruption:
    """An interrupted job, `seconds` after its start; `equal` if it ended as the uninterrupted run did."""

    seconds: float
    kind: Interrupt
    result: TrainingResult
    equal: bool

    @property
    def passed(self) -> bool:
        return self.equal and self.result.repeated <= 1 and not self.result.torn

    def line(self) -> str:
        reported, torn = self.result.reported, "; ".join(self.result.torn) or "none"
        equal = "yes" if self.equal else "NO"
        return (
            f"{self.seconds:6.2f} s  {self.kind:16}  {len(reported[0]):6}  {len(reported):8}  "
            f"{self.result.repeated:8}  {equal:>5}  {torn} of {self.result.reads} reads"
        )


HEAD = "  moment  ended by          epochs  attempts  repeated  equal  incomplete"


async def interruptions(count: int, seed: int) -> AsyncIterator[Interruption]:
    """Interrupt a run at each of `count` moments; yield each as it ends."""
    settings = Settings(images={TRAINER_IMAGE: ENTRYPOINT}, runnable_seconds=0, starting_seconds=0)
    with tempfile.TemporaryDirectory() as folder:
        made = repository.create(Path(folder) / "repository.git")
        async with batch_only.aws(settings) as aws:
            experiment = Experiment(aws, Source(made.url, made.branches["main"]))
            uninterrupted = await experiment.uninterrupted()
            for moment in moments(count, seed):
                result, at = await experiment.interrupted(moment)
                yield Interruption(at, moment.kind, result, result.equals(uninterrupted))


async def _print_table(count: int, seed: int) -> bool:
    """Interrupt and print a row for each. Returns whether all passed."""
    passed = True
    print(f"{count} interruptions (seed {seed}) of: {' '.join(COMMAND)}\n{HEAD}", flush=True)
    async for each in interruptions(count, seed):
        print(each.line(), flush=True)
        passed = passed and each.passed
    print("All ended as the uninterrupted run did." if passed else "NOT all ended as the uninterrupted run did.")
    return passed


def main(
    *,
    moments: Annotated[int, typer.Option(min=1, help="How many runs to interrupt.")] = 20,
    seed: Annotated[int, typer.Option(help="Draws the moments and how each run is interrupted.")] = 1,
) -> None:
    """Interrupt the reference training at random moments and compare its files with an uninterrupted run's."""
    raise typer.Exit(0 if asyncio.run(_print_table(moments, seed)) else 1)


if __name__ == "__main__":
    typer.run(main)
