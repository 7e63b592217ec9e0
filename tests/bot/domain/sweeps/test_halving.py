"""Who is given up, and when."""

import random
from collections.abc import Sequence
from dataclasses import replace

import optuna
import pytest

from bot.domain.goal import Goal
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.parameters import Kind
from bot.domain.sweeps.halving import ENOUGH, hopeless

EPOCHS = 10
PLAN = Plan("lr=1..9", Space((Axis("lr", Kind.INT, tuple(range(9))),)), Search.GRID, 9, stop_losers=True)


def trial(number: int, *values: float, state: JobState = JobState.RUNNING, epochs: int | None = EPOCHS) -> Trial:
    reason = EndReason.SUCCEEDED if state is JobState.SUCCEEDED else None
    return Trial(number, state=state, reason=reason, reports=tuple(enumerate(values, 1)), epochs=epochs)


def level(*values: float, state: JobState = JobState.RUNNING) -> list[Trial]:
    """Trials that have told of two epochs each, the first rung, and stay at one value."""
    return [trial(number, value, value, state=state) for number, value in enumerate(values)]


def losers(trials: Sequence[Trial], plan: Plan = PLAN, *, maximize: bool = True) -> list[int]:
    return hopeless(plan, trials, Goal("score", maximize=maximize))


def test_the_worse_half_is_given_up() -> None:
    assert losers(level(4.0, 1.0, 3.0, 2.0)) == [1, 3]
    assert losers(level(4.0, 1.0, 3.0, 2.0), maximize=False) == [0, 2]


def test_of_few_nobody_is() -> None:
    assert losers(level(*range(ENOUGH - 1))) == []
    assert losers([]) == []


def test_nobody_is_before_the_grace_is_over() -> None:
    assert losers([trial(number, float(number)) for number in range(9)]) == []


def test_those_that_ended_are_compared_with_and_not_given_up() -> None:
    good = [trial(number, *([50.0 + number] * EPOCHS), state=JobState.SUCCEEDED) for number in range(3)]
    assert losers([*good, trial(7, 1.0, 2.0)]) == [7]
    assert losers([*good, trial(7, 51.0, 51.5)]) == []


def test_one_after_another_is_enough() -> None:
    """On one machine a trial meets only those that have ended."""
    ended: list[Trial] = []
    for number, value in enumerate((5.0, 4.0, 3.0, 2.0, 6.0)):
        alone = trial(number, value, value)
        stopped = losers([*ended, alone])
        assert stopped == ([3] if number == 3 else [])
        kept = alone.reports if stopped else tuple((epoch, value) for epoch in range(1, EPOCHS + 1))
        ended.append(replace(alone, state=JobState.SUCCEEDED, reports=kept))


def test_the_best_so_far_is_kept_however_late_it_came() -> None:
    late = trial(0, 1.0, 1.0, 99.0)
    assert 0 not in losers([late, *level(9.0, 8.0, 7.0, 6.0, 5.0)[1:]])
    assert 0 in losers([trial(0, 1.0, 1.0, 8.5), *level(9.0, 8.8, 8.7, 8.6, 8.6)[1:], trial(8, 9.9)])


def test_what_it_has_come_to_counts_and_not_a_bad_epoch() -> None:
    dipped = trial(0, 8.0, 2.0)
    assert losers([dipped, *level(0.0, 9.0, 5.0, 4.0)[1:]]) == [2, 3]


def test_equals_go_on() -> None:
    assert losers(level(3.0, 3.0, 3.0, 3.0)) == []


def test_it_is_looked_at_again_when_others_have_come() -> None:
    three = level(3.0, 2.0, 1.0)
    assert losers(three) == []
    assert losers([*three, trial(3, 9.0, 9.0)]) == [1, 2]


@pytest.mark.parametrize("seed", range(10))
def test_the_order_does_not_matter(seed: int) -> None:
    drawn = random.Random(seed)
    trials = [trial(number, *(drawn.random() for _ in range(drawn.randrange(EPOCHS)))) for number in range(30)]
    shuffled = drawn.sample(trials, len(trials))
    assert sorted(losers(shuffled)) == losers(trials)


def test_nothing_is_stopped_that_has_no_epochs_left_or_tells_none() -> None:
    good = [trial(number, *([50.0] * EPOCHS), state=JobState.SUCCEEDED) for number in range(4)]
    assert losers([*good, trial(5, *([1.0] * EPOCHS))]) == []
    assert losers([*good, trial(5, 1.0, 1.0, epochs=None)]) == []


def test_only_what_runs_is_stopped_and_only_once() -> None:
    good = [trial(number, *([50.0] * EPOCHS), state=JobState.SUCCEEDED) for number in range(4)]
    bad = trial(5, 1.0, 1.0)
    assert losers([*good, bad]) == [5]
    assert losers([*good, replace(bad, pruned_at=1.0)]) == []
    assert losers([*good, replace(bad, state=JobState.FAILED, reason=EndReason.HOST_LOST)]) == []


class TestFolds:
    PLAN = replace(PLAN, trials=18, folds=2)

    def test_a_fold_is_compared_with_the_same_fold(self) -> None:
        """The second fold is the harder one: its values are lower, and no reason to stop it."""
        easy = [trial(2 * point, 90.0 + point, 90.0 + point) for point in range(4)]
        hard = [trial(2 * point + 1, 10.0 + point, 10.0 + point) for point in range(3)]
        assert losers([*easy, *hard], self.PLAN) == [0, 2]

    def test_with_one_fold_the_point_is_given_up(self) -> None:
        stopped = replace(trial(4, 1.0, 1.0, state=JobState.FAILED), pruned_at=5.0)
        assert losers([stopped, trial(5, 99.0), trial(7, 1.0)], self.PLAN) == [5]


@pytest.mark.parametrize("seed", range(20))
def test_it_decides_as_optuna_does(seed: int) -> None:
    """One trial after another, none of them ever getting worse: where a rung has enough to say, and the trial is not
    the best so far, Optuna's pruner and this one say the same at every epoch at which a rung is reached."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    drawn = random.Random(seed)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=2, reduction_factor=2)
    study, ended, compared = optuna.create_study(direction="maximize", pruner=pruner), list[Trial](), 0
    for number in range(40):
        theirs, values = study.ask(), list[float]()
        for epoch in range(1, EPOCHS + 1):
            values.append(max([*values, drawn.gauss(number % 7, 2)]))
            theirs.report(values[-1], epoch)
            pruned = theirs.should_prune()
            reached = sum(len(each.reports) >= epoch for each in ended)
            best = values[-1] > max((value for each in ended for _, value in each.reports), default=float("-inf"))
            if epoch in (2, 4, 8) and reached + 1 >= ENOUGH and not best:
                compared += 1
                assert losers([*ended, trial(number, *values)]) == ([number] if pruned else [])
            if pruned:
                break
        study.tell(
            theirs, state=optuna.trial.TrialState.PRUNED if pruned else None, values=None if pruned else values[-1]
        )
        ended.append(trial(number, *values, state=JobState.SUCCEEDED))
    assert compared > 20


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_one_that_diverged_is_given_up_at_its_first_rung_even_alone(value: float) -> None:
    assert losers([trial(0, value), trial(1, 0.5)], maximize=False) == []
    assert losers([trial(0, value, value), trial(1, 0.5)], maximize=False) == [0]
    assert losers([trial(0, 0.5, value, value), trial(1, 0.5)], maximize=False) == [0]


def test_one_value_that_is_missing_is_no_divergence() -> None:
    assert losers([trial(0, 0.5, float("nan"), 0.4), trial(1, float("nan"), 0.5)], maximize=False) == []
