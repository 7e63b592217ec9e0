"""Declared parameters and values: typed, bounded, and mistakes in words that help."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.parameters import Kind, Parameter, complete, shown
from bot.errors import BadInput, UnknownName

LR = Parameter("lr", Kind.FLOAT, default=0.1, minimum=1e-6, maximum=1.0)
MOMENTUM = Parameter("momentum", Kind.FLOAT, default=0.5, minimum=0.0, maximum=0.999, aliases=("m",))
EPOCHS = Parameter("epochs", Kind.INT, default=10, minimum=1)
OPTIMIZER = Parameter("optimizer", Kind.CHOICE, default="sgd", choices=("sgd", "adam"))
NESTEROV = Parameter("nesterov", Kind.BOOLEAN, default=False)
NAME = Parameter("name", Kind.STRING)
DECLARED = (LR, MOMENTUM, EPOCHS, OPTIMIZER, NESTEROV)


def test_defaults_fill_what_is_not_given_in_the_order_of_the_declaration() -> None:
    assert complete(DECLARED, {"m": "0.9"}) == {
        "lr": 0.1,
        "momentum": 0.9,
        "epochs": 10,
        "optimizer": "sgd",
        "nesterov": False,
    }
    assert list(complete(DECLARED, {"nesterov": True, "lr": 1})) == [p.name for p in DECLARED]


@pytest.mark.parametrize(
    ("parameter", "raw", "said"),
    [
        (LR, "abc", 'lr: "abc" was given, a number from 1e-06 to 1 is expected.'),
        (LR, "nan", "a number from"),
        (LR, "inf", "a number from"),
        (LR, True, "a number from"),
        (LR, 2, 'lr: "2" was given'),
        (EPOCHS, 0, "a whole number of at least 1"),
        (EPOCHS, 1.5, "a whole number"),
        (EPOCHS, "1e3", "a whole number"),
        (OPTIMIZER, "rmsprop", "one of the choices is expected. Valid: sgd, adam."),
        (NESTEROV, "perhaps", "true or false"),
    ],
)
def test_a_value_that_does_not_fit_says_what_does(parameter: Parameter, raw: object, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parameter.parse(raw)
    assert said in str(caught.value)


def test_an_unknown_parameter_names_the_near_and_the_valid() -> None:
    with pytest.raises(UnknownName) as caught:
        complete(DECLARED, {"momentun": 0.5})
    text = str(caught.value)
    assert text.startswith('There is no parameter "momentun". Did you mean momentum?')
    assert text.endswith("Valid: lr, momentum, epochs, optimizer, nesterov.")


def test_given_twice_by_name_and_alias() -> None:
    with pytest.raises(BadInput, match="given twice"):
        complete(DECLARED, {"m": 0.1, "momentum": 0.2})


def test_one_without_default_must_be_given() -> None:
    with pytest.raises(BadInput, match='name: "" was given, a text is expected'):
        complete([NAME], {})
    assert complete([NAME], {"name": "walk"}) == {"name": "walk"}


@given(st.floats(min_value=1e-6, max_value=1.0))
def test_floats_survive_being_typed(value: float) -> None:
    assert LR.parse(repr(value)) == value


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.none()))
def test_whatever_is_typed_is_a_value_within_bounds_or_bad_input(raw: object) -> None:
    try:
        value = LR.parse(raw)
    except BadInput:
        return
    assert isinstance(value, float)
    assert math.isfinite(value)
    assert 1e-6 <= value <= 1.0


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.1"), (1e-5, "1e-05"), (3, "3"), (True, "true"), ("a b", "a b")])
def test_values_are_shown_as_people_write_them(value: bool | float | str, text: str) -> None:
    assert shown(value) == text
