"""Waiting by a clock that may be set."""

import pytest

from bot.domain.clock import passed


@pytest.mark.parametrize(
    ("now", "done"), [(100, False), (129.9, False), (130, True), (10_000, True), (99.9, True), (-3500, True)]
)
def test_time_has_passed_also_where_the_clock_was_set_back(now: float, done: bool) -> None:
    assert passed(100, 30, now) is done
