import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.drawing.series import (
    MOST_POINTS,
    Series,
    drawable,
    isolated,
    joined,
    moving_mean,
    noisy,
    spans_decades,
    thinned,
)

nan = np.nan


def series(*values: float) -> Series:
    return np.array(values, dtype=np.float64)


def test_what_no_axis_holds_becomes_a_gap() -> None:
    np.testing.assert_array_equal(drawable(series(1, np.inf, -np.inf, nan, 1e300, -1e300)), [1, *[nan] * 5])


class TestMovingMean:
    def test_over_the_last_so_many(self) -> None:
        np.testing.assert_allclose(moving_mean(series(1, 2, 3, 4, 5, 6), 4), [1, 1.5, 2, 2.5, 3.5, 4.5])

    def test_begins_with_a_quarter_of_the_window(self) -> None:
        made = moving_mean(np.ones(100), 40)
        assert np.isnan(made[:9]).all()
        np.testing.assert_allclose(made[9:], 1)

    def test_leaves_gaps_out_of_the_mean(self) -> None:
        np.testing.assert_allclose(moving_mean(series(1, nan, 3, nan, nan, nan, nan), 4), [1, 1, 2, 2, 3, 3, nan])

    @given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300))
    def test_stays_between_the_extremes(self, values: list[float]) -> None:
        made = moving_mean(series(*values), 10)
        known = made[np.isfinite(made)]
        assert (known >= min(values) - 1e-3).all()
        assert (known <= max(values) + 1e-3).all()


class TestNoisy:
    def test_a_long_series_that_goes_up_and_down(self) -> None:
        values = np.sin(np.arange(3_000)) + np.arange(3_000) / 1_000
        assert noisy(values)
        assert not noisy(values[:100])

    def test_not_one_that_goes_one_way(self) -> None:
        assert not noisy(np.arange(3_000.0))
        assert not noisy(np.ones(3_000))
        assert not noisy(np.full(3_000, nan))


class TestThinned:
    def test_leaves_short_ones(self) -> None:
        x = np.arange(MOST_POINTS, dtype=np.float64)
        assert thinned(x, x) == (pytest.approx(x), pytest.approx(x))

    def test_keeps_the_outline(self) -> None:
        rng = np.random.default_rng(1)
        x, y = np.arange(1_000_000.0), rng.normal(size=1_000_000)
        y[500_000], y[700_001] = 50, -50
        thin_x, thin_y = thinned(x, y)
        assert thin_y.size <= MOST_POINTS
        assert (np.diff(thin_x) > 0).all()
        assert (thin_x[thin_y.argmax()], thin_y.max()) == (500_000, 50)
        assert (thin_x[thin_y.argmin()], thin_y.min()) == (700_001, -50)

    def test_keeps_gaps(self) -> None:
        y = np.ones(100_000)
        y[40_000:60_000] = nan
        x, thin = thinned(np.arange(100_000.0), y)
        assert np.isnan(thin[(x > 40_200) & (x < 59_800)]).all()
        assert np.isfinite(thin[(x < 39_000) | (x > 61_000)]).all()


def test_points_alone_have_no_neighbour() -> None:
    assert isolated(series(1, nan, 3, 4, nan, 6)).tolist() == [True, False, False, False, False, True]
    assert isolated(series(7)).tolist() == [True]


def test_a_metric_of_every_few_epochs_is_joined_and_a_gap_is_not() -> None:
    x = series(1, 2, 3, 4, 5)
    assert joined(x, series(nan, 8, nan, nan, 9))[0].tolist() == [2, 5]
    assert joined(x, series(7, 8, nan, nan, 9))[0].tolist() == [1, 2, 3, 4, 5]


def test_decades_of_positive_values() -> None:
    assert spans_decades([series(1, nan, 0.1), series(0.001)])
    assert not spans_decades([series(1, 0.1)])
    assert not spans_decades([series(1, 0.001), series(0)])
    assert not spans_decades([series(nan)])
