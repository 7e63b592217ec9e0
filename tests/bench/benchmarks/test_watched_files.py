import pytest

from bench.benchmarks.watched_files import figures, measure
from bench.report.figures import Verdict


def test_figures_of_the_entrypoint() -> None:
    share, a_second, memory, rows = figures(cpu=2.2, wall=20, memory=40 * 1024 * 1024, rows=19)
    assert (round(share.measured, 6), share.verdict) == (11, Verdict.MISSED)
    assert round(a_second.measured, 6) == 110
    assert (memory.measured, rows.measured) == (40, 19)
    assert figures(cpu=2, wall=20, memory=1, rows=1)[0].verdict is Verdict.GOOD


@pytest.mark.slow
def test_the_growing_table_is_shown_while_the_others_are_watched() -> None:
    cpu, wall, memory, rows = measure(count=20, seconds=4)
    assert 0 < cpu < wall
    assert memory > 0
    assert rows >= 1
