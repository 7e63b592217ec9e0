"""Record learning curves of the reference training on the digits, and replay them with losers stopped."""

import multiprocessing
import os
import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import torch

from bot.domain.goal import Goal
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.sweeps.halving import hopeless
from trainer.mnist import Trainer, flags, split
from trainer.reference.data import DIGITS, load
from trainer.reference.hardware import choose

MACHINES = 4
GOAL = Goal("val_accuracy")
Point = Mapping[str, float]
NINE: tuple[Point, ...] = tuple({"lr": lr, "momentum": m} for lr in (0.1, 0.01, 0.001) for m in (0.5, 0.1, 0.05))


@dataclass(frozen=True, slots=True)
class RecordedSweep:
    """The validation accuracy in %, by trial and epoch, of a sweep in which every trial ran to its end."""

    curves: Sequence[Sequence[float]]

    @property
    def winner(self) -> int:
        return max(range(len(self.curves)), key=lambda number: max(self.curves[number]))


@dataclass(frozen=True, slots=True)
class Replay:
    """`saved` is the share of all epochs that were not run. `winner_kept` is false if the winner was stopped; the best
    remaining trial is then `lost` percentage points worse."""

    saved: float
    winner_kept: bool
    lost: float


def at_random(count: int, seed: int) -> list[Point]:
    drawn = random.Random(seed)
    return [{"lr": 10 ** drawn.uniform(-3, 0), "momentum": drawn.uniform(0, 0.95)} for _ in range(count)]


def record(sweeps: Sequence[tuple[Sequence[Point], int]], epochs: int) -> list[RecordedSweep]:
    """Train each point of each sweep with the sweep's seed, in one process per core."""
    spawn = multiprocessing.get_context("spawn")
    workers = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(workers, spawn) as pool:
        return list(pool.map(_record_sweep, [(points, seed, epochs) for points, seed in sweeps]))


def _record_sweep(arguments: tuple[Sequence[Point], int, int]) -> RecordedSweep:
    points, seed, epochs = arguments
    torch.set_num_threads(1)
    return RecordedSweep([_curve(point, seed, epochs) for point in points])


def _curve(point: Point, seed: int, epochs: int) -> list[float]:
    pictures, _ = load(DIGITS)
    hardware = choose("auto", pictures.side)
    training, validation = (each.to(hardware.device) for each in next(split(pictures, 1)))
    options = flags.parse_args([f"--lr={point['lr']}", f"--momentum={point['momentum']}", f"--seed={seed}"])
    trainer = Trainer(options, hardware, pictures.side, fold=1)
    curve = []
    for epoch in range(1, epochs + 1):
        trainer.learn(training, epoch)
        curve.append(trainer.validate(validation)[1])
    return curve


def replay(sweep: RecordedSweep, grace: int) -> Replay:
    """Run the sweep again on four machines, one epoch of each at a time, with a queue that stops losers."""
    queue = _Queue(sweep)
    while queue.run_epoch(grace):
        pass
    best = [max(curve) for curve in sweep.curves]
    lost = best[sweep.winner] - max(best[number] for number in queue.finished)
    return Replay(queue.saved, sweep.winner in queue.finished, lost)


class _Queue:
    def __init__(self, sweep: RecordedSweep) -> None:
        self._curves, self._epochs = sweep.curves, len(sweep.curves[0])
        self._plan = Plan("", Space(()), Search.GRID, len(sweep.curves), stop_losers=True)
        self._trials = [Trial(number, epochs=self._epochs) for number in range(len(sweep.curves))]

    @property
    def finished(self) -> list[int]:
        """The trials that were not stopped, by number."""
        return [trial.number for trial in self._trials if trial.pruned_at is None]

    @property
    def saved(self) -> float:
        ran = sum(len(trial.reports) for trial in self._trials)
        return 1 - ran / (len(self._trials) * self._epochs)

    def run_epoch(self, grace: int) -> bool:
        """Advance each running trial by an epoch and stop losers. Returns False once no trial runs."""
        running = [trial.number for trial in self._trials if not trial.ended][:MACHINES]
        for number in running:
            self._trials[number] = self._advance(self._trials[number])
        for number in hopeless(self._plan, self._trials, GOAL, grace=grace):
            stopped = replace(self._trials[number], state=JobState.FAILED, reason=EndReason.STOPPED, pruned_at=1.0)
            self._trials[number] = stopped
        return bool(running)

    def _advance(self, trial: Trial) -> Trial:
        epoch = len(trial.reports) + 1
        reports = (*trial.reports, (epoch, self._curves[trial.number][epoch - 1]))
        advanced = replace(trial, state=JobState.RUNNING, reports=reports)
        if epoch < self._epochs:
            return advanced
        return replace(advanced, state=JobState.SUCCEEDED, reason=EndReason.SUCCEEDED)
