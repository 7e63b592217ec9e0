"""A sweep of a hundred trials with one bug in all of them: what it costs until somebody is asked.

The real bot against a fake of AWS (`bench/fleet/`), three times: as if nothing held a sweep, with the hold after alike
failures, and with a pilot as well. Time on machines is counted from the machine's begin, with the image's pull.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bench.benchmarks.large_sweep import start_sweep
from bench.fleet.grid import ExpectedTrial, Fate, Grid
from bench.fleet.machines import Timeline
from bench.fleet.server import Settings
from bench.fleet.setup import ALL_AT_ONCE, FleetStage, fleet_stage
from bench.report.figures import Benchmark, Figure, Result
from deploy.sandbox.botconfig import QUICK_PACE
from deploy.sandbox.demo.view import text_of

PATIENCE_SECONDS = 600.0
WAYS: Mapping[str, Mapping[str, bool | int]] = {
    "nothing holds it": ALL_AT_ONCE,
    "held when the first fail alike": {"pilot": False, "hold_after": 4},
    "with a pilot": {"pilot": True, "hold_after": 4},
}


@dataclass(frozen=True)
class BrokenGrid(Grid):
    """Each trial raises an error before its first epoch."""

    def _trial(self, number: int) -> ExpectedTrial:
        return replace(super()._trial(number), fate=Fate.DIVERGED, values=())


@dataclass(frozen=True, slots=True)
class Spent:
    started: int
    seconds: float


async def run(*, small: bool) -> Result:
    grid = BrokenGrid(4, 3) if small else BrokenGrid(10, 10)
    quick = Settings(machines=3, mean=1.0, ramp=0.5, pull=0.3, lag=0.3, delay=1.0)
    settings = quick if small else Settings(machines=10, mean=10.0, ramp=5.0, pull=2.0)
    pace = QUICK_PACE if small else {}
    found = {name: await _play(grid, settings, pace, project) for name, project in WAYS.items()}
    figures = [
        figure
        for name, spent in found.items()
        for figure in (
            Figure(f"machine-seconds, {name}", spent.seconds, "s"),
            Figure(f"trials on a machine, {name}", spent.started, "trials"),
        )
    ]
    remarks = (
        f"{grid.trials} trials on {settings.machines} machines; each has a machine for {settings.pull:g} s of pull and",
        f"{settings.mean:g} s on average, at random, and then raises the same error.",
    )
    return Result(figures, remarks)


async def _play(grid: Grid, settings: Settings, pace: Mapping[str, float], project: Mapping[str, bool | int]) -> Spent:
    async with fleet_stage(grid, settings, pace, project) as stage:
        await stage.bot.start()
        sweep_id = await start_sweep(stage, grid)
        await _until_asked_or_ended(stage, sweep_id)
        await _until_machines_are_free(stage)
        await stage.bot.stop()
        attempts = [attempt for line in _lines(stage) for attempt in line.attempts_at(math.inf)]
        started = sum(bool(line.attempts_at(math.inf)) for line in _lines(stage))
        return Spent(started, sum(attempt.stopped - attempt.begun for attempt in attempts))


async def _until_asked_or_ended(stage: FleetStage, sweep_id: str) -> None:
    marks = (f"{sweep_id} is held", f"{sweep_id} failed")
    await stage.view.until(
        f"the end of {sweep_id}, or a question about it",
        lambda view: next((m for m in view.messages.values() if any(mark in text_of(m) for mark in marks)), None),
        PATIENCE_SECONDS,
    )


async def _until_machines_are_free(stage: FleetStage) -> None:
    """Until each trial has ended, or was taken back before it had a machine."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(line.ended_at > time.time() for line in _lines(stage)):  # noqa: ASYNC110  nothing signals it
            await asyncio.sleep(0.2)


def _lines(stage: FleetStage) -> list[Timeline]:
    return [line for job in stage.fleet.jobs.submitted.values() for line in job.timelines]


BENCHMARK = Benchmark("failing", "a sweep whose trials all fail: machine time until somebody is asked", run)
