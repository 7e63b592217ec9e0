"""How prices are read, and what is billed beside a job's own time. Times are in seconds. Assumption: idle-minutes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """`[prices]` of the config."""

    region: str = ""
    """Empty: the engine's own."""
    fresh_seconds: float = 86_400.0
    """How long prices on demand count as those of now."""
    fresh_spot_seconds: float = 600.0
    disk_gib: float = 60.0
    """Of each machine."""
    start_seconds: float = 240.0
    """From a machine's start to its first job's: boot, and the pull of the image."""
    idle_seconds: float = 300.0
    """From the end of a machine's last job to the machine's."""
