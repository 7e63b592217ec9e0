"""Verdicts, percentiles, and what makes a benchmark fail instead of returning a figure."""

import pytest

from bench.benchmarks.log_tail import check
from bench.report.figures import Figure, Verdict, percentile
from bench.stages.printing_job import line

LINES = [line(number) for number in range(20)]


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("p99", 300, "ms", at_most=300), Verdict.GOOD),
        (Figure("p99", 300.1, "ms", at_most=300), Verdict.MISSED),
        (Figure("faster", 4.4, "times", at_least=4), Verdict.GOOD),
        (Figure("faster", 3.9, "times", at_least=4), Verdict.MISSED),
        (Figure("between", 5, "s", at_least=1, at_most=4), Verdict.MISSED),
        (Figure("p50", 1e9, "ms"), Verdict.NO_TARGET),
    ],
)
def test_a_verdict_follows_the_target(figure: Figure, verdict: Verdict) -> None:
    assert figure.verdict is verdict


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 100), (99, 198), (99.9, 200), (100, 200)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile(range(200, 0, -1), percent) == value


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_a_complete_log_passes_with_its_metrics_lines() -> None:
    check("\n".join(["@metrics {}", *LINES]) + "\n", len(LINES))


@pytest.mark.parametrize(
    "archived",
    [LINES[:-1], LINES[1:], [*LINES, LINES[-1]], [LINES[1], LINES[0], *LINES[2:]]],
    ids=["end missing", "beginning missing", "repeated", "out of order"],
)
def test_a_log_that_is_not_what_was_printed_fails(archived: list[str]) -> None:
    with pytest.raises(RuntimeError, match="20 lines were printed"):
        check("\n".join(archived) + "\n", len(LINES))
