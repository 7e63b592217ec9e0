"""The limits of `[guard]`, in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """For the jobs of one project. 0 turns a condition off; `config.example.toml` explains each."""

    silent_seconds: float = 1_800.0
    nan_rows: int = 3
    diverged_factor: float = 0.0
    gpu_idle_seconds: float = 1_800.0
    waiting_seconds: float = 86_400.0
    starting_seconds: float = 1_800.0
    overtime_seconds: float = 600.0
    """Beyond the time limit of an attempt, which the engine keeps itself."""
    grace_seconds: float = 1_800.0
    """Between a warning and the stop."""
