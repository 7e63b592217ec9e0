"""Is a search better than chance? What does stopping losers save, and what does it lose?

The bot's `tpe` and `random` searches get equally many trials of two known functions: Branin's, and one shaped like
tuning (a learning rate whose best value differs by optimizer, a momentum, a batch size), once over ranges and once over
lists of values. Losers are stopped in sweeps of the digits that were recorded to their end: the nine points of a small
grid, and random points many of which are good.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any

from bench.benchmarks.recorded_curves import NINE, RecordedSweep, Replay, at_random, record, replay
from bench.report.figures import Benchmark, Figure, Result
from bot.adapters.sampling.sampling_process import ProcessSampler
from bot.domain.goal import Goal
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.parameters import Kind, Value
from bot.domain.sweeps.halving import GRACE

OTHER_GRACES = (3, 2)
GOAL = Goal("value", maximize=False)
Function = Callable[[Mapping[str, Any]], float]


@dataclass(frozen=True, slots=True)
class SearchSize:
    """`trials` and `seeds` of the searches; `sweeps`, `epochs` and random `points` of the recordings."""

    seeds: int
    trials: int
    sweeps: int
    epochs: int
    points: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A function with the minimum `least`. `target` limits tpe's distance from it, as a share of random's distance."""

    name: str
    axes: tuple[Axis, ...]
    function: Function
    least: float
    target: float


def branin(at: Mapping[str, Any]) -> float:
    """https://www.sfu.ca/~ssurjano/branin.html"""
    x, y = at["x"], at["y"]
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return float(valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


def tuning(at: Mapping[str, Any]) -> float:
    choice = {"sgd": 0.3, "adam": 0.0, "rmsprop": 0.15}[at["optimizer"]]
    rate = math.log10(at["lr"]) + 2.3 - (at["optimizer"] == "sgd")
    return float(rate**2 + 2 * (at["momentum"] - 0.8) ** 2 + 0.1 * (math.log2(at["batch"]) - 6) ** 2 + choice)


BATCH = Axis("batch", Kind.INT, (8, 16, 32, 64, 128, 256, 512))
OPTIMIZER = Axis("optimizer", Kind.CHOICE, ("sgd", "adam", "rmsprop"))
RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)
MOMENTA = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
LISTS = (Axis("lr", Kind.FLOAT, RATES), Axis("momentum", Kind.FLOAT, MOMENTA), BATCH, OPTIMIZER)
RANGES = (
    Axis("lr", Kind.FLOAT, low=1e-5, high=1.0, log=True),
    Axis("momentum", Kind.FLOAT, low=0.0, high=0.99),
    *(BATCH, OPTIMIZER),
)
PROBLEMS = (
    Problem(
        "Branin",
        (Axis("x", Kind.FLOAT, low=-5.0, high=10.0), Axis("y", Kind.FLOAT, low=0.0, high=15.0)),
        branin,
        least=0.397887,
        target=0.75,
    ),
    Problem("tuning", RANGES, tuning, least=0.0, target=0.75),
    Problem(
        "tuning by lists",
        LISTS,
        tuning,
        least=tuning({"lr": 0.003, "momentum": 0.8, "batch": 64, "optimizer": "adam"}),
        target=0.95,
    ),
)


async def run(*, small: bool) -> Result:
    size = SearchSize(2, 14, 1, 3, 5) if small else SearchSize(seeds=20, trials=40, sweeps=10, epochs=10, points=16)
    figures: list[Figure] = []
    async with ProcessSampler() as sampler:
        for problem in PROBLEMS:
            tpe = [await best_by_tpe(problem, size.trials, seed, sampler) for seed in range(size.seeds)]
            chance = [best_by_chance(problem, size.trials, seed) for seed in range(size.seeds)]
            figures += search_figures(problem, tpe, chance)
    seeds = range(size.sweeps)
    recorded = record(
        [(points, seed) for seed in seeds for points in (NINE, at_random(size.points, seed))], size.epochs
    )
    nine, others = recorded[::2], recorded[1::2]
    figures += stopping_figures("9 points", nine, kept=1.0)
    figures += stopping_figures(f"{size.points} random points", others, kept=0.8)
    remarks = [
        f"{size.trials} trials, {size.seeds} seeds; the median distance of the best trial from the minimum.",
        f"Sweeps of {size.epochs} epochs on 4 machines; grace 1/{GRACE} of the epochs. With other graces:",
        *(other_grace(grace, nine, others) for grace in OTHER_GRACES),
    ]
    return Result(figures, remarks)


async def best_by_tpe(problem: Problem, count: int, seed: int, sampler: ProcessSampler) -> float:
    """Return the least value that the bot's tpe finds in `count` trials, asked for one at a time."""
    plan = Plan("", Space(problem.axes), Search.TPE, count, seed=seed)
    trials: list[Trial] = []
    for number in range(count):
        (point,) = await sampler.ask(plan, trials, 1, GOAL)
        trials.append(_ended(number, point, problem.function(point)))
    return min(trial.value for trial in trials if trial.value is not None)


def best_by_chance(problem: Problem, count: int, seed: int) -> float:
    """Return the least value among `count` random points."""
    drawn = Space(problem.axes, {"ranges": [[axis.name, _range(axis)] for axis in problem.axes], "seed": seed})
    return min(problem.function(drawn.point(number)) for number in range(count))


def search_figures(problem: Problem, tpe: Sequence[float], chance: Sequence[float]) -> list[Figure]:
    """`tpe` and `chance` are the least values found, by seed."""
    above, by_chance = (median(values) - problem.least for values in (tpe, chance))
    return [
        Figure(f"{problem.name}: tpe above the minimum", above, ""),
        Figure(f"{problem.name}: random above the minimum", by_chance, ""),
        Figure(f"{problem.name}: tpe's distance as a share of random's", above / by_chance, "", at_most=problem.target),
    ]


def stopping_figures(name: str, sweeps: Sequence[RecordedSweep], kept: float) -> list[Figure]:
    """`kept` is the share of the winners that should not be stopped."""
    replays = [replay(sweep, GRACE) for sweep in sweeps]
    return [
        Figure(f"{name}: epochs saved", 100 * fmean(each.saved for each in replays), "%", at_least=40),
        Figure(f"{name}: winner kept, of {len(sweeps)} sweeps", _kept(replays), "", at_least=kept * len(sweeps)),
        Figure(f"{name}: most accuracy lost", max(each.lost for each in replays), "points"),
    ]


def other_grace(grace: int, *groups: Sequence[RecordedSweep]) -> str:
    """Describe in one line what another grace would save and keep, group by group."""
    replays = [[replay(sweep, grace) for sweep in sweeps] for sweeps in groups]
    words = [f"{100 * fmean(r.saved for r in each):.0f} % saved, {_kept(each)} of {len(each)} kept" for each in replays]
    return f"1/{grace}: {'; '.join(words)}."


def _ended(number: int, point: Mapping[str, Value], value: float) -> Trial:
    ended = Trial(number, state=JobState.SUCCEEDED, reason=EndReason.SUCCEEDED, parameters=point, measured=True)
    return replace(ended, value=value)


def _range(axis: Axis) -> dict[str, Any]:
    """Describe an axis as random sweeps do (`trainer/space.py`)."""
    return {"choices": list(axis.values)} if axis.values else {"low": axis.low, "high": axis.high, "log": axis.log}


def _kept(replays: Sequence[Replay]) -> int:
    return sum(each.winner_kept for each in replays)


BENCHMARK = Benchmark("search", "tpe against random, and what stopping losers saves", run)
