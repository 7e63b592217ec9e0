"""Declared parameters: types, bounds, and helpful errors."""
# ruff: noqa: RUF001  full-width letters, as Japanese keyboards type them

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


def test_defaults_fill_missing_values_in_declaration_order() -> None:
    assert complete(DECLARED, {"m": "0.9"}) == {
        "lr": 0.1,
        "momentum": 0.9,
        "epochs": 10,
        "optimizer": "sgd",
        "nesterov": False,
    }
    assert list(complete(DECLARED, {"nesterov": True, "lr": 1})) == [p.name for p in DECLARED]


def test_optional_parameter_has_a_value_only_if_it_is_given() -> None:
    declared = (EPOCHS, Parameter("wd", Kind.FLOAT, optional=True))
    assert complete(declared, {}) == {"epochs": 10}
    assert complete(declared, {"wd": "0.1"}) == {"epochs": 10, "wd": 0.1}


@pytest.mark.parametrize(
    ("parameter", "raw", "said"),
    [
        (LR, "abc", '`lr` must be a number from 1e-6 to 1, not "abc".'),
        (LR, "nan", "a number from"),
        (LR, "inf", "a number from"),
        (LR, True, "a number from"),
        (LR, 2, '1e-6 to 1, not "2".'),
        (EPOCHS, 0, "a whole number of at least 1"),
        (EPOCHS, 1.5, "a whole number"),
        (EPOCHS, "1e3", "a whole number"),
        (OPTIMIZER, "rmsprop", '`optimizer` must be sgd or adam, not "rmsprop".'),
        (NESTEROV, "perhaps", "true or false"),
    ],
)
def test_error_for_a_bad_value_names_valid_ones(parameter: Parameter, raw: object, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parameter.parse(raw)
    assert said in str(caught.value)


def test_error_for_an_unknown_parameter_lists_similar_and_valid_names() -> None:
    with pytest.raises(UnknownName) as caught:
        complete(DECLARED, {"momentun": 0.5})
    text = str(caught.value)
    assert text.startswith('There is no parameter "momentun". Did you mean momentum?')
    assert text.endswith("Choose one: lr, momentum, epochs, optimizer, nesterov.")


def test_setting_a_parameter_by_name_and_alias_is_an_error() -> None:
    with pytest.raises(BadInput, match="`momentum` is set twice"):
        complete(DECLARED, {"m": 0.1, "momentum": 0.2})


def test_parameter_without_default_must_be_set() -> None:
    with pytest.raises(BadInput, match="Set `name` to some text; it has no default"):
        complete([NAME], {})
    assert complete([NAME], {"name": "walk"}) == {"name": "walk"}


@given(st.floats(min_value=1e-6, max_value=1.0))
def test_floats_survive_being_typed(value: float) -> None:
    assert LR.parse(repr(value)) == value


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.none()))
def test_any_input_is_a_value_within_bounds_or_bad_input(raw: object) -> None:
    try:
        value = LR.parse(raw)
    except BadInput:
        return
    assert isinstance(value, float)
    assert math.isfinite(value)
    assert 1e-6 <= value <= 1.0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1e-5, "1e-5"),
        (0.00012, "0.00012"),
        (2.5e-8, "2.5e-8"),
        (1e6, "1000000"),
        (123456789.0, "123456789"),
        (1e22, "1e22"),
        (0.1000001, "0.1000001"),
        (0.1 + 0.2, "0.3"),
        (0.00316227766017, "0.00316228"),
        (0.17838512345678901, "0.178385"),
        (1234567.12345678901, "1234567"),
        (-0.5, "-0.5"),
        (0.0, "0"),
        (3, "3"),
        (True, "true"),
        ("a b", "a b"),
    ],
)
def test_values_are_written_the_way_people_write_them(value: bool | float | str, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize("name", ["Lr", "LR", "ｌｒ"])
def test_capitals_and_full_width_letters_name_the_same_parameter(name: str) -> None:
    assert complete((LR,), {name: "０．２"}) == {"lr": 0.2}


def test_a_name_that_differs_only_by_capitals_needs_the_exact_spelling() -> None:
    upper = Parameter("LR", Kind.FLOAT, default=0.5)
    assert complete((LR, upper), {"LR": 0.3}) == {"lr": 0.1, "LR": 0.3}
    with pytest.raises(UnknownName):
        complete((LR, upper), {"Lr": 0.3})


ODD_NUMBERS = (
    *("9" * 400, "-" + "9" * 400, "9" * 5_000, "1e400", "nan", "-inf", "9223372036854775808", "1e99999999999"),
    *(10**400, -(10**400), 10**5_000, math.inf, math.nan, 1e300),
    *("\u00bd", "0x10", "--5", "1e", ""),
)


@pytest.mark.parametrize("raw", ODD_NUMBERS, ids=range(len(ODD_NUMBERS)))
@pytest.mark.parametrize("bounds", [(None, None), (1, 100), (1, None), (None, 1e300)])
def test_numbers_beyond_all_bounds_are_refused_in_a_short_sentence(
    raw: object, bounds: tuple[float | None, float | None]
) -> None:
    with pytest.raises(BadInput) as caught:
        Parameter("seed", Kind.INT, 1, *bounds).parse(raw)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("raw", "value"), [("9223372036854775807", 2**63 - 1), ("-0", 0), ("\uff11\uff12", 12)])
def test_numbers_within_64_bits_are_taken(raw: str, value: int) -> None:
    assert Parameter("seed", Kind.INT, 1).parse(raw) == value
