"""The search for good points."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.goal import Goal
from bot.domain.model.plan import Plan
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value


class Sampler(Protocol):
    """Optuna's mathematics, off the event loop. Nothing is remembered: each answer follows from what is given."""

    async def ask(self, plan: Plan, trials: Sequence[Trial], count: int, goal: Goal) -> list[dict[str, Value]]:
        """The next `count` points after all these trials, those that run still among them (`plan.search` is TPE)."""

    async def hopeless(self, plan: Plan, trials: Sequence[Trial], goal: Goal) -> list[int]:
        """The numbers of the running trials that successive halving would stop by what has been reported."""

    async def importance(self, plan: Plan, trials: Sequence[Trial], goal: Goal) -> dict[str, float]:
        """How much of the metric each parameter explains, adding up to 1; empty where too few have ended."""
