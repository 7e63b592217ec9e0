"""The config of one world: limits, caps and the price, drawn anew for each."""

import random
from dataclasses import dataclass, replace

from bot.domain.access import Person
from bot.domain.guard.limits import GuardLimits
from bot.domain.money.caps import Caps, Limits
from bot.domain.money.price_settings import PriceSettings
from bot.domain.project import Project
from tests.support.projects import ADMIN, CHANNEL, GUILD, PROJECT, TRAINER

ASKERS = tuple(Person(10 + n, f"asker{n}", frozenset({GUILD, TRAINER}), CHANNEL) for n in range(3))
BOSS = Person(99, "boss", frozenset({GUILD, TRAINER, ADMIN}), CHANNEL)
USD_PER_HOUR = 3.6
"""A tenth of a cent a second."""
PRICES = PriceSettings(start_seconds=240, idle_seconds=300)


@dataclass(frozen=True, slots=True)
class Rules:
    project: Project
    caps: Caps
    attempts: int

    @property
    def guard(self) -> GuardLimits:
        return self.project.guard

    @property
    def most_usd(self) -> float:
        """What one job may come to: docs/money.md, "What it can come to"."""
        billed = self.project.timeout_seconds + PRICES.start_seconds + PRICES.idle_seconds
        return self.attempts * billed * USD_PER_HOUR / 3_600


def drawn_rules(drawn: random.Random) -> Rules:
    minutes = 60.0
    guard = GuardLimits(
        silent_seconds=drawn.choice((10, 15)) * minutes,
        diverged_factor=10.0,
        gpu_idle_seconds=drawn.choice((8, 12)) * minutes,
        waiting_seconds=drawn.choice((30, 45)) * minutes,
        starting_seconds=drawn.choice((8, 12)) * minutes,
        overtime_seconds=drawn.choice((5, 10)) * minutes,
        grace_seconds=drawn.choice((5, 10)) * minutes,
    )
    timeout = drawn.choice((40, 60)) * 60
    project = replace(PROJECT, guard=guard, timeout_seconds=timeout, usd_per_hour=USD_PER_HOUR)
    rules = Rules(project, Caps(), drawn.choice((1, 2, 3)))
    one = rules.most_usd
    limits = Limits(
        person_day_usd=one * drawn.choice((4, 7)) * 1.0001,
        project_month_usd=one * drawn.choice((11, 18)) * 1.0001,
        person_live_jobs=drawn.choice((4, 6)),
        project_live_jobs=drawn.choice((9, 14)),
        approve_above_usd=one * 0.5 if drawn.random() < 0.3 else None,
    )
    return replace(rules, caps=Caps(limits))
