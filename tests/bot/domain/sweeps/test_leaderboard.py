"""A sweep's trials as a table."""

import csv
import io
from dataclasses import replace

from bot.domain.model.plan import Plan, Search
from bot.domain.model.run import Commit
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.parameters import Kind
from bot.domain.sweeps.leaderboard import csv_table
from tests.support import rows

RANGE = {"low": 0.001, "high": 0.1}
SPACE = Space((Axis("lr", Kind.FLOAT, low=0.001, high=0.1),), {"ranges": [["lr", RANGE]], "seed": 7})
PLAN = Plan("lr=0.001..0.1", SPACE, Search.TPE, 3)
SWEEP = rows.sweep(
    PLAN,
    id="k7q2mx",
    project="mnist",
    commit=Commit("a" * 40, "main"),
    parameters={"note": "=1+1"},
    asker_id=1,
    asker_name="mika",
    channel_id=7,
    interaction_id=9,
    created_at=0.0,
    timeout_seconds=60,
)


def table(*trials: Trial) -> list[dict[str, str]]:
    text = csv_table(SWEEP, {trial.number: trial for trial in trials}, "val_accuracy").decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_a_point_that_no_sampler_has_chosen_is_not_made_up() -> None:
    chosen, unknown = Trial(0, parameters={"lr": 0.05, "note": "x"}), Trial(1, stop_by="mika")
    assert (PLAN.point_of(chosen, folds=True), PLAN.point_of(unknown, folds=True)) == ({"lr": 0.05}, {})
    assert [row["lr"] for row in table(chosen, unknown)] == ["0.05", ""]


def test_random_points_follow_from_their_numbers() -> None:
    random = replace(PLAN, search=Search.RANDOM)
    assert random.point_of(Trial(1), folds=True) == SPACE.point(1)


def test_states_are_called_as_on_the_card() -> None:
    early = Trial(0, state=JobState.FAILED, reason=EndReason.STOPPED, pruned_at=1.0, measured=True)
    empty = Trial(1, state=JobState.SUCCEEDED, measured=True)
    assert [row["state"] for row in table(early, empty, Trial(2))] == [
        "stopped early",
        "ended without metrics",
        "waiting",
    ]


def test_no_cell_is_a_formula() -> None:
    trial = Trial(
        0, state=JobState.FAILED, reason=EndReason.COMMAND_FAILED, detail="=2", parameters={"lr": -0.05}, source="other"
    )
    (row,) = table(trial)
    assert (row["trial"], row["lr"], row["note"]) == ("other.0", "-0.05", "'=1+1")
    assert row["reason"] == "command failed: =2"
