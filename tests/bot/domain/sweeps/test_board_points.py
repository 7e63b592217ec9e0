from dataclasses import replace

import pytest

from bot.domain.drawing.figures import Cell
from bot.domain.model.plan import Plan, Search
from bot.domain.model.run import Commit
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Leader
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Kind
from bot.domain.sweeps.board_points import label, request
from tests.support import projects, rows

PROJECT = replace(projects.PROJECT, metric="val_loss", maximize=False, columns={"epoch": "steps"})
LR, M = (0.1, 0.01), (0.5, 0.1, 0.05)
GRID = Space(
    (Axis("lr", Kind.FLOAT, LR), Axis("momentum", Kind.FLOAT, M)), {"axes": [["lr", list(LR)], ["momentum", list(M)]]}
)
RANDOM = Space(
    (Axis("lr", Kind.FLOAT, low=1e-4, high=1.0, log=True), Axis("layers", Kind.INT, (1, 2, 3))),
    {
        "ranges": [
            ["lr", {"low": 1e-4, "high": 1.0, "log": True}],
            ["layers", {"low": 1, "high": 3, "int": True}],
        ],
        "seed": 7,
    },
)
PLAN = Plan("lr=0.1,0.01 momentum=0.5,0.1,0.05", GRID, Search.GRID, 6)


def sweep(plan: Plan = PLAN) -> Sweep:
    return rows.sweep(
        plan,
        id="k7q2mx",
        project="mnist",
        commit=Commit("a1b2c3d4" * 5, "main"),
        parameters={"epochs": 10, "augment": True},
        asker_id=1,
        asker_name="mika",
        channel_id=1,
        interaction_id=9,
        created_at=0.0,
        timeout_seconds=3600,
        importance={"lr": 1.0},
    )


def good(number: int, value: float | None) -> Trial:
    return Trial(number, "batch", JobState.SUCCEEDED, EndReason.SUCCEEDED, value=value, measured=True)


def bad(number: int) -> Trial:
    return Trial(number, "batch", JobState.FAILED, EndReason.COMMAND_FAILED, measured=True)


def going(number: int) -> Trial:
    return Trial(number, "batch", JobState.RUNNING)


def cells(plan: Plan, *trials: Trial) -> tuple[Cell, ...]:
    return request(sweep(plan), {trial.number: trial for trial in trials}, PROJECT).cells


class TestWords:
    def test_what_the_picture_is_of(self) -> None:
        asked = request(sweep(), {}, PROJECT)
        assert (asked.title, asked.subtitle) == ("mnist sweep k7q2mx", "main@a1b2c3d   epochs=10 augment=true")
        assert (asked.metric, asked.maximize) == ("val_loss", False)
        assert (asked.axes, asked.importance) == (GRID.axes, {"lr": 1.0})

    def test_of_folds_it_says_what_the_values_are(self) -> None:
        folds = replace(PLAN, folds=5, trials=30)
        assert request(sweep(folds), {}, PROJECT).subtitle.startswith("main@a1b2c3d   mean ± sd of 5 folds   ")

    def test_a_curve_is_named_by_its_trial_and_point(self) -> None:
        leader = Leader(4, 0.5, {"lr": 1e-5, "momentum": 0.9})
        assert label("k7q2mx.4", sweep(PLAN), leader) == ".4 lr=1e-5 momentum=0.9"
        assert label("b4n8wd.4", sweep(PLAN), leader) == "b4n8wd.4 lr=1e-5 momentum=0.9"
        assert label("k7q2mx.4", sweep(replace(PLAN, folds=2, trials=12)), leader).endswith("momentum=0.9 fold=0")

    def test_what_is_not_varied_stands_in_the_subtitle_alone(self) -> None:
        space = Space((*GRID.axes, Axis("seed", Kind.INT, (7,))), GRID.encoded)
        plan = replace(PLAN, space=space)
        assert request(sweep(plan), {}, PROJECT).subtitle == "main@a1b2c3d   seed=7 epochs=10 augment=true"
        assert label("k7q2mx.4", sweep(plan), Leader(4, 0.5, {"lr": 0.1, "seed": 7})) == ".4 lr=0.1"


class TestGrid:
    def test_every_point_is_there_in_the_order_of_the_trials(self) -> None:
        found = cells(PLAN)
        assert [dict(zip(GRID.names, cell.at, strict=True)) for cell in found] == [GRID.point(n) for n in range(6)]
        assert {cell.state for cell in found} == {TrialState.WAITING}

    def test_each_has_what_came_of_it(self) -> None:
        gone = Trial(3, "batch", JobState.FAILED, EndReason.STOPPED, pruned_at=5.0, value=0.9)
        found = cells(PLAN, good(0, 0.25), bad(1), going(2), gone, good(4, None))
        assert found == (
            Cell((0.1, 0.5), TrialState.SUCCEEDED, 0.25),
            Cell((0.1, 0.1), TrialState.FAILED),
            Cell((0.1, 0.05), TrialState.RUNNING),
            Cell((0.01, 0.5), TrialState.PRUNED, 0.9),
            Cell((0.01, 0.1), TrialState.MISSING),
            Cell((0.01, 0.05), TrialState.WAITING),
        )


class TestSampled:
    def test_random_points_are_known_before_they_run(self) -> None:
        plan = Plan("", RANDOM, Search.RANDOM, 20)
        found = cells(plan, good(3, 0.5))
        assert [dict(zip(RANDOM.names, cell.at, strict=True)) for cell in found] == [RANDOM.point(n) for n in range(20)]
        assert [n for n, cell in enumerate(found) if cell.state is TrialState.SUCCEEDED] == [3]

    def test_of_a_sampler_only_those_that_it_has_chosen(self) -> None:
        plan = Plan("", RANDOM, Search.TPE, 20, parallel=2)
        chosen = replace(good(1, 0.5), parameters={"epochs": 10, "layers": 2, "lr": 0.03})
        assert cells(plan, chosen) == (Cell((0.03, 2), TrialState.SUCCEEDED, 0.5),)
        assert cells(plan) == ()


class TestFolds:
    plan = replace(PLAN, folds=3, trials=18)

    def test_one_cell_for_each_point_with_mean_and_sample_deviation(self) -> None:
        found = cells(self.plan, good(3, 1.0), good(4, 2.0), good(5, 3.0))
        assert len(found) == 6
        assert found[1] == Cell((0.1, 0.1), TrialState.SUCCEEDED, 2.0, 1.0)

    def test_random_folds_share_a_point(self) -> None:
        encoded = {**RANDOM.encoded, "folds": 3}
        space = replace(RANDOM, encoded=encoded)
        found = cells(Plan("", space, Search.RANDOM, 12, folds=3))
        assert [cell.at for cell in found] == [tuple(RANDOM.point(n).values()) for n in range(4)]

    @pytest.mark.parametrize(
        ("trials", "state"),
        [
            ((), TrialState.WAITING),
            ((going(0),), TrialState.RUNNING),
            ((good(0, 1.0),), TrialState.RUNNING),
            ((good(0, 1.0), good(1, 2.0), going(2)), TrialState.RUNNING),
            ((good(0, 1.0), bad(1), going(2)), TrialState.FAILED),
            ((good(0, 1.0), good(1, 2.0), good(2, None)), TrialState.MISSING),
            ((good(0, 1.0), good(1, 2.0), replace(good(2, None), measured=False)), TrialState.SUCCEEDED),
        ],
    )
    def test_without_all_values_it_has_none_and_is_what_the_worst_came_to(
        self, trials: tuple[Trial, ...], state: TrialState
    ) -> None:
        assert cells(self.plan, *trials)[0] == Cell((0.1, 0.5), state)
