"""Compare the reference training with the baseline: seconds per epoch, and accuracy after equal epochs."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from bench.report.machine import cores

INSTRUCTION_SETS: Mapping[str, Mapping[str, str]] = {
    "amx": {},
    "avx512": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE", "MKL_ENABLE_INSTRUCTIONS": "AVX512"},
    "avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"},
}
"""The environment variables that limit torch to an instruction set; they are read once, when torch starts."""


@dataclass(frozen=True, slots=True)
class Options:
    """Each of `seeds` trainings runs `epochs` epochs on so many `pictures`, with `threads` threads."""

    pictures: int = 6_000
    epochs: int = 3
    seeds: int = 3
    threads: int = field(default_factory=cores)


@dataclass(frozen=True, slots=True)
class Times:
    """`seconds` of every epoch with its validation; the last `accuracies` in %, by seed."""

    seconds: Sequence[float]
    accuracies: Sequence[float]


@dataclass(frozen=True, slots=True)
class Comparison:
    hardware: str
    baseline: Times
    reference: Times

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        return cls(content["hardware"], Times(**content["baseline"]), Times(**content["reference"]))

    @property
    def speedup(self) -> float:
        """By the fastest epoch of each."""
        return min(self.baseline.seconds) / min(self.reference.seconds)

    @property
    def median_speedup(self) -> float:
        return statistics.median(self.baseline.seconds) / statistics.median(self.reference.seconds)


def compare(instruction_set: str, options: Options) -> Comparison:
    """Measure both in a process of its own. Raises CalledProcessError if that fails."""
    environment = {**os.environ, **INSTRUCTION_SETS[instruction_set]}
    command = [sys.executable, "-m", "bench.training.measure", instruction_set, json.dumps(asdict(options))]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return Comparison.parse(json.loads(done.stdout))
