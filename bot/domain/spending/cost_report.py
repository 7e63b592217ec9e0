"""What the jobs and sweeps of some days have cost, added up in several ways at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.money.calendar import Calendar
from bot.domain.spending.charge import Charge


class Grouping(StrEnum):
    PROJECT = "project"
    PERSON = "person"
    DAY = "day"
    MONTH = "month"


@dataclass(slots=True)
class Total:
    """Sums in USD, by estimates. What has no price adds to the counts and the seconds alone."""

    jobs: int = 0
    sweeps: int = 0
    live: int = 0
    seconds: float = 0.0
    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    lost_usd: float = 0.0
    lost_machines: int = 0
    spot_saved_usd: float = 0.0
    early_saved_usd: float = 0.0
    unpriced: int = 0
    """Jobs and sweeps that had a machine, or live, and whose price is not known."""

    @property
    def count(self) -> int:
        return self.jobs + self.sweeps

    def add(self, charge: Charge) -> None:
        self.jobs += charge.kind != SWEEP
        self.sweeps += charge.kind == SWEEP
        self.live += charge.live
        self.seconds += charge.seconds
        self.lost_machines += charge.lost_machines
        self.spent_usd += charge.spent_usd or 0.0
        self.reserved_usd += charge.reserved_usd or 0.0
        self.lost_usd += charge.lost_usd or 0.0
        self.spot_saved_usd += charge.spot_saved_usd or 0.0
        self.early_saved_usd += charge.early_saved_usd or 0.0
        self.unpriced += is_unpriced(charge)


SWEEP = "sweep"
Key = str | int
"""A project's name or a person's id."""


class CostReport:
    """Filled by `add`, one after the other. `rates` are what an hour costs by the config, by project: they count for
    what was asked for without a price."""

    def __init__(self, calendar: Calendar, rates: Mapping[str, float]) -> None:
        self._calendar, self._rates = calendar, rates
        self.total = Total()
        self.projects: dict[str, Total] = defaultdict(Total)
        self.people: dict[int, Total] = defaultdict(Total)
        self.days: dict[dt.date, Total] = defaultdict(Total)
        self.months: dict[dt.date, Total] = defaultdict(Total)
        self.usd: dict[Grouping, dict[tuple[dt.date, Key], float]] = {
            Grouping.PROJECT: defaultdict(float),
            Grouping.PERSON: defaultdict(float),
        }
        """What each project and each person has spent, by day."""
        self.dearest: Charge | None = None
        self._names: dict[int, str] = {}

    def add(self, charge: Charge) -> Charge:
        """Count this one, and return it with the price that it was counted at."""
        charge = charge.priced_with(self._rates.get(charge.project))
        day = self._calendar.date(charge.counted_at)
        whose = self.projects[charge.project], self.people[charge.asker_id]
        for total in (self.total, *whose, self.days[day], self.months[day.replace(day=1)]):
            total.add(charge)
        spent = charge.spent_usd or 0.0
        self.usd[Grouping.PROJECT][day, charge.project] += spent
        self.usd[Grouping.PERSON][day, charge.asker_id] += spent
        self._names[charge.asker_id] = charge.asker_name or self._names.get(charge.asker_id, "")
        if spent > (0.0 if self.dearest is None else self.dearest.spent_usd or 0.0):
            self.dearest = charge
        return charge

    def person(self, asker_id: int) -> str:
        """The newest of the names that they had; with the end of their id where two have the same."""
        name = self._names.get(asker_id) or "somebody"
        alike = [other for other in self._names.values() if (other or "somebody") == name]
        return f"{name} …{asker_id % 10_000:04}" if len(alike) > 1 else name


def is_unpriced(charge: Charge) -> bool:
    """What never had a machine has cost nothing, whatever its price."""
    return not charge.priced and (charge.live or charge.seconds > 0)
