"""How the entrypoint reports the use of the GPUs in the log: `@signalbox {"gpu": {"percent": 3, …}}`.

It is a line for machines: threads leave it out, and a bot of an earlier version ignores it. Standard library only.
"""

import json
import math
from dataclasses import asdict, dataclass

from trainer.contract import TROUBLE_MARK

_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class GpuUse:
    """Of all GPUs of the machine together: the busiest counts."""

    percent: float
    """The highest utilization since the last report."""
    memory_mib: float
    """Memory in use on the fullest of them."""
    idle_seconds: float
    """For how long none of them has been busy, since the command began or since one was."""
    used: bool
    """True if one has been busy since the command began."""


def format_gpu(use: GpuUse) -> str:
    """Format it as a log line."""
    return TROUBLE_MARK + json.dumps({"gpu": asdict(use)})


def parse_gpu(line: str) -> GpuUse | None:
    """Parse such a line. None for any other."""
    if not line.startswith(TROUBLE_MARK + '{"gpu"') or len(line) > _LONGEST:
        return None
    try:
        body = json.loads(line[len(TROUBLE_MARK) :])["gpu"]
        percent, memory, idle = (float(body[name]) for name in ("percent", "memory_mib", "idle_seconds"))
        use = GpuUse(percent, memory, idle, body["used"] is True)
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return None
    return use if all(map(math.isfinite, (percent, memory, idle))) else None
