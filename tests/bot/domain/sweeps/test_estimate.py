"""How long a trial will take."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.domain.model.job import Job
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Tally
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind, Value
from bot.domain.sweeps.estimate import estimate
from tests.support.jobs import make_job, make_sweep
from tests.support.rows import changed


def ran(seconds: float, **parameters: Value) -> Job:
    """A job that succeeded."""
    return changed(
        make_job(parameters=parameters), reason=EndReason.SUCCEEDED, started_at=100.0, ended_at=100.0 + seconds
    )


def swept(axis: Axis, seconds: float = 0.0, counts: Mapping[TrialState, int] | None = None, kept: int = 0) -> Sweep:
    """A sweep over that axis, the sum of whose trials ran so long."""
    plan = Plan("", Space((axis,)), Search.GRID, sum((counts or {}).values()) or 9, carried_over=kept)
    tally = Tally(counts or {}, seconds=seconds)
    return make_sweep(plan, parameters={"lr": 0.1}, tally=tally, state=JobState.SUCCEEDED, reason=EndReason.SUCCEEDED)


LR = Axis("lr", Kind.FLOAT, (0.1, 0.01))
EPOCHS = Axis("epochs", Kind.INT, (20,))


def test_nothing_is_known_without_an_earlier_success() -> None:
    assert estimate([changed(ran(60), reason=EndReason.COMMAND_FAILED)]).seconds(ran(0)) is None


def test_a_run_takes_what_the_median_of_the_earlier_ones_took() -> None:
    assert estimate([ran(10), ran(300), ran(30)]).seconds(ran(0)) == 30


def test_it_takes_so_long_for_each_epoch_where_they_are_known() -> None:
    assert estimate([ran(20, epochs=2), ran(60, epochs=6)]).seconds(ran(0, epochs=50)) == 500


@pytest.mark.parametrize(
    ("axis", "seconds"),
    [
        pytest.param(EPOCHS, 200, id="one value for all"),
        pytest.param(replace(EPOCHS, values=(10, 20, 60)), 300, id="the mean of the values"),
        pytest.param(Axis("epochs", Kind.INT, low=10, high=30), 200, id="the middle of a range"),
        pytest.param(LR, 50, id="not of the sweep"),
    ],
)
def test_epochs_that_stand_in_the_text_of_a_sweep_count(axis: Axis, seconds: float) -> None:
    assert estimate([ran(50, epochs=5)]).seconds(swept(axis)) == seconds


def test_an_earlier_sweep_tells_what_its_own_trials_took() -> None:
    """Those that a retry kept were paid for, and counted, by the sweep before."""
    retry = swept(EPOCHS, 120.0, {TrialState.SUCCEEDED: 9}, kept=8)
    assert estimate([retry]).seconds(make_job(parameters={"epochs": 10})) == 60
