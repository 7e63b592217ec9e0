"""What the machine is good at, and how to use it: device, precision, determinism."""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

Precision = Literal["auto", "fp32", "bf16"]

AMX_SMALLEST_SIDE = 16
"""Pixels. On smaller pictures autocast costs more than AMX saves."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """`bf16`: whether forward and backward run in it; weights and their update stay float32."""

    device: torch.device
    bf16: bool

    def autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(self.device.type, torch.bfloat16) if self.bf16 else nullcontext()

    def __str__(self) -> str:
        name = torch.cuda.get_device_name() if self.device.type == "cuda" else f"{torch.get_num_threads()} CPU threads"
        return f"{name}, {'bf16' if self.bf16 else 'fp32'}"


def choose(precision: Precision, side: int) -> Hardware:
    """A GPU where there is one. `auto` takes bf16 where it was measured to be faster for pictures of `side`."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return Hardware(device, precision == "bf16" or (precision == "auto" and _gains_by_bf16(device, side)))


def be_deterministic() -> None:
    """The same bits each time, on the same machine with the same number of threads. Before anything is computed."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    # Not use_deterministic_algorithms(): that one imports the compiler, which takes seconds.
    torch.set_deterministic_debug_mode("error")


def _gains_by_bf16(device: torch.device, side: int) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    return side >= AMX_SMALLEST_SIDE and "amx_bf16" in cpu_flags()


def cpu_flags() -> frozenset[str]:
    """Empty where the system does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())
