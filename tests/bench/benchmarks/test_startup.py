from bench.benchmarks.startup import figures
from bench.report.figures import Verdict


def test_figures_of_starts() -> None:
    median, slowest, cpu = figures([0.9, 0.7, 3.5], [0.4, 0.6, 0.5])
    assert (median.measured, median.verdict) == (0.9, Verdict.GOOD)
    assert (slowest.measured, slowest.verdict) == (3.5, Verdict.MISSED)
    assert (cpu.measured, cpu.verdict) == (0.5, Verdict.NO_TARGET)
