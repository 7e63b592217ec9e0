"""The points that are asked for: where they lie, that they spread out, that they come closer to the best."""

import math
import random
from dataclasses import replace
from itertools import product

import pytest

from bot.adapters.sampling.suggest import ask
from bot.domain.goal import Goal
from bot.domain.model.space import Axis
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.parameters import Kind, Value
from tests.bot.adapters.sampling.goals import HIGHEST
from tests.bot.adapters.sampling.spaces import (
    AUGMENT,
    BATCH,
    FINITE,
    LR,
    MIXED,
    OPTIMIZER,
    alike,
    done,
    failed,
    history,
    planned,
    running,
    score,
)


@pytest.mark.parametrize("known", [0, 5, 30])
def test_points_lie_in_the_space_with_the_axes_own_types(known: int) -> None:
    for point in ask(planned(), history(MIXED, known), 20, HIGHEST):
        assert list(point) == [axis.name for axis in MIXED]
        assert 1e-4 <= point["lr"] <= 1.0  # type: ignore[operator]
        assert float(f"{point['lr']:.12g}") == point["lr"]
        assert type(point["layers"]) is int
        assert point["layers"] in range(1, 5)
        assert type(point["batch"]) is int
        assert point["batch"] in BATCH.values
        assert point["optimizer"] in OPTIMIZER.values
        assert type(point["augment"]) is bool


def test_a_range_of_one_third_is_not_left_by_rounding() -> None:
    narrow = Axis("x", Kind.FLOAT, low=1 / 3, high=1 / 3 + 1e-14)
    points = ask(planned((narrow, AUGMENT)), [], 20, HIGHEST)
    assert all(narrow.low <= point["x"] <= narrow.high for point in points)  # type: ignore[operator]


def test_the_answer_follows_from_what_is_given() -> None:
    trials = history(MIXED, 20)
    assert ask(planned(), trials, 3, HIGHEST) == alike(ask(planned(), trials, 3, HIGHEST))
    assert ask(planned(), trials, 1, HIGHEST) != ask(planned(seed=8), trials, 1, HIGHEST)
    assert ask(planned(), trials[:5], 1, HIGHEST) != ask(planned(), trials[:6], 1, HIGHEST)


@pytest.mark.parametrize("maximize", [True, False])
def test_it_comes_to_where_the_best_is(maximize: bool) -> None:
    sign = 1 if maximize else -1
    trials = [replace(trial, value=sign * (trial.value or 0.0)) for trial in history((LR,), 40)]
    points = ask(planned((LR,)), trials, 10, Goal("score", maximize=maximize))
    assert sum(1e-3 < point["lr"] < 1e-1 for point in points) >= 8  # type: ignore[operator]


def test_points_asked_for_together_and_beside_running_ones_spread_out() -> None:
    trials = history((LR,), 30)
    best = max(trials, key=lambda trial: trial.value or 0.0).parameters or {}
    beside = [running(30 + number, best) for number in range(10)]
    points = ask(planned((LR,)), [*trials, *beside], 5, HIGHEST)
    assert len({point["lr"] for point in points}) == 5
    crowded = [abs(math.log10(point["lr"] / best["lr"])) for point in points]  # type: ignore[operator]
    isolated = [abs(math.log10(p["lr"] / best["lr"])) for p in ask(planned((LR,)), trials, 5, HIGHEST)]  # type: ignore[operator]
    assert sum(crowded) > sum(isolated)


class TestFinite:
    ALL = [dict(zip(("batch", "optimizer"), at, strict=True)) for at in product(BATCH.values, OPTIMIZER.values)]

    @pytest.mark.parametrize("seed", range(5))
    def test_no_point_comes_twice_while_others_are_left(self, seed: int) -> None:
        trials: list[Trial] = []
        for number in range(6):
            (point,) = ask(planned(FINITE, seed=seed), trials, 1, HIGHEST)
            trials.append(done(number, point, 90.0 if point["batch"] == 16 else 10.0))
        assert {tuple(trial.parameters.values()) for trial in trials if trial.parameters} == {
            tuple(point.values()) for point in self.ALL
        }

    def test_nor_do_those_asked_for_together(self) -> None:
        points = ask(planned(FINITE), [], 6, HIGHEST)
        assert sorted(map(str, points)) == sorted(map(str, self.ALL))

    def test_what_runs_or_failed_has_come(self) -> None:
        trials = [running(0, self.ALL[0]), *(failed(number, self.ALL[number]) for number in range(1, 5))]
        assert ask(planned(FINITE), trials, 1, HIGHEST) == [self.ALL[5]]

    def test_they_come_again_when_all_have(self) -> None:
        points = ask(planned(FINITE), [], 9, HIGHEST)
        assert len(points) == 9
        assert all(point in self.ALL for point in points)

    def test_a_space_of_more_points_than_can_be_counted(self) -> None:
        axes = tuple(Axis(f"x{number}", Kind.INT, tuple(range(10))) for number in range(30))
        assert len(ask(planned(axes), [], 3, HIGHEST)) == 3


class TestFolds:
    def test_a_point_is_complete_when_its_folds_are(self) -> None:
        """Each first fold is wildly wrong; by the means, 0.01 is the best."""
        trials: list[Trial] = []
        for trial in history((LR,), 30):
            for fold in range(2):
                wrong = 1000.0 * (-1) ** fold * (trial.parameters or {})["lr"]  # type: ignore[operator]
                value = (trial.value or 0.0) + wrong
                point = {**(trial.parameters or {}), "folds": 2, "fold": fold}
                trials.append(done(2 * trial.number + fold, point, value))
        points = ask(planned((LR,), folds=2), trials, 10, HIGHEST)
        assert all(set(point) == {"lr"} for point in points)
        assert sum(1e-3 < point["lr"] < 1e-1 for point in points) >= 8  # type: ignore[operator]


class TestTrialsOfEveryKind:
    POINT: dict[str, Value] = {"lr": 0.01, "layers": 2, "batch": 16, "optimizer": "sgd", "augment": True}

    @pytest.mark.parametrize(
        "trial",
        [
            done(0, POINT, None),
            running(0, POINT),
            failed(0, POINT),
            failed(0, POINT, EndReason.HOST_LOST),
            replace(failed(0, POINT, EndReason.STOPPED), pruned_at=1.0, value=50.0, reports=((2, 50.0),)),
            replace(failed(0, POINT, EndReason.STOPPED), pruned_at=1.0),
            Trial(0, state=JobState.RUNNABLE, parameters=POINT),
            done(0, {**POINT, "batch": 17}, 99.0),
            done(0, {**POINT, "lr": 5.0}, 99.0),
            done(0, {"lr": 0.01}, 99.0),
        ],
        ids=["no metrics", "runs", "failed", "lost", "pruned", "pruned at once", "waits", "no value", "beyond", "part"],
    )
    def test_is_taken(self, trial: Trial) -> None:
        rest = [replace(each, number=each.number + 1) for each in history(MIXED, 15)]
        assert len(ask(planned(), [trial, *rest], 2, HIGHEST)) == 2

    def test_points_that_fail_are_left(self) -> None:
        source = random.Random(3)
        trials: list[Trial] = []
        for number in range(40):
            point: dict[str, Value] = {"lr": 10 ** source.uniform(-4, 0)}
            broken = float(point["lr"]) > 1e-2
            trials.append(failed(number, point) if broken else done(number, point, score({"lr": 1e-3})))
        points = ask(planned((LR,)), trials, 10, HIGHEST)
        assert sum(point["lr"] <= 1e-2 for point in points) >= 8  # type: ignore[operator]
