"""How late the event loop wakes: by a clock and a machine that the test moves."""

from collections.abc import Iterator

import pytest

from bot.services.running import loop_lag


class _Enough(Exception):
    pass


class _Machine:
    """Each sleep lasts its time and `late` more, of which the machine had no processor for `starved`."""

    def __init__(self, *wakes: tuple[float, float]) -> None:
        self._wakes: Iterator[tuple[float, float]] = iter(wakes)
        self.time = self.waited = 0.0

    async def sleep(self, seconds: float) -> None:
        wake = next(self._wakes, None)
        if wake is None:
            raise _Enough
        late, starved = wake
        self.time += seconds + late
        self.waited += starved


async def _measured(*wakes: tuple[float, float]) -> tuple[float, float]:
    """Late and stall, at most."""
    machine = _Machine(*wakes)
    with pytest.raises(_Enough):
        await loop_lag.measure(clock=lambda: machine.time, sleep=machine.sleep, starved=lambda: machine.waited)
    return _value(loop_lag.LATE_MOST), _value(loop_lag.STALL_MOST)


def _value(gauge: object) -> float:
    (metric,) = gauge.collect()
    return metric.samples[0].value


async def test_a_loop_that_wakes_in_time_is_never_late() -> None:
    late, stall = await _measured((0.0, 0.0), (-0.001, 0.0))
    assert (late, stall) == (pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9))


async def test_the_longest_is_told() -> None:
    late, stall = await _measured((0.02, 0.0), (0.3, 0.0), (0.1, 0.0))
    assert (late, stall) == (pytest.approx(0.3), pytest.approx(0.3))


async def test_what_the_machine_withholds_is_no_stall() -> None:
    late, stall = await _measured((0.3, 0.28), (0.0, 0.5))
    assert (late, stall) == (pytest.approx(0.3), pytest.approx(0.02))


async def test_a_scrape_begins_anew() -> None:
    assert await _measured((0.3, 0.0)) == (pytest.approx(0.3), pytest.approx(0.3))
    assert (_value(loop_lag.LATE_MOST), _value(loop_lag.STALL_MOST)) == (0, 0)


def test_the_wait_for_a_processor_only_grows() -> None:
    assert 0 <= loop_lag.waited_for_processor() <= loop_lag.waited_for_processor()
