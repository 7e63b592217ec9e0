"""Searches of known functions, and recorded sweeps replayed with losers stopped."""

from itertools import product

import pytest

from bench.benchmarks.recorded_curves import MACHINES, NINE, RecordedSweep, at_random, record, replay
from bench.benchmarks.search import (
    LISTS,
    PROBLEMS,
    best_by_chance,
    best_by_tpe,
    branin,
    other_grace,
    search_figures,
    stopping_figures,
    tuning,
)
from bench.report.figures import Verdict
from bot.adapters.sampling.sampling_process import ProcessSampler
from bot.domain.sweeps.halving import GRACE


def level(*heights: float, epochs: int = 10) -> RecordedSweep:
    return RecordedSweep([[height] * epochs for height in heights])


def test_losers_are_stopped_after_the_grace() -> None:
    found = replay(level(90, 80, 70, 60), GRACE)
    assert found.winner_kept
    assert found.lost == 0
    assert found.saved == pytest.approx((0 + 0 + 8 + 8) / 40), "two trials are too few to compare at the next rung"


@pytest.mark.parametrize("heights", [(90, 80, 70), (50.0,) * 9], ids=["few trials", "equal trials"])
def test_nothing_is_saved_where_no_trial_is_stopped(heights: tuple[float, ...]) -> None:
    assert replay(level(*heights), GRACE).saved == 0


def test_a_late_winner_is_stopped_and_its_lead_is_lost() -> None:
    late = [10.0, 10.0, *([99.0] * 8)]
    found = replay(RecordedSweep([late, *([[90.0 + n] * 10 for n in range(MACHINES)])]), GRACE)
    assert not found.winner_kept
    assert found.lost == pytest.approx(99 - 93)


def test_random_points_follow_from_the_seed() -> None:
    assert at_random(5, 1) == at_random(5, 1) != at_random(5, 2)


def test_least_is_the_minimum_of_each_function() -> None:
    """The benchmark measures how far above it the best trial is."""
    branins, _, lists = PROBLEMS
    assert branin({"x": 9.42478, "y": 2.475}) == pytest.approx(branins.least, abs=1e-5)
    points = [dict(zip((a.name for a in LISTS), at, strict=True)) for at in product(*(a.values for a in LISTS))]
    assert min(map(tuning, points)) == lists.least


def test_figures_of_a_search() -> None:
    problem = PROBLEMS[1]
    above, by_chance, share = search_figures(problem, [0.3, 0.1, 0.2], [0.5, 0.2, 0.25])
    assert (above.measured, by_chance.measured) == (0.2, 0.25)
    assert share.measured == pytest.approx(0.8)
    assert (share.at_most, share.verdict) == (problem.target, Verdict.MISSED)
    assert search_figures(problem, [0.1], [0.2])[-1].verdict is Verdict.GOOD


def test_figures_of_stopping_losers() -> None:
    late = RecordedSweep([[10.0, 10.0, *([99.0] * 8)], *([[90.0 + n] * 10 for n in range(MACHINES)])])
    saved, kept, lost = stopping_figures("9 points", [level(90, 80, 70, 60), late], kept=1.0)
    shares = [replay(sweep, GRACE).saved for sweep in (level(90, 80, 70, 60), late)]
    assert saved.measured == pytest.approx(100 * sum(shares) / 2)
    assert (kept.what, kept.measured, kept.verdict) == ("9 points: winner kept, of 2 sweeps", 1, Verdict.MISSED)
    assert lost.measured == pytest.approx(99 - 93)
    assert stopping_figures("few", [level(90, 80, 70)], kept=1.0)[0].verdict is Verdict.MISSED


def test_another_grace_is_described_by_group() -> None:
    stopped, whole = [level(90, 80, 70, 60)], [level(90, 80, 70), level(90, 80, 70)]
    assert other_grace(GRACE, stopped, whole) == f"1/{GRACE}: 40 % saved, 1 of 1 kept; 0 % saved, 2 of 2 kept."


def test_chance_finds_the_same_for_the_same_seed() -> None:
    for problem in PROBLEMS:
        one, more = (best_by_chance(problem, count, seed=1) for count in (1, 14))
        assert best_by_chance(problem, 14, seed=1) == more <= one
        assert more >= problem.least


@pytest.mark.slow
async def test_tpe_finds_the_same_for_the_same_seed() -> None:
    async with ProcessSampler() as sampler:
        one, more, again = [await best_by_tpe(PROBLEMS[0], count, 1, sampler) for count in (1, 14, 14)]
    assert again == more <= one
    assert more >= PROBLEMS[0].least


@pytest.mark.slow
def test_a_recorded_curve_follows_from_the_seed() -> None:
    first, again, other = record([(NINE[:1], 1), (NINE[:1], 1), (NINE[:1], 2)], epochs=2)
    assert first == again != other
    assert first.curves[0][0] < first.curves[0][1] <= 100
