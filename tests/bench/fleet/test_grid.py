"""How the trials will end, known beforehand."""

import math
from collections import Counter

import pytest

from bench.fleet.grid import EPOCHS, METRIC, SHARES, Fate, Grid
from bot.domain.goal import Goal
from bot.domain.logs.log_lines import raised
from bot.domain.metrics.metrics_table import Table
from bot.domain.metrics.progress_rows import best_of
from trainer.contract import ExitCode, parse_trouble

GRID = Grid(100, 100)


def test_the_grids_corners_match_its_text() -> None:
    assert GRID.text == "lr=0.0001..1:log:100 momentum=0..0.99:100"
    corners = [GRID.expected[number] for number in (0, 99, 9_900, 9_999)]
    assert [(each.lr, each.momentum) for each in corners] == [(1e-4, 0), (1e-4, 0.99), (1, 0), (1, 0.99)]


def test_every_fate_has_about_its_share() -> None:
    counts = Counter(each.fate for each in GRID.expected)
    for fate, share in SHARES.items():
        assert counts[fate] == pytest.approx(share * GRID.trials, rel=0.35), fate
    assert set(counts) == set(Fate)


def test_the_table_has_the_best_value() -> None:
    for known in GRID.expected[:500]:
        assert best_of(Table.parse(known.csv), Goal(METRIC)) == known.best


def test_the_best_is_unique_and_a_failed_trial_looks_better() -> None:
    well = sorted((each.best[0] for each in GRID.expected if each.fate is Fate.SUCCEEDED and each.best), reverse=True)
    assert len(well) > 9_000
    assert len(set(well[:10])) == 10
    assert well[0] < max(each.best[0] for each in GRID.expected if each.failed and each.best)


def test_a_failures_last_lines_hold_its_detail() -> None:
    diverged = next(each for each in GRID.expected if each.fate is Fate.DIVERGED)
    assert raised(diverged.last_lines) == diverged.failure_detail
    failed = next(each for each in GRID.expected if each.fate is Fate.NOT_INSTALLED)
    trouble = parse_trouble(failed.last_lines[-1])
    assert trouble is not None
    assert (trouble.code, trouble.message) == (ExitCode.INSTALL_FAILED, failed.failure_detail)


def test_values_are_percentages() -> None:
    values = [value for each in GRID.expected for value in each.values]
    assert all(math.isfinite(value) and 0 < value < 100 for value in values)
    assert all(len(each.values) == EPOCHS for each in GRID.expected if each.fate is Fate.SUCCEEDED)
