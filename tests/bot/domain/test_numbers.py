"""Numbers are written as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.numbers import as_typed, compact, told_apart, written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12_345.0, "12,345"),
        (100_000.0, "100,000"),
        (12_345.678, "12,346"),
        (96.7, "96.7"),
        (99.996, "99.996"),
        (0.99996, "0.99996"),
        (9_999.7, "9,999.7"),
        (0.12104, "0.121"),
        (0.0, "0"),
        (-0.5, "-0.5"),
        (1e-5, "1e-5"),
        (1.25e-7, "1.25e-7"),
        (2.5e20, "2.5e20"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_written(value: float, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(8_192, "8,192"), (100_000, "100k"), (2_500_000, "2.5M"), (7e9, "7B"), (0.001, "0.001")]
)
def test_compact(value: float, text: str) -> None:
    assert compact(value) == text


@pytest.mark.parametrize("value", [1e-5, 0.1, 1 / 3, 1e6, 2.0**53, 1e22, -0.25, 5e-324])
def test_as_typed_reads_back_as_the_same_number(value: float) -> None:
    assert float(as_typed(value)) == value
    assert not re.search(r",|\.0$|e[+-]?0|\+", as_typed(value))


def test_three_digits_where_they_tell_apart_and_more_where_not() -> None:
    assert told_apart([0.178385, 0.811515]) == ["0.178", "0.812"]
    assert told_apart([0.178385, 0.178412]) == ["0.17838", "0.17841"]
    assert told_apart([10_000, 100_000], short=True) == ["10k", "100k"]
    assert told_apart([0.1, 0.1]) == ["0.1", "0.1"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_keeps_its_size(value: float) -> None:
    assert float(written(value).replace(",", "")) == pytest.approx(value, rel=1e-3, abs=1e-300)
