"""Sweeps that were recorded, replayed as a queue would run them that stops losers."""

from itertools import product

import pytest

from bench.benchmarks.recorded_curves import MACHINES, NINE, Sweep, at_random, record, replay
from bench.benchmarks.search import LISTS, PROBLEMS, branin, tuning
from bot.domain.sweeps.halving import GRACE


def level(*heights: float, epochs: int = 10) -> Sweep:
    return Sweep([[height] * epochs for height in heights])


def test_losers_are_stopped_after_the_grace() -> None:
    outcome = replay(level(90, 80, 70, 60), GRACE)
    assert outcome.kept
    assert outcome.lost == 0
    assert outcome.saved == pytest.approx((0 + 0 + 8 + 8) / 40), "of two there are too few at the next rung"


def test_of_few_none_is_stopped() -> None:
    assert replay(level(90, 80, 70), GRACE).saved == 0


def test_a_winner_that_begins_badly_is_lost_and_its_lead_told() -> None:
    late = [10.0, 10.0, *([99.0] * 8)]
    outcome = replay(Sweep([late, *([[90.0 + n] * 10 for n in range(MACHINES)])]), GRACE)
    assert not outcome.kept
    assert outcome.lost == pytest.approx(99 - 93)


def test_all_the_same_nobody_is_stopped() -> None:
    assert replay(level(*[50.0] * 9), GRACE).saved == 0


def test_points_at_random_follow_from_the_seed() -> None:
    assert at_random(5, 1) == at_random(5, 1) != at_random(5, 2)


def test_the_least_is_what_the_functions_come_to() -> None:
    """What is measured is how far the best is above it."""
    branins, _, lists = PROBLEMS
    assert branin({"x": 9.42478, "y": 2.475}) == pytest.approx(branins.least, abs=1e-5)
    points = [dict(zip((a.name for a in LISTS), at, strict=True)) for at in product(*(a.values for a in LISTS))]
    assert min(map(tuning, points)) == lists.least


@pytest.mark.slow
def test_a_recorded_curve_is_the_seeds() -> None:
    first, again, other = record([(NINE[:1], 1), (NINE[:1], 1), (NINE[:1], 2)], epochs=2)
    assert first == again != other
    assert first.curves[0][0] < first.curves[0][1] <= 100
