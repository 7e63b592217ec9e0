import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.cards.units import bar, duration, number, plural, relative, size, usd
from bot.domain.inert import joined


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (-3, "0 s"),
        (12, "12 s"),
        (59.6, "1 min"),
        (271, "4 min 31 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (3601, "1 h"),
        (97_200, "1 d 3 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (4_710, "4.6 KiB"), (1_048_576, "1 MiB"), (5 << 50, "5120 TiB")]
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("done", "of", "cells"), [(0, 10, 0), (7, 10, 7), (99, 100, 9), (10, 10, 10), (12, 10, 10), (-1, 10, 0), (1, 0, 0)]
)
def test_the_bar_is_full_only_when_all_is_done(done: int, of: int, cells: int) -> None:
    assert bar(done, of) == "█" * cells + "░" * (10 - cells)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0.00"),
        (0.004, "less than $0.01"),
        (0.01, "$0.01"),
        (1.05, "$1.05"),
        (84.164, "$84.16"),
        (999.99, "$999.99"),
        (12_345.6, "$12,346"),
    ],
)
def test_money_is_in_dollars_and_cents(amount: float, text: str) -> None:
    assert usd(amount) == text


def test_the_rest() -> None:
    assert number(96.7) == "96.7"
    assert number(0.12104) == "0.121"
    assert number(12_345) == "12,345"
    assert number(99.996) == "99.996"
    assert number(1e-5) == "1e-5"
    assert plural(1, "job") == "1 job"
    assert plural(2_000, "line") == "2,000 lines"
    assert relative(1_790_000_000.4) == "<t:1790000000:R>"


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=50), max_size=40), st.integers(min_value=40, max_value=500))
def test_joined_fits_and_tells_how_many_are_left_out(pieces: list[str], limit: int) -> None:
    text = joined(pieces, " · ", limit)
    assert len(text) <= limit
    if len(" · ".join(pieces)) <= limit - 20:
        assert text == " · ".join(pieces)


def test_joined_says_what_it_leaves_out() -> None:
    assert joined(["a" * 10] * 5, ", ", 50) == "aaaaaaaaaa, aaaaaaaaaa and 3 more"
    assert joined(["a" * 100] * 5, ", ", 50) == "5 in all"
