from bench.benchmarks.plot_latency import figures
from bench.report.figures import Verdict


def test_figures_of_plots() -> None:
    slowest, median = figures([0.2, 3.1, 0.1])
    assert (slowest.measured, slowest.verdict) == (3.1, Verdict.MISSED)
    assert (median.measured, median.verdict) == (0.2, Verdict.NO_TARGET)
    assert figures([3.0])[0].verdict is Verdict.GOOD
