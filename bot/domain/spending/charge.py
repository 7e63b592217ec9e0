"""A line of the ledger: what one job or sweep has cost, and may still."""

from dataclasses import dataclass, replace

from bot.domain.money.quote import HOUR


@dataclass(frozen=True, slots=True)
class Charge:
    """Times are in seconds since the epoch. Sums are in USD, None if no price was known when it was asked for."""

    id: str
    kind: str
    """`job` or `sweep`."""
    project: str
    asker_id: int
    asker_name: str
    counted_at: float
    """The day and the month that it counts in."""
    created_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    live: bool = False
    outcome: str = ""
    """Why it ended, in the words of `EndReason`; its state while it lives."""
    runs: int = 1
    """Of a sweep, its own trials."""
    seconds: float = 0.0
    """On machines."""
    machines: int = 0
    saved_seconds: float = 0.0
    """What trials that were stopped early would have taken still."""
    lost_seconds: float = 0.0
    lost_machines: int = 0
    machine: str = ""
    terms: str = ""
    spent_usd: float | None = None
    reserved_usd: float | None = None
    """What it may still spend."""
    lost_usd: float | None = None
    """Of what was spent, on machines that it lost."""
    spot_saved_usd: float | None = None
    early_saved_usd: float | None = None

    @property
    def priced(self) -> bool:
        return self.spent_usd is not None

    def priced_with(self, usd_per_hour: float | None) -> "Charge":
        """With a price of today, where none was known: what it may still spend stays unknown."""
        if self.priced or usd_per_hour is None:
            return self
        each = usd_per_hour / HOUR
        return replace(
            self,
            spent_usd=self.seconds * each,
            lost_usd=self.lost_seconds * each,
            spot_saved_usd=0.0,
            early_saved_usd=self.saved_seconds * each,
        )
