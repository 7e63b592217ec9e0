"""Which parameter mattered."""

import subprocess
import sys
from dataclasses import replace

import pytest

from bot.adapters.sampling.parameter_importance import importance
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.parameters import Kind
from tests.bot.adapters.sampling.goals import HIGHEST, LOWEST
from tests.bot.adapters.sampling.spaces import BATCH, LR, MIXED, done, history, planned, score


def test_what_decides_has_the_most_and_all_add_up_to_one() -> None:
    shares = importance(planned(), history(MIXED, 60), HIGHEST)
    assert next(iter(shares)) == "lr"
    assert shares["lr"] > 0.5
    assert set(shares) == {axis.name for axis in MIXED}
    assert sum(shares.values()) == pytest.approx(1)


def test_of_a_loss_too() -> None:
    trials = [replace(trial, value=-(trial.value or 0.0)) for trial in history(MIXED, 60)]
    assert importance(planned(), trials, LOWEST) == pytest.approx(importance(planned(), history(MIXED, 60), HIGHEST))


@pytest.mark.parametrize(
    "trials",
    [
        [],
        history(MIXED, 9),
        [replace(trial, value=None) for trial in history(MIXED, 60)],
        [replace(trial, value=50.0) for trial in history(MIXED, 60)],
    ],
    ids=["none", "too few", "no metrics", "all the same"],
)
def test_nothing_is_said_of(trials: list[Trial]) -> None:
    assert importance(planned(), trials, HIGHEST) == {}


def test_of_a_grid_the_points_follow_from_the_numbers() -> None:
    axes = (BATCH, Axis("lr", Kind.FLOAT, (0.1, 0.01, 0.001, 1e-4, 1e-5)))
    space = Space(axes, {"axes": [[axis.name, list(axis.values)] for axis in axes]})
    trials = [done(number, {}, score(space.point(number))) for number in range(15)]
    shares = importance(Plan("", space, Search.GRID, 15), trials, HIGHEST)
    assert next(iter(shares)) == "lr"


def test_nor_of_one_axis() -> None:
    assert importance(planned((LR,)), history((LR,), 60), HIGHEST) == {}


def test_those_that_were_stopped_early_count() -> None:
    trials = history(MIXED, 60)
    early = [
        replace(t, reason=EndReason.STOPPED, state=JobState.FAILED, pruned_at=1.0) if n % 2 else t
        for n, t in enumerate(trials)
    ]
    assert importance(planned(), early, HIGHEST) == pytest.approx(importance(planned(), trials, HIGHEST))


def test_folds_are_one_point() -> None:
    trials = history(MIXED, 20)
    folds = [done(2 * t.number + fold, t.parameters or {}, t.value) for t in trials for fold in range(2)]
    assert importance(planned(folds=2), folds, HIGHEST) == pytest.approx(importance(planned(), trials, HIGHEST))


@pytest.mark.slow
def test_neither_scipy_nor_scikit_learn_is_needed() -> None:
    """The bot's image has neither."""
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('scipy', 'sklearn', 'pandas', 'torch')))\n"
        "from bot.adapters.sampling.parameter_importance import importance\n"
        "from bot.adapters.sampling.suggest import ask\n"
        "from tests.bot.adapters.sampling.goals import HIGHEST\n"
        "from tests.bot.adapters.sampling.spaces import MIXED, history, planned\n"
        "trials = history(MIXED, 60)\n"
        "print(*importance(planned(), trials, HIGHEST), len(ask(planned(), trials, 2, HIGHEST)))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.startswith("lr ")
    assert out.stdout.endswith(" 2\n")
    assert out.stderr == ""
