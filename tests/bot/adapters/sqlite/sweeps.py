"""Sweeps and their submissions, as the store takes them."""

from typing import Any

from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.parameters import Kind
from tests.support import jobs, rows

SPACE = Space((Axis("lr", Kind.FLOAT, (0.1, 0.01)),), {"axes": [["lr", [0.1, 0.01]]]})
PLAN = Plan("lr=0.1,0.01", SPACE, Search.GRID, trials=2)


def make_sweep(**changes: Any) -> Sweep:
    return jobs.make_sweep(PLAN, **changes)


def make_submission(sweep: Sweep, number: int, **changes: Any) -> Submission:
    return rows.submission(sweep, number, str(number), 1, **changes)
