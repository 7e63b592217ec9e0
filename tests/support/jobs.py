"""Jobs as `/train` makes them."""

import itertools
from typing import Any

from bot.domain.job_names import ID_ALPHABET, ID_LENGTH
from bot.domain.model.job import Job
from bot.domain.model.plan import Plan
from bot.domain.model.run import Commit
from bot.domain.model.sweep import Sweep
from bot.domain.money.caps import Caps, Limits
from bot.domain.money.quote import HOUR, Quote
from tests.support import rows

_numbers = itertools.count(1)


def make_job(**changes: Any) -> Job:
    """A job just asked for, as `/train` makes one; each has an id and an interaction of its own."""
    return rows.job(**(_asked() | changes))


def make_sweep(plan: Plan, **changes: Any) -> Sweep:
    """The same for a sweep."""
    return rows.sweep(plan, **(_asked() | changes))


def quote(usd_most: float, *, runs: int = 1, **changes: Any) -> Quote:
    """What may cost this much in all, each attempt within an hour."""
    return Quote(**{"usd_per_hour": usd_most / runs, "timeout_seconds": HOUR, "runs": runs} | changes)


def caps(**limits: Any) -> Caps:
    """General caps alone."""
    return Caps(Limits(**limits))


def _asked() -> dict[str, Any]:
    number = next(_numbers)
    return {
        "id": _id(number),
        "project": "mnist",
        "commit": Commit("a" * 40, "main", "Warm up the learning rate"),
        "parameters": {"lr": 0.1, "momentum": 0.5, "epochs": 10},
        "asker_id": 7001,
        "asker_name": "mika",
        "channel_id": 8001,
        "interaction_id": 9_000_000 + number,
        "created_at": 1_000_000.0 + number,
        "timeout_seconds": 3600,
    }


def _id(number: int) -> str:
    letters = ""
    for _ in range(ID_LENGTH):
        number, place = divmod(number, len(ID_ALPHABET))
        letters = ID_ALPHABET[place] + letters
    return letters
