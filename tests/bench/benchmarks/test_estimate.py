"""The simulated bills, and how far the bot's sums are from them."""

from dataclasses import replace

import pytest

from bench.benchmarks import estimate
from bench.benchmarks.estimate import ATTEMPTS, RECLAIMS_PER_HOUR, run, simulated
from bench.report.figures import Verdict
from bot.domain.spending.costs import spent


def test_a_seed_reproduces_its_lives() -> None:
    assert list(simulated(20, seed=1)) == list(simulated(20, seed=1))
    assert list(simulated(20, seed=1)) != list(simulated(20, seed=2))


def test_lives_are_interrupted_and_billed_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "RECLAIMS_PER_HOUR", 20 * RECLAIMS_PER_HOUR)
    lives = list(simulated(100, seed=3))
    assert any(life.interrupted for life in lives)
    assert {len(life.job.execution.attempts) for life in lives} == set(range(1, ATTEMPTS + 1))
    assert all(life.bill_usd > 0 for life in lives)


async def test_sums_are_within_a_tenth_of_the_bill_and_never_below_it_at_most() -> None:
    result = await run(small=True)
    assert {figure.what: figure.verdict for figure in result.figures if figure.verdict is Verdict.MISSED} == {}


def test_a_quote_without_the_minutes_beside_the_job_would_miss() -> None:
    """What the figure is good for: it sees a part of the cost that was forgotten."""
    lives = list(simulated(200, seed=14))
    bare = [abs(spent(life.job).usd(replace(life.quote, billed_seconds=0)) - life.bill_usd) for life in lives]
    whole = [abs(spent(life.job).usd(life.quote) - life.bill_usd) for life in lives]
    assert sum(whole) < 0.8 * sum(bare)
