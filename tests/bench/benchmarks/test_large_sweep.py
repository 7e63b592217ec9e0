"""The benchmark of a large sweep in its small form."""

import pytest

from bench.__main__ import BENCHMARKS
from bench.benchmarks import large_sweep
from bench.report.figures import Verdict


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.timeout(600)
async def test_a_small_sweep_meets_every_target() -> None:
    assert BENCHMARKS["sweep"].run is large_sweep.run
    result = await large_sweep.run(small=True)
    missed = [figure for figure in result.figures if figure.verdict is Verdict.MISSED]
    assert not missed
    assert len([figure for figure in result.figures if figure.verdict is Verdict.GOOD]) > 15
