"""The reference training against the baseline: the figures, and one small comparison."""

import json
from dataclasses import asdict

import pytest

from bench.benchmarks.training_speed import TARGETS, figures
from bench.report.figures import Verdict
from bench.training.__main__ import describe
from bench.training.comparison import INSTRUCTION_SETS, Comparison, Options, Times, compare

RECORDED = Comparison("2 CPU threads, fp32", Times([6.0, 4.5, 5.0], [90.0, 91.0]), Times([3.0, 4.0, 3.5], [92.0, 93.0]))


def test_figures_of_a_comparison() -> None:
    faster, epoch, accuracy = figures("avx512", RECORDED)
    assert (faster.measured, faster.unit, faster.verdict) == (1.5, "x", Verdict.GOOD)
    assert (epoch.measured, accuracy.measured) == (3.0, 2.0)
    assert figures("amx", RECORDED)[0].verdict is Verdict.MISSED
    assert set(TARGETS) == set(INSTRUCTION_SETS)


def test_a_comparison_survives_json() -> None:
    assert Comparison.parse(json.loads(json.dumps(asdict(RECORDED)))) == RECORDED


def test_a_comparison_is_described_by_best_and_median() -> None:
    lines = describe("avx2", Options(pictures=6_000, epochs=2), RECORDED).splitlines()
    assert lines[1] == "avx2: 2 CPU threads, fp32; 6,000 pictures of 28x28, an epoch with its validation"
    assert "baseline           4.50 s best,   5.00 s median    accuracy after 2 epochs: 90.00 91.00" in lines[2]
    assert "trainer.mnist      3.00 s best,   3.50 s median    accuracy after 2 epochs: 92.00 93.00" in lines[3]
    assert lines[4].strip() == "faster by 1.50x at best, 1.43x at the median"


@pytest.mark.slow
def test_both_are_measured_in_a_process_of_its_own() -> None:
    found = compare("avx2", Options(pictures=80, epochs=2, seeds=1, threads=1))
    assert found.hardware == "1 CPU threads, fp32"
    for times in (found.baseline, found.reference):
        assert len(times.seconds) == 2
        assert min(times.seconds) > 0
        assert len(times.accuracies) == 1
        assert 0 <= times.accuracies[0] <= 100
