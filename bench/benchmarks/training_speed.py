"""How many times faster an epoch of the reference training is than of the loop that many start from."""

import asyncio
import json
import sys
from dataclasses import dataclass
from statistics import mean
from typing import Any

from bench.report.figures import Benchmark, Figure, Result
from trainer.reference.hardware import cpu_flags

TARGETS = {"amx": 4.0, "avx512": 1.5, "avx2": 1.25}
"""By what the CPU may use."""
_FLAGS = {"amx": "amx_bf16", "avx512": "avx512f", "avx2": "avx2"}


@dataclass(frozen=True, slots=True)
class Size:
    pictures: int
    rounds: int
    seeds: int


async def run(*, small: bool) -> Result:
    """A process for each of the instruction sets that this CPU has: `python -m bench.training`."""
    size = Size(320, 1, 1) if small else Size(6_000, 2, 1)
    figures: list[Figure] = []
    for isa in _there()[-1:] if small else _there():
        figures += _figures(isa, await _measured(isa, size))
    remark = f"{size.pictures:,} pictures of 28x28, turn by turn in one process; the fastest of {size.rounds} epochs."
    return Result(tuple(figures), (remark, "More pictures, epochs and seeds: python -m bench.training"))


def _there() -> list[str]:
    """All of them where the CPU does not say what it has; the caps are then without effect."""
    has = cpu_flags()
    return [isa for isa, flag in _FLAGS.items() if flag in has] or ["avx2"]


async def _measured(isa: str, size: Size) -> dict[str, Any]:
    options = (f"--pictures={size.pictures}", f"--rounds={size.rounds}", f"--seeds={size.seeds}", "--form=json")
    command = (sys.executable, "-m", "bench.training", f"--isa={isa}", *options)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    found: dict[str, Any] = json.loads(output)
    return found


def _figures(isa: str, measured: dict[str, Any]) -> list[Figure]:
    theirs, ours = measured["theirs"], measured["ours"]
    faster = min(theirs["seconds"]) / min(ours["seconds"])
    return [
        Figure(f"{isa}: an epoch faster than the hands-on's loop", faster, "x", at_least=TARGETS[isa]),
        Figure(f"{isa}: an epoch", min(ours["seconds"]), "s"),
        Figure(
            f"{isa}: accuracy above the hands-on's", mean(ours["accuracies"]) - mean(theirs["accuracies"]), "points"
        ),
    ]


BENCHMARK = Benchmark("training", "the reference training's epoch", run)
