"""How many times faster an epoch of the reference training is than the baseline's (`bench/training/baseline.py`)."""

import asyncio
from statistics import mean

from bench.report.figures import Benchmark, Figure, Result
from bench.training.comparison import Comparison, Options, compare
from trainer.reference.hardware import cpu_flags

TARGETS = {"amx": 4.0, "avx512": 1.5, "avx2": 1.25}
"""How many times faster, by the instruction set that the CPU may use."""
_FLAGS = {"amx": "amx_bf16", "avx512": "avx512f", "avx2": "avx2"}


async def run(*, small: bool) -> Result:
    """Compare once for each instruction set that this CPU has. `python -m bench.training` runs more."""
    options = Options(pictures=320, epochs=1, seeds=1) if small else Options(pictures=6_000, epochs=2, seeds=1)
    available = _available()
    result: list[Figure] = []
    for instruction_set in available[-1:] if small else available:
        result += figures(instruction_set, await asyncio.to_thread(compare, instruction_set, options))
    remark = (
        f"{options.pictures:,} pictures of 28x28, turn by turn in one process; the fastest of {options.epochs} epochs."
    )
    return Result(result, (remark, "More pictures, epochs and seeds: python -m bench.training"))


def figures(instruction_set: str, found: Comparison) -> list[Figure]:
    ahead = mean(found.reference.accuracies) - mean(found.baseline.accuracies)
    target = TARGETS[instruction_set]
    return [
        Figure(f"{instruction_set}: epoch faster than the baseline's", found.speedup, "x", at_least=target),
        Figure(f"{instruction_set}: an epoch", min(found.reference.seconds), "s"),
        Figure(f"{instruction_set}: accuracy above the baseline's", ahead, "points"),
    ]


def _available() -> list[str]:
    """Return the instruction sets of this CPU; avx2 if it doesn't say, where the limits have no effect."""
    has = cpu_flags()
    return [name for name, flag in _FLAGS.items() if flag in has] or ["avx2"]


BENCHMARK = Benchmark("training", "the reference training's epoch", run)
