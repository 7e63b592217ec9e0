"""Choose device and precision for this machine, and make a run deterministic."""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

Precision = Literal["auto", "fp32", "bf16"]

AMX_SMALLEST_SIDE = 16
"""In pixels. On smaller pictures autocast costs more than AMX saves."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """`bf16`: run forward and backward in bf16. The weights and their update stay float32."""

    device: torch.device
    bf16: bool

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context for the forward pass."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.bf16 else nullcontext()

    def __str__(self) -> str:
        name = torch.cuda.get_device_name() if self.device.type == "cuda" else f"{torch.get_num_threads()} CPU threads"
        return f"{name}, {'bf16' if self.bf16 else 'fp32'}"


def choose(precision: Precision, side: int) -> Hardware:
    """Choose the GPU if there is one. `auto` means bf16 where it was measured to be faster for pictures of `side`."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return Hardware(device, precision == "bf16" or (precision == "auto" and _bf16_is_faster(device, side)))


def make_deterministic() -> None:
    """Give the same bits on every run with the same machine and number of threads. Call it before any computation."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    # Not by use_deterministic_algorithms(): it imports the compiler, which takes seconds.
    torch.set_deterministic_debug_mode("error")


def _bf16_is_faster(device: torch.device, side: int) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    return side >= AMX_SMALLEST_SIDE and "amx_bf16" in cpu_flags()


def cpu_flags() -> frozenset[str]:
    """Return the CPU's features. Empty if the system has no /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())
