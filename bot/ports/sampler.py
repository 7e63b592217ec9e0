"""The search for good points."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.model.sweep import Plan, Trial
from bot.domain.parameters import Value


class Sampler(Protocol):
    """Optuna's mathematics, off the event loop. Nothing is remembered: each answer follows from what is given."""

    async def ask(self, plan: Plan, trials: Sequence[Trial], count: int, *, maximize: bool) -> list[dict[str, Value]]:
        """The next `count` points after all these trials, those that run still among them (`plan.search` is TPE)."""

    async def hopeless(self, plan: Plan, trials: Sequence[Trial], *, maximize: bool) -> list[int]:
        """The numbers of the running trials that successive halving would stop by what has been reported."""

    async def importance(self, plan: Plan, trials: Sequence[Trial], *, maximize: bool) -> dict[str, float]:
        """How much of the metric each parameter explains, adding up to 1; empty where too few have ended."""
