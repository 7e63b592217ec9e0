"""What a job or a sweep was said to cost when it was accepted.

A quote is part of the run and never changes: a cap, an approval and the bill are compared with what people saw.
"""

from dataclasses import dataclass
from enum import StrEnum

HOUR = 3_600.0


class Terms(StrEnum):
    """How a machine is paid for. The first two words are EC2's purchase options."""

    SPOT = "spot"
    ON_DEMAND = "on demand"
    FIXED = "fixed"
    """`usd_per_hour` of the config says what an hour costs, whatever the machine."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices at the time of the request, and what follows from them. A sweep's is for all of its own runs."""

    usd_per_hour: float
    """Of the dearest machine that the queue may start, with its disk and its address."""
    timeout_seconds: float
    """Of one attempt."""
    terms: Terms = Terms.FIXED
    machine: str = ""
    """The type of that machine; empty if nobody knows it."""
    usual_usd_per_hour: float | None = None
    """What an hour is likely to cost: at the spot price of that moment, for instance. None: the same as the most."""
    usual_machine: str = ""
    """The type that is likely: the cheapest that a job fits on. Empty if nobody knows it."""
    usual_on_demand_usd_per_hour: float | None = None
    """What an hour of that type costs on demand, with its disk and its address: what spot is compared with."""
    runs: int = 1
    at_once: int = 0
    """Of a sweep: the machines that run its trials one after the other. 0 if that is unknown: one for each run."""
    attempts: int = 1
    """Of one run, at most."""
    billed_seconds: float = 0.0
    """Per attempt, on top of the job's own time: boot, image pull, and what passes until an idle machine is ended."""
    expected_seconds: float | None = None
    """Of one run, by earlier ones. None if nothing like it has run yet."""
    priced_at: float = 0.0
    """When the prices were read, in seconds since the epoch. 0 for those of the config."""
    stale: bool = False
    """True if the price service did not answer: the prices are those read last, or of the table of last resort."""

    @property
    def usd_most(self) -> float:
        """If each run uses all its attempts, and each attempt its whole time limit, on the dearest machine."""
        return self.runs * self.attempts * self._usd(self.timeout_seconds, 1, self.usd_per_hour)

    @property
    def usd_expected(self) -> float | None:
        """Without an interruption. None if nothing like it has run yet."""
        if self.expected_seconds is None:
            return None
        seconds = self.runs * min(self.expected_seconds, self.timeout_seconds)
        return min(self.usd_most, self.usd_for(seconds, min(self.at_once or self.runs, self.runs)))

    def usd_for(self, machine_seconds: float, attempts: int) -> float:
        """What this much machine time has cost, by an estimate; `attempts` is how many machines it was spread over."""
        return self._usd(machine_seconds, attempts, self._usual)

    def saved_usd(self, machine_seconds: float, attempts: int) -> float:
        """What spot machines have saved against the same type on demand; 0 for any other terms."""
        on_demand = self.usual_on_demand_usd_per_hour
        if self.terms is not Terms.SPOT or on_demand is None:
            return 0.0
        return max(0.0, self._usd(machine_seconds, attempts, on_demand - self._usual))

    @property
    def _usual(self) -> float:
        return self.usd_per_hour if self.usual_usd_per_hour is None else self.usual_usd_per_hour

    def _usd(self, seconds: float, attempts: int, usd_per_hour: float) -> float:
        return (max(0.0, seconds) + attempts * self.billed_seconds) * usd_per_hour / HOUR
