"""Sweeps and their parts, as the store takes them."""

from dataclasses import replace
from typing import Any

from bot.domain.model.job import Job
from bot.domain.model.space import Axis, Space
from bot.domain.model.sweep import Part, Plan, Search, Sweep
from bot.domain.parameters import Kind
from tests.support.jobs import make_job

SPACE = Space((Axis("lr", Kind.FLOAT, (0.1, 0.01)),), {"axes": [["lr", [0.1, 0.01]]]})
PLAN = Plan("lr=0.1,0.01", SPACE, Search.GRID, trials=2)


def make_sweep(**changes: Any) -> Job:
    return make_job(**({"sweep": Sweep(PLAN)} | changes))


def make_part(sweep: Job, number: int, **changes: Any) -> Job:
    part = replace(
        sweep,
        id=f"{sweep.id}-{number}",
        sweep=None,
        part=Part(sweep.id, number, str(number), 1),
        told_at=sweep.created_at,
        archived_at=sweep.created_at,
    )
    return replace(part, **changes)
