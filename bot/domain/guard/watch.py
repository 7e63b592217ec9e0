"""What the guard has warned of, and what people have answered: stored with the job or the sweep."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bot.domain.guard.counters import Counters
from bot.domain.guard.losses import Losses
from bot.domain.guard.signs import Condition, Found

WHOLE = -1
"""In place of a trial's number: the job itself, or the whole sweep."""
LATE_SECONDS = 90.0
"""By how much the announced end may be off before it is announced anew: the grace counts only while the bot watches."""
Holding = Mapping[Condition, Mapping[int, Found]]
"""What holds now, by trial."""


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning that stands. Times in seconds since the epoch."""

    number: int
    """Tells the warnings of one job or sweep apart."""
    condition: Condition
    at: float
    ends_at: float
    """When the grace will be over, as far as is known."""
    seconds: float = 0.0
    """For how long the condition had held at the warning."""
    name: str = ""
    value: float = 0.0
    waited: float = 0.0
    """How much of the grace has passed."""
    trials: tuple[int, ...] = (WHOLE,)

    @property
    def of_whole(self) -> bool:
        return self.trials == (WHOLE,)


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody said to leave: no warning of this condition any more, for these trials, in this attempt."""

    condition: Condition
    trials: tuple[int, ...]
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything that the guard stores. Its counters are those of a single job."""

    saved: Counters = field(default_factory=Counters)
    losses: Losses = field(default_factory=Losses)
    warned: tuple[Warned, ...] = ()
    left: tuple[Left, ...] = ()
    said: int = 0
    """How many warnings there have been."""

    @property
    def shown(self) -> tuple[object, ...]:
        """What of it a card shows."""
        return tuple(replace(each, waited=0.0) for each in self.warned)

    def warns(self, number: int) -> bool:
        """True if a warning stands for this trial."""
        return any(number in each.trials for each in self.warned)

    def leave(self, scope: str) -> "Watch":
        """Nothing that stands is to be stopped, nor warned of again."""
        left = tuple(Left(each.condition, each.trials, scope) for each in self.warned)
        return replace(self, warned=(), left=self.left + left)

    def withdrawn(self) -> "Watch":
        """Without its warnings: it is being stopped anyway."""
        return replace(self, warned=()) if self.warned else self


@dataclass(frozen=True, slots=True)
class Pass:
    """One look at everything. `elapsed` is how much of a grace passed since the last one."""

    now: float
    elapsed: float
    grace: float
    scope: str = ""
    """The attempt of a single job."""
    hold: float = 0.0
    """Between two warnings of one condition: trials that follow each other share a message."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows from a pass."""

    watch: Watch
    begun: tuple[Warned, ...] = ()
    over: tuple[Warned, ...] = ()
    """Warnings that are withdrawn, each with the trials that are well again."""
    due: tuple[Warned, ...] = ()
    """Their grace is over: these trials are to be stopped."""


def turn(watch: Watch, holding: Holding, seen: Collection[int], live: Collection[int], now: Pass) -> Turn:
    """The next version of a watch. Trials that were not `seen` in this pass stay as they are; those that are no longer
    `live` are left out without a word."""
    left = tuple(each for each in watch.left if each.scope == now.scope)
    standing: list[Warned] = []
    over: list[Warned] = []
    for warned in watch.warned:
        still, well = _sorted(warned, holding.get(warned.condition, {}), seen, live)
        if well:
            over.append(replace(warned, trials=well))
        if still:
            standing.append(_waited(replace(warned, trials=still), now))
    due = [each for each in standing if each.waited >= now.grace]
    kept = [each for each in standing if each.waited < now.grace]
    begun = tuple(_new(watch.said, holding, [*standing, *over], left, now))
    after = replace(watch, warned=(*kept, *begun), left=left, said=watch.said + len(begun))
    return Turn(after, begun, tuple(over), tuple(due))


def _sorted(
    warned: Warned, holding: Mapping[int, Found], seen: Collection[int], live: Collection[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Its live trials: those that it still holds for, as far as is known, and those that are well."""
    alive = [number for number in warned.trials if number in live]
    well = tuple(number for number in alive if number in seen and number not in holding)
    return tuple(number for number in alive if number not in well), well


def _waited(warned: Warned, now: Pass) -> Warned:
    waited = warned.waited + now.elapsed
    ends_at = now.now + now.grace - waited
    moved = abs(ends_at - warned.ends_at) > LATE_SECONDS
    return replace(warned, waited=waited, ends_at=ends_at if moved else warned.ends_at)


def _new(said: int, holding: Holding, known: Iterable[Warned], left: Iterable[Left], now: Pass) -> Iterator[Warned]:
    known, left = list(known), list(left)
    for condition, found in holding.items():
        same = [each for each in known if each.condition is condition]
        answered = [each for each in left if each.condition is condition]
        quiet = {number for trials in (*(e.trials for e in same), *(e.trials for e in answered)) for number in trials}
        news = sorted(found.keys() - quiet)
        if not news or any(abs(now.now - each.at) < now.hold for each in same):
            continue
        first = found[news[0]]
        yield Warned(
            said,
            condition,
            now.now,
            now.now + now.grace,
            first.seconds,
            first.name,
            first.value,
            trials=tuple(news),
        )
        said += 1
