"""Suggestions for `set`: names, then values, each with what is known of it, within Discord's 100 characters."""
# ruff: noqa: RUF001  letters of Japanese keyboards

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs.set_hints import SetHints, Suggestion, value_suggestions
from bot.domain.jobs.set_text import read
from bot.domain.parameters import Kind, Parameter
from bot.domain.sweeps.grammar import GrammarError

PARAMETERS = (
    Parameter("lr", Kind.FLOAT, 0.1, 1e-6, 1.0, aliases=("rate",)),
    Parameter("epochs", Kind.INT, 10, 1, 2_000),
    Parameter("note", Kind.STRING, optional=True),
    Parameter("optimizer", Kind.CHOICE, "sgd", choices=("sgd", "sgdm", "Adam", "two words")),
    Parameter("augment", Kind.BOOLEAN, False),
    Parameter("weight_decay", Kind.FLOAT),
)


def suggested(text: str, **settings: object) -> list[Suggestion]:
    return SetHints(PARAMETERS, **settings).suggestions(text, 25, 100)  # type: ignore[arg-type]


def values(text: str, **settings: object) -> list[str]:
    return [value for _, value in suggested(text, **settings)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["weight_decay=", "lr=", "epochs=", "note=", "optimizer=", "augment="]),
        ("e", ["epochs=", "weight_decay=", "lr=", "note=", "optimizer=", "augment="]),
        ("RATE", ["lr="]),
        ("decay", ["weight_decay="]),
        ("lr=0.1 opt", ["lr=0.1 optimizer="]),
        ("rate=0.1 l", ["rate=0.1 l"]),
        ("lr=0.1, note=x ", ["lr=0.1, note=x", *(f"lr=0.1, note=x {each}=" for each in ("weight_decay", "epochs"))]),
        ('note="a lr=3" ', ['note="a lr=3"', 'note="a lr=3" weight_decay=', 'note="a lr=3" lr=']),
        ("optimizer=", ["optimizer=sgd", "optimizer=sgdm", "optimizer=Adam", 'optimizer="two words"']),
        ("optimizer=AD", ["optimizer=Adam"]),
        ("optimizer=sgd", ["optimizer=sgd", "optimizer=sgdm"]),
        ("optimizer=word", ['optimizer="two words"']),
        ("augment:", ["augment=false", "augment=true"]),
        ("augment=t", ["augment=true"]),
        ("lr=", ["lr=0.1"]),
        ("lr=0.3", ["lr=0.3"]),
        ("optimizer= Ad", ["optimizer=Adam"]),
        ("optimizer= \u2039sgd or Adam\u203aAd", ["optimizer=Adam"]),
        ("lr = ", ["lr=0.1"]),
        ("lr=7", ["lr=7"]),
        ("note=", ["note="]),
        ("optimizer=x", ["optimizer=x"]),
        ("ｌｒ＝", ["lr=0.1"]),
        ('note="a b', []),
        ("weight_decay=1,2", ["weight_decay=1,2"]),
    ],
)
def test_what_was_typed_stays_and_goes_on(text: str, found: list[str]) -> None:
    assert values(text)[: len(found)] == found
    assert "=" not in text or text.endswith(" ") or len(values(text)) == len(found)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("lr", "lr= \u2039a number from 1e-6 to 1; default: 0.1\u203a"),
        ("weight", "weight_decay= \u2039a number; required\u203a"),
        ("note", "note= \u2039some text\u203a"),
        ("lr=", "lr=0.1 \u2039default; a number from 1e-6 to 1\u203a"),
        ("lr=7", "lr=7 \u2039lr must be a number from 1e-6 to 1, not '7'.\u203a"),
        ("lr=0.1 epochs=3 ", "lr=0.1 epochs=3 \u20392 parameters\u203a"),
        ("lrr=3", "lrr=3 \u2039There is no parameter 'lrr'. Did you mean lr? Choose one:"),
        ("hello", "hello \u2039There is no parameter 'hello'. Choose one: lr, epochs,"),
    ],
)
def test_the_first_suggestion_shows_bounds_defaults_and_mistakes(text: str, shown: str) -> None:
    first = suggested(text)[0][0]
    assert first.startswith(shown)
    assert first.endswith("\u203a")


def test_parameters_with_options_come_last_and_those_set_there_not_at_all() -> None:
    assert values("", own=["weight_decay", "lr", "epochs"], given=["lr"]) == [
        "weight_decay=",
        "note=",
        "optimizer=",
        "augment=",
        "epochs=",
    ]


def test_values_of_the_job_to_retry_come_first() -> None:
    before = {"lr": 0.123456789012, "weight_decay": 0.5}
    assert suggested("lr=", before=before)[:2] == [
        ("lr=0.123456789012 \u2039as before; a number from 1e-6 to 1\u203a", "lr=0.123456789012"),
        ("lr=0.1 \u2039default; a number from 1e-6 to 1\u203a", "lr=0.1"),
    ]
    assert suggested("", before=before)[0][1] == "lr=", "weight_decay has a value, so it is not asked for first"


def test_beyond_a_hundred_characters_nothing_is_suggested() -> None:
    typed = "note=" + "x" * 86
    assert values(f"{typed} ")[:2] == [typed, f"{typed} lr="]
    assert all(len(name) <= 100 for name, _ in suggested(f"{typed} "))
    assert suggested("note=" + "x" * 96) == []
    assert values("note=" + "\N{ROBOT FACE}" * 48) == [], "Discord may count an emoji as two"


def test_at_most_25_of_200() -> None:
    many = [Parameter(f"p{number:03}", Kind.INT, 1) for number in range(200)]
    assert len(SetHints(many).suggestions("", 25, 100)) == 25
    assert SetHints(many).suggestions("19", 25, 100)[0][1] == "p019="


def test_values_of_one_option() -> None:
    lr, _, note, optimizer, augment, _ = PARAMETERS
    assert value_suggestions(lr, "", {}, 25, 100) == [("0.1 \u2039default; a number from 1e-6 to 1\u203a", 0.1)]
    assert value_suggestions(lr, "0.3", {}, 25, 100) == [("0.3 \u2039a number from 1e-6 to 1\u203a", 0.3)]
    assert value_suggestions(lr, "abc", {}, 25, 100) == []
    found = value_suggestions(optimizer, "", {"optimizer": "Adam"}, 25, 100)
    assert found[:2] == [("Adam \u2039as before\u203a", "Adam"), ("sgd \u2039default\u203a", "sgd")]
    assert value_suggestions(augment, "tr", {}, 25, 100)[0][1] is True
    assert value_suggestions(note, "x \u2039y", {}, 25, 100) == [("x \u2039y", "x \u2039y")], "text has no hint"


_TYPED = st.text(st.sampled_from('lrepochsnmizat=:,;" \\0.1\u2039\u203a\u3000\uff1d\n'), max_size=110)


@given(_TYPED)
def test_any_text_has_suggestions_that_read_as_what_they_stand_for(text: str) -> None:
    for name, value in suggested(text):
        assert 0 < len(name) <= 100
        assert 0 < len(value) <= 100
        assert _read(name) == _read(value)


def test_text_in_quotes_reads_the_same_behind_a_hint() -> None:
    assert read('"" \u20390 parameters\u203a', PARAMETERS) == read('""', PARAMETERS) == {}


def _read(text: str) -> object:
    """The values; of a mistake, that there is one."""
    try:
        return read(text, PARAMETERS)
    except GrammarError:
        return None
