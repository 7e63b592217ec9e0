"""What was asked for, and what the judge has found."""

import datetime as dt
from dataclasses import dataclass, field

from tests.faults.lives.fates import Life


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that was accepted."""

    job_id: str
    life: Life
    at: float

    @property
    def day(self) -> dt.date:
        return dt.datetime.fromtimestamp(self.at, dt.UTC).date()


@dataclass(slots=True)
class Verdict:
    """Each must be 0. `why` has a line for each thing found."""

    excess_seconds: float = 0.0
    orphans: int = 0
    above_cap_usd: float = 0.0
    leaks: int = 0
    twice: int = 0
    """Commands that the bot has submitted a second time."""
    started_in_pause: int = 0
    false_alarms: int = 0
    why: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> tuple[float, ...]:
        return (
            self.excess_seconds,
            self.orphans,
            self.above_cap_usd,
            self.leaks,
            self.twice,
            self.started_in_pause,
            self.false_alarms,
        )

    def add(self, other: "Verdict") -> None:
        self.excess_seconds += other.excess_seconds
        self.orphans += other.orphans
        self.above_cap_usd += other.above_cap_usd
        self.leaks += other.leaks
        self.twice += other.twice
        self.started_in_pause += other.started_in_pause
        self.false_alarms += other.false_alarms
        self.why += other.why
