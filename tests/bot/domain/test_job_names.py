# ruff: noqa: RUF001  full-width letters, as Japanese keyboards type them
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.job_names import ID_ALPHABET, Name, near, parse
from bot.errors import BadInput


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("k7q2mx", Name("k7q2mx")),
        (" `K7Q2MX` ", Name("k7q2mx")),
        ("#k7q2mx", Name("k7q2mx")),
        ("k7q2mx.4", Name("k7q2mx", 4)),
        ("`k7q2mx.004`", Name("k7q2mx", 4)),
        ("k7q2mx.99999", Name("k7q2mx", 99_999)),
        ("Ｋ７ｑ２ｍｘ．４", Name("k7q2mx", 4)),
        ("", Name("")),
    ],
)
def test_a_name_is_read_however_it_was_typed(text: str, name: Name) -> None:
    assert parse(text) == name


@pytest.mark.parametrize("text", ["k7q2mx.", ".4", "k7q2mx.x", "k7q2mx.4.5", "k7q2mx.-1", "k7q2mx.1234567", "a b.4"])
def test_a_dot_without_a_number_is_an_error(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert str(caught.value) == (
        f'"{text}" is not a job or trial. Write an id such as k7q2mx, or k7q2mx.4 for a trial.'
    )


@given(st.text(ID_ALPHABET, min_size=6, max_size=6), st.none() | st.integers(0, 999_999))
def test_a_name_goes_to_text_and_back(job_id: str, trial: int | None) -> None:
    assert parse(str(Name(job_id, trial))) == Name(job_id, trial)


def test_near_names_are_the_nearest_first() -> None:
    assert near("k7q2mz", ["b2c3d4", "k7qqmx", "k7q2mx"]) == ["k7q2mx", "k7qqmx"]
    assert near("k7q2mz", []) == []
