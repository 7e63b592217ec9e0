"""Sweeps whose trials are submitted one by one, as others end."""

from dataclasses import replace

from bot.domain.model.plan import Plan, Search
from bot.errors import BadInput

MAX_INCREMENTAL = 2_000
"""Trials of such a sweep."""
DEFAULT_PARALLEL = 4
"""Trials that run at once, by default, if the sampler learns from results."""


def limit_one_by_one(plan: Plan, machines: int | None) -> Plan:
    """Limit a sampler that learns: it needs results before it chooses more points. Raises `BadInput` for too many."""
    if plan.search is Search.TPE and not plan.parallel:
        plan = replace(plan, parallel=max(1, min(DEFAULT_PARALLEL, machines or DEFAULT_PARALLEL, plan.trials)))
    if plan.incremental and plan.trials > MAX_INCREMENTAL:
        why = (
            "`search:tpe` submits its trials" if plan.search is Search.TPE else "with `parallel`, trials are submitted"
        )
        raise BadInput(
            f"{plan.trials:,} trials are too many: {why} one by one, {MAX_INCREMENTAL:,} at most. Use fewer, or "
            "`grid` or `random` without `parallel`, which take 100,000."
        )
    return plan
