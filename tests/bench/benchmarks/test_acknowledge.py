"""The figures of many commands at once, and when the benchmark fails instead."""

from typing import Any

import pytest

from bench.benchmarks.acknowledge import check_submissions, figures
from bench.report.figures import Verdict


def _answers(*milliseconds: float) -> list[dict[str, Any]]:
    return [{"state": "acknowledged", "acknowledged_ms": each, "error": None} for each in milliseconds]


def test_figures_of_acknowledgements() -> None:
    p99, p50, slowest, submitted = figures(_answers(*range(201, 1, -1)), 12.5)
    assert (p99.what, p99.measured, p99.unit) == ("acknowledgement of 200 commands, p99", 199, "ms")
    assert (p50.measured, slowest.measured, submitted.measured) == (101, 201, 12.5)
    assert p99.verdict is Verdict.GOOD


def test_a_slow_acknowledgement_misses_the_target() -> None:
    assert figures(_answers(10, 301), 1.0)[0].verdict is Verdict.MISSED


def test_a_command_without_acknowledgement_fails_the_benchmark() -> None:
    answers = [*_answers(10, 20), {"state": "failed", "error": "The application did not respond"}]
    with pytest.raises(RuntimeError, match="1 of 3 commands were not acknowledged: The application did not respond"):
        figures(answers, 1.0)


@pytest.mark.parametrize(
    ("names", "found"),
    [("abc", None), ("ab", "2 SubmitJob calls with 2 names"), ("abb", "3 .* with 2 names"), ("abcd", "4 .* with 4")],
    ids=["each once", "one missing", "one twice", "one too many"],
)
def test_each_command_submits_one_job(names: str, found: str | None) -> None:
    calls = [{"jobName": f"signalbox-{name}"} for name in names]
    if found is None:
        check_submissions(calls, 3)
    else:
        with pytest.raises(RuntimeError, match=f"3 commands made {found}"):
            check_submissions(calls, 3)
