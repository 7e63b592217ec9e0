"""What is known of the trials beforehand."""

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


def test_the_corners_of_the_grid_are_where_the_text_says() -> None:
    assert GRID.text == "lr=0.0001..1:log:100 momentum=0..0.99:100"
    corners = [GRID.known[number] for number in (0, 99, 9_900, 9_999)]
    assert [(each.lr, each.momentum) for each in corners] == [(1e-4, 0), (1e-4, 0.99), (1, 0), (1, 0.99)]


def test_every_fate_has_about_its_share() -> None:
    counts = Counter(each.fate for each in GRID.known)
    for fate, share in SHARES.items():
        assert counts[fate] == pytest.approx(share * GRID.trials, rel=0.35), fate
    assert set(counts) == set(Fate)


def test_the_table_says_what_is_known() -> None:
    for known in GRID.known[:500]:
        assert best_of(Table.parse(known.csv), Goal(METRIC)) == known.best


def test_the_best_is_one_trial_s_alone_and_a_failed_one_looks_better() -> None:
    well = sorted((each.best[0] for each in GRID.known if each.fate is Fate.WELL and each.best), reverse=True)
    assert len(well) > 9_000
    assert len(set(well[:10])) == 10
    assert well[0] < max(each.best[0] for each in GRID.known if each.failed and each.best)


def test_a_failure_s_last_lines_say_what_is_to_be_told() -> None:
    diverged = next(each for each in GRID.known if each.fate is Fate.DIVERGED)
    assert raised(diverged.last_lines) == diverged.told
    failed = next(each for each in GRID.known if each.fate is Fate.NOT_INSTALLED)
    trouble = parse_trouble(failed.last_lines[-1])
    assert trouble is not None
    assert (trouble.code, trouble.message) == (ExitCode.INSTALL_FAILED, failed.told)


def test_values_are_numbers_of_a_percentage() -> None:
    values = [value for each in GRID.known for value in each.values]
    assert all(math.isfinite(value) and 0 < value < 100 for value in values)
    assert all(len(each.values) == EPOCHS for each in GRID.known if each.fate is Fate.WELL)
