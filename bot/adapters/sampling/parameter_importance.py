"""Compute each parameter's importance with PED-ANOVA, Optuna's only evaluator without scikit-learn and scipy."""

from collections.abc import Sequence
from dataclasses import replace

from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from bot.adapters.sampling.distributions import OptunaSpace
from bot.adapters.sampling.optuna_trials import create_study, study_points
from bot.domain.goal import Goal
from bot.domain.model.plan import Plan
from bot.domain.model.trial import Trial

FEWEST = 10
"""Ended points needed: with fewer, the result is chance."""
_BEST = 5
"""Points needed in the best quantile. Optuna, PedAnovaImportanceEvaluator: "To stabilize the analysis, it is preferable
to include at least 5 trials above `target_quantile`." """


def importance(plan: Plan, trials: Sequence[Trial], goal: Goal) -> dict[str, float]:
    """Share of each parameter in whether a point is among the best tenth. Shares add up to 1, the largest first.

    Empty if too few points have ended, there is only one axis, or all values are equal. Points stopped early count
    with the best value they reported: they are not among the winners either way.
    """
    ended = [point for point in study_points(plan, trials) if point.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    valued = [replace(point, state=TrialState.COMPLETE) for point in ended if point.value is not None]
    if len(valued) < FEWEST or len(plan.space.varied) < 2 or len({point.value for point in valued}) < 2:
        return {}
    quantile = max(0.1, _BEST / len(valued))
    study = create_study(valued, OptunaSpace(plan.space.axes), goal)
    evaluator = PedAnovaImportanceEvaluator(target_quantile=quantile)
    shares = get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in shares.items() if name not in plan.space.fixed}
