"""The benchmark of failing sweeps, in its short form, against the real bot."""

import pytest

from bench.__main__ import BENCHMARKS
from bench.failing import failing_sweep


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.timeout(600)
async def test_a_pilot_and_the_hold_save_most_of_the_machine_time() -> None:
    assert BENCHMARKS["failing"].run is failing_sweep.run
    result = await failing_sweep.run(small=True)
    seconds = [figure.measured for figure in result.figures if figure.unit == "s"]
    trials = [figure.measured for figure in result.figures if figure.unit == "trials"]
    assert trials[0] == 12
    assert trials[2] == 1
    assert trials[1] <= 12
    assert seconds[2] < seconds[0] / 3
