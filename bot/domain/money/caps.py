"""How much may be spent, and what does not fit. Sums are in USD, by estimates: what ended has spent, what lives may
spend all that it was quoted at most."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.money.calendar import Calendar, Period
from bot.domain.money.quote import HOUR, Quote
from bot.domain.money.weekly import DigestTime


@dataclass(frozen=True, slots=True)
class Limits:
    """What `[caps]` or a project's own section sets; None for what it leaves out."""

    person_day_usd: float | None = None
    project_month_usd: float | None = None
    job_usd: float | None = None
    person_live_jobs: int | None = None
    """A sweep counts as many as it may run at once."""
    project_live_jobs: int | None = None
    approve_above_usd: float | None = None
    """A job or sweep that may cost more waits until a second person approves it."""


class Pool(StrEnum):
    """What is added up to be compared with a cap."""

    PERSON_DAY = "person_day_usd"
    PROJECT_MONTH = "project_month_usd"
    JOB = "job_usd"
    PERSON_LIVE = "person_live_jobs"
    PROJECT_LIVE = "project_live_jobs"

    @property
    def in_usd(self) -> bool:
        return self in (Pool.PERSON_DAY, Pool.PROJECT_MONTH, Pool.JOB)

    @property
    def period(self) -> Period | None:
        """None for what is not added up over a time."""
        return {Pool.PERSON_DAY: Period.DAY, Pool.PROJECT_MONTH: Period.MONTH}.get(self)


@dataclass(frozen=True, slots=True)
class Cap:
    """One cap as it applies to one request."""

    pool: Pool
    most: float
    setting: str
    """`caps.job_usd`, `projects.mnist.caps.job_usd`: where to raise it."""
    own: bool
    """True if the project has set it: then a person's sums are those of this project alone."""


@dataclass(frozen=True, slots=True)
class Caps:
    """A project's own limit stands in place of the general one. What a person spends in a project with a limit of its
    own is compared with that alone: the general one adds up the other projects."""

    general: Limits = field(default_factory=Limits)
    projects: Mapping[str, Limits] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)
    approve_mentions: bool = False
    """True to ping the roles that may approve."""
    digest: DigestTime | None = None
    """When each week's costs are posted; None for never."""

    def of(self, project: str) -> Iterator[Cap]:
        own = self.projects.get(project, Limits())
        for pool in Pool:
            most = getattr(own, pool)
            if most is not None:
                yield Cap(pool, most, f"projects.{project}.caps.{pool}", own=True)
            elif (most := getattr(self.general, pool)) is not None:
                yield Cap(pool, most, f"caps.{pool}", own=False)

    def elsewhere(self, pool: Pool) -> list[str]:
        """The projects whose own limit stands in place of the general one."""
        return sorted(name for name, limits in self.projects.items() if getattr(limits, pool) is not None)

    def approve_above(self, project: str) -> tuple[float, str] | None:
        """The sum above which a second person approves, and its setting; None if nobody is asked."""
        own, name = self.projects.get(project, Limits()).approve_above_usd, "approve_above_usd"
        if own is not None:
            return own, f"projects.{project}.caps.{name}"
        general = self.general.approve_above_usd
        return None if general is None else (general, f"caps.{name}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request would add."""

    quote: Quote | None
    places: int
    """Live jobs; of a sweep, how many trials may run at once."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What the others of a pool have spent, may still spend, and how many of them live."""

    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    live: int = 0


@dataclass(frozen=True, slots=True)
class Excess:
    """A request that does not fit under a cap. `unpriced`: nobody knows what it may cost."""

    cap: Cap
    asked: Asked
    sums: Sums
    unpriced: bool = False

    @property
    def room(self) -> float:
        """What is left of the cap without this request."""
        used = self.sums.spent_usd + self.sums.reserved_usd if self.cap.pool.in_usd else self.sums.live
        return max(0.0, self.cap.most - used)

    @property
    def runs_that_fit(self) -> int:
        """Of the runs asked for, as many as the cap has room for."""
        if self.asked.quote is None or not self.cap.pool.in_usd:
            return int(self.room)
        each = self.asked.quote.usd_most / self.asked.quote.runs
        return int(self.room / each + TOLERANCE) if each > 0 else self.asked.quote.runs

    @property
    def seconds_that_fit(self) -> float:
        """The time limit with which the request would fit; 0 if none does."""
        quote = self.asked.quote
        if quote is None or not quote.usd_per_hour:
            return 0.0
        attempts = quote.runs * quote.attempts
        return max(0.0, self.room * HOUR / (quote.usd_per_hour * attempts) - quote.billed_seconds)


TOLERANCE = 1e-9
"""Sums of binary fractions: three jobs of $0.10 fit under a cap of $0.30."""


def excess(cap: Cap, asked: Asked, sums: Sums) -> Excess | None:
    """None if the request fits."""
    if not cap.pool.in_usd:
        return Excess(cap, asked, sums) if sums.live + asked.places > cap.most else None
    if asked.quote is None:
        return Excess(cap, asked, sums, unpriced=True)
    if asked.quote.usd_most == 0:
        return None  # a machine of one's own: what costs nothing passes no sum
    total = sums.spent_usd + sums.reserved_usd + asked.quote.usd_most
    return None if total <= cap.most * (1 + TOLERANCE) else Excess(cap, asked, sums)
