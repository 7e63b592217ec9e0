"""Rows of metrics, as a trial tells them."""

import math
from dataclasses import replace

import pytest

from bot.adapters.sqlite.codec import decode_trial, encode
from bot.domain.goal import Goal
from bot.domain.metrics.progress_rows import parse_line
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Space
from bot.domain.model.states import JobState
from bot.domain.model.trial import Trial
from bot.domain.sweeps.reported_rows import FEWEST_REPORTS, MOST_REPORTS, MetricRow, row_for_sweep, with_rows

PLAN = Plan("", Space(()), Search.GRID, 9)
TRIAL = Trial(3, state=JobState.RUNNING)
NAN = float("nan")


def after(trial: Trial, *rows: MetricRow, plan: Plan = PLAN, maximize: bool = True) -> Trial:
    return with_rows(trial, rows, plan, Goal("score", maximize=maximize))


def curve(*values: float, epochs: int | None = 10) -> list[MetricRow]:
    return [MetricRow(epoch, epochs, value) for epoch, value in enumerate(values, 1)]


def test_each_epoch_and_the_best_so_far() -> None:
    told = after(TRIAL, *curve(80.0, 96.5, 95.0))
    assert told.reports == ((1, 80.0), (2, 96.5), (3, 95.0))
    assert (told.value, told.epoch, told.epochs) == (96.5, 2, 10)
    assert (after(TRIAL, *curve(0.9, 0.3, 0.5), maximize=False).value) == 0.3


def test_told_again_nothing_changes() -> None:
    told = after(TRIAL, *curve(80.0, 96.5, 95.0))
    assert after(told, *curve(80.0, 96.5, 95.0)) == told
    assert after(told, *curve(80.0, 96.5)[1:]) == told
    assert after(told) == told


def test_in_pieces_and_out_of_order_it_is_the_same() -> None:
    words = curve(80.0, 96.5, 95.0, 97.0)
    assert after(after(TRIAL, words[2], words[0]), words[3], words[1]) == after(TRIAL, *words)


def test_a_second_attempt_overwrites_what_it_repeats() -> None:
    first = after(TRIAL, *curve(80.0, 90.0, 91.0))
    assert after(first, MetricRow(2, 10, 89.0), MetricRow(3, 10, 92.0)).reports == ((1, 80.0), (2, 89.0), (3, 92.0))


def test_of_equals_the_first_epoch_is_the_best() -> None:
    assert after(TRIAL, *curve(90.0, 90.0)).epoch == 1


def test_a_row_without_the_metric_tells_the_epochs() -> None:
    told = after(TRIAL, MetricRow(1, 20, NAN))
    assert (told.reports, told.value, told.epochs) == ((), None, 20)


def test_a_row_without_an_epoch_is_a_value_and_no_report() -> None:
    told = after(TRIAL, MetricRow(None, None, 80.0), MetricRow(None, None, 70.0))
    assert (told.reports, told.value, told.epoch) == ((), 80.0, None)


def test_what_has_been_measured_stays() -> None:
    measured = replace(TRIAL, value=95.0, epoch=2, measured=True)
    told = after(measured, *curve(80.0, 99.0))
    assert (told.value, told.epoch, len(told.reports)) == (95.0, 2, 2)


def test_a_line_is_reduced_to_the_metric() -> None:
    row = parse_line('@metrics {"epoch": 3, "epochs": 10, "val_accuracy": 96.5, "train_loss": 0.1}')
    assert row is not None
    assert row_for_sweep(row, "val_accuracy") == MetricRow(3, 10, 96.5)
    assert row_for_sweep(row, "reward").value != row_for_sweep(row, "reward").value


class TestLongOnes:
    @pytest.mark.parametrize("epochs", [1_000, None])
    def test_are_thinned_evenly_and_keep_the_last(self, epochs: int | None) -> None:
        told = after(TRIAL, *curve(*(float(n) for n in range(999)), epochs=epochs))
        assert 100 <= len(told.reports) <= MOST_REPORTS + 1
        assert [epoch for epoch, _ in told.reports][:3] == [8, 16, 24]
        assert told.reports[-1] == (999, 998.0)
        assert told.value == 998.0

    def test_are_the_same_in_one_piece_and_in_many(self) -> None:
        words, told = curve(*(float(n) for n in range(777)), epochs=800), TRIAL
        for start in range(0, 777, 10):
            told = after(told, *words[start : start + 10])
        assert told == after(TRIAL, *words)

    def test_of_many_trials_each_has_fewer(self) -> None:
        many = replace(PLAN, trials=10_000)
        told = after(TRIAL, *curve(*(float(n) for n in range(100)), epochs=100), plan=many)
        assert len(told.reports) <= FEWEST_REPORTS + 10
        assert told.reports[-1] == (100, 99.0)


def test_a_row_that_diverged_is_a_report_and_never_the_best() -> None:
    """A loss of `inf` from the first epoch on was never seen, so its trial was never stopped."""
    rows = [
        row_for_sweep(report, "score")
        for line in ('{"epoch": 1, "epochs": 9, "score": Infinity}', '{"epoch": 2, "epochs": 9, "score": NaN}')
        if (report := parse_line(f"@metrics {line}"))
    ]
    told = after(TRIAL, *rows, maximize=False)
    assert [(epoch, math.isnan(value)) for epoch, value in told.reports] == [(1, True), (2, True)]
    assert (told.value, told.epochs) == (None, 9)
    assert after(decode_trial(encode(told)), *rows, maximize=False) == after(decode_trial(encode(told)))


def test_steps_are_reported_under_their_own_name() -> None:
    report = parse_line('@metrics {"global_step": 400, "max_steps": 900, "score": 5}')
    assert report is not None
    told = after(TRIAL, row_for_sweep(report, "score"))
    assert (told.reports, told.unit, told.epoch, told.epochs) == (((400, 5.0),), "global_step", 400, 900)


def test_a_summary_is_no_report() -> None:
    report = parse_line('@metrics {"epoch": -1, "score": 99}')
    assert report is not None
    assert after(TRIAL, row_for_sweep(report, "score")) == TRIAL


def test_total_is_the_parameter_of_that_name_where_no_row_tells_it() -> None:
    """A logger's file has no total, and without one no trial could be stopped."""
    rows = [MetricRow(1, None, 80.0), MetricRow(2, None, 90.0)]
    assert with_rows(TRIAL, rows, PLAN, Goal("score"), {"epochs": 20, "lr": 0.1}).epochs == 20
    assert with_rows(TRIAL, rows, PLAN, Goal("score"), {"max_steps": 20}).epochs is None
    step = [MetricRow(100, None, 80.0, "global_step")]
    assert with_rows(TRIAL, step, PLAN, Goal("score"), {"max_steps": 500}).epochs == 500
    assert with_rows(TRIAL, [MetricRow(1, 10, 80.0)], PLAN, Goal("score"), {"epochs": 20}).epochs == 10
