"""What mattered, by Optuna's PED-ANOVA: of all its evaluators the one that asks for neither scikit-learn nor scipy."""

from collections.abc import Sequence
from dataclasses import replace

from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from bot.adapters.sampling.distributions import Axes
from bot.adapters.sampling.optuna_trials import points, study
from bot.domain.goal import Goal
from bot.domain.model.plan import Plan
from bot.domain.model.trial import Trial

FEWEST = 10
"""Ended points: of fewer, what is said is chance."""
_BEST = 5
"""Points that the best share should hold at least, by Optuna's documentation."""


def importance(plan: Plan, trials: Sequence[Trial], goal: Goal) -> dict[str, float]:
    """How much being among the best tenth depends on each parameter, adding up to 1; the most important first.

    Empty where too few points have ended, there is but one axis, or all values are the same. Points that were stopped
    early count with the best that they told: they are no winners, either way.
    """
    ended = [point for point in points(plan, trials) if point.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    told = [replace(point, state=TrialState.COMPLETE) for point in ended if point.value is not None]
    if len(told) < FEWEST or len(plan.space.axes) < 2 or len({point.value for point in told}) < 2:
        return {}
    quantile = max(0.1, _BEST / len(told))
    made = study(told, Axes(plan.space.axes), goal)
    evaluator = PedAnovaImportanceEvaluator(target_quantile=quantile)
    return {name: float(share) for name, share in get_param_importances(made, evaluator=evaluator).items()}
