import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.drawing.style.numbers import formatter


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([96.5278, 94.4444, 81.25, 59.7222], ["96.5", "94.4", "81.2", "59.7"]),
        ([99.3, 99.2, 97.9], ["99.3", "99.2", "97.9"]),
        ([99.30, 99.32, 97.9], ["99.30", "99.32", "97.90"]),
        ([2.453, 0.00312, 0.0102, 0.00214], ["2.4530", "0.0031", "0.0102", "0.0021"]),
        ([5, 7, 9], ["5", "7", "9"]),
        ([1000, 0.51, 0.52, 0.53], ["1,000.00", "0.51", "0.52", "0.53"]),
        ([1e7, 2.5e7], ["10,000,000", "25,000,000"]),
        ([1e-5, 2.25e-5], ["1.00e-5", "2.25e-5"]),
        ([0.5, 0.5], ["0.5", "0.5"]),
        ([-1, -0.5, float("nan")], ["-1.0", "-0.5", "nan"]),
        ([0, 0], ["0", "0"]),
    ],
)
def test_the_decimals_are_those_that_tell_the_values_apart(values: list[float], written: list[str]) -> None:
    write = formatter(np.asarray(values, dtype=np.float64))
    assert [write(value) for value in values] == written


def test_without_values_there_is_a_way_to_write_them_still() -> None:
    assert formatter(np.asarray([], dtype=np.float64))(0.123456) == "0.1235"


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=30))
def test_all_have_as_many_decimals_and_are_near_what_they_say(values: list[float]) -> None:
    write = formatter(np.asarray(values))
    texts = [write(value) for value in values]
    assert len({len(text.split("e")[0].partition(".")[2]) for text in texts}) == 1
    largest = max(map(abs, values))
    assert all(
        abs(float(text.replace(",", "")) - value) <= 0.01 * largest + 1e-300
        for text, value in zip(texts, values, strict=True)
    )
