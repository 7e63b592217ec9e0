"""The figures of a long log. Whether a log is complete is tested in `tests/bench/report/test_figures.py`."""

import os

from bench.benchmarks.log_tail import log_figures, plot_figures, process_figures
from bench.report.figures import Verdict
from bench.report.probe import Probe
from bot.domain.texts.notes import lines_left_out

MIB = 1024 * 1024


def test_figures_of_the_bots_process() -> None:
    probe = Probe(os.getpid(), "http://unused")
    probe.stall, probe.late, probe.memory, probe.children_memory, probe.cpu_seconds = 0.101, 0.5, 200 * MIB, MIB, 7.5
    found = [(each.measured, each.verdict) for each in process_figures(probe)]
    assert found == [
        (101, Verdict.MISSED),
        (500, Verdict.NO_TARGET),
        (200, Verdict.GOOD),
        (1, Verdict.NO_TARGET),
        (7.5, Verdict.NO_TARGET),
    ]


def test_figures_of_the_log_count_digests() -> None:
    posts = [{"content": "a line"}, *({"content": str(lines_left_out(count))} for count in (1, 1_234))]
    found = [(each.measured, each.verdict) for each in log_figures(posts, 2_000, 1.5)]
    assert found == [
        (2_000, Verdict.NO_TARGET),
        (1.5, Verdict.NO_TARGET),
        (3, Verdict.NO_TARGET),
        (2, Verdict.GOOD),
    ]
    assert log_figures(posts[:1], 2_000, 1.5)[-1].verdict is Verdict.MISSED


def test_figures_of_plots_drawn_meanwhile() -> None:
    count, median = plot_figures([0.3, 0.1, 0.2])
    assert (count.measured, median.measured) == (3, 0.2)
