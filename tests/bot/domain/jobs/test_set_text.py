"""`set`: what reads as which values, what is refused in which words, and the way back."""
# ruff: noqa: RUF001  letters of Japanese keyboards

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs.set_text import fields_in, merged, read, split, written
from bot.domain.parameters import Kind, Parameter, Value
from bot.domain.sweeps.grammar import GrammarError
from bot.errors import BadInput

PARAMETERS = (
    Parameter("lr", Kind.FLOAT, 0.1, 1e-6, 1.0, aliases=("learning-rate",)),
    Parameter("epochs", Kind.INT, 10, 1, 2_000),
    Parameter("note", Kind.STRING, ""),
    Parameter("optimizer", Kind.CHOICE, "sgd", choices=("sgd", "Adam", "two words", "a,b=c")),
    Parameter("augment", Kind.BOOLEAN, False),
    Parameter("weight-decay", Kind.FLOAT, optional=True),
)

READS: dict[str, dict[str, Value]] = {
    "": {},
    "lr=0.1": {"lr": 0.1},
    "lr:0.1": {"lr": 0.1},
    "lr = 0.1 epochs : 3": {"lr": 0.1, "epochs": 3},
    "lr=1e-3 epochs=1_000": {"lr": 0.001, "epochs": 1_000},
    "lr=.5 weight-decay=-2": {"lr": 0.5, "weight-decay": -2.0},
    "LR=0.1 Learning-Rate": {},
    "learning-rate=0.2": {"lr": 0.2},
    "Optimizer=adam": {"optimizer": "Adam"},
    'optimizer="two words"': {"optimizer": "two words"},
    "optimizer=a,b=c": {"optimizer": "a,b=c"},
    "augment=yes": {"augment": True},
    "augment=OFF": {"augment": False},
    "augment=1": {"augment": True},
    "lr=0.1, epochs=3; augment=no,": {"lr": 0.1, "epochs": 3, "augment": False},
    "lr=0.1,epochs=3,note=x": {"lr": 0.1, "epochs": 3, "note": "x"},
    "note=64,64,32": {"note": "64,64,32"},
    "note=s3://bucket/a=b": {"note": "s3://bucket/a=b"},
    'note="a b, lr=3" lr=0.5': {"note": "a b, lr=3", "lr": 0.5},
    r'note="say \"hi\" \\ x"': {"note": r'say "hi" \ x'},
    'note=""': {"note": ""},
    'lr="0.1"': {"lr": 0.1},
    r'"lr=0.1 note=\"a b\" epochs=3"': {"lr": 0.1, "note": "a b", "epochs": 3},
    "ｌｒ＝０．１、ｅｐｏｃｈｓ：３": {"lr": 0.1, "epochs": 3},
    "note=“ａ b”　lr=−0.0": {},
    "note=「ａ」": {"note": "「a」"},
    "note=“ａ b”": {"note": "ａ b"},
    "lr=0.1 \u2039a number; default: 0.1\u203a epochs=3": {"lr": 0.1, "epochs": 3},
    "lr= \u2039a number\u203a0.1 epochs=3 \u2039default\u203anote=x": {"lr": 0.1, "epochs": 3, "note": "x"},
    'note="\u2039x\u203a"': {"note": "\u2039x\u203a"},
}
del READS["LR=0.1 Learning-Rate"], READS["note=“ａ b”　lr=−0.0"]


@pytest.mark.parametrize(("text", "values"), READS.items(), ids=READS)
def test_text_reads_as_values_of_their_types(text: str, values: dict[str, Value]) -> None:
    found = read(text, PARAMETERS)
    assert found == values
    assert list(map(type, found.values())) == list(map(type, values.values()))


REFUSED = {
    "lr=2": '`lr` must be a number from 1e-6 to 1, not "2".',
    "lr=x": '`lr` must be a number from 1e-6 to 1, not "x".',
    "epochs=1.5": "`epochs` must be a whole number from 1 to 2000",
    "epochs=" + "9" * 50: "is too long",
    "optimizer=adm": "`optimizer` must be sgd, Adam, two words or a,b=c",
    "augment=maybe": "`augment` must be true or false",
    "lrr=1": 'There is no parameter "lrr". Did you mean lr? Choose one: lr, epochs, note',
    "lr=0.1,0.2": 'takes one value here, a number from 1e-6 to 1, not "0.1,0.2". /sweep takes several, in `space`.',
    "lr=0.1..0.5": "`lr` takes one value here",
    "lr=0,1": "`lr` takes one value here",
    "lr=": '`lr` needs a number from 1e-6 to 1 after "=".',
    "lr= epochs=3": '`lr` needs a number from 1e-6 to 1 after "=".',
    "lr=0.1 learning-rate=0.2": "`lr` appears twice (as learning-rate). Write it once.",
    "note=a,lr=0.1": "looks like the next parameter",
    "note=two words": 'Write "=" and a value after "words"',
    "hello": 'Write "=" and a value after "hello", as in lr=0.1 epochs=20.',
    'note="abc': "These quotes are never closed",
    'note=a"b"': "Put quotes around the whole value",
    'note="a"b': "Put quotes around the whole value, then a space.",
    "trials=50": "`trials` is an option of the command. Write it outside `set`.",
    "lr=0.1 \u2039a numb": "Remove this: it is the rest of a suggestion.",
    "note=" + "x" * 6_000: "`set` has 6,005 characters; at most 6,000 fit",
    "=3": 'Write "=" and a value after "=3"',
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=[text[:30] for text in REFUSED])
def test_mistakes_are_named_in_words(text: str, said: str) -> None:
    with pytest.raises(GrammarError, match=re.escape(said)):
        read(text, PARAMETERS)


def test_an_error_points_at_the_mistake() -> None:
    with pytest.raises(GrammarError) as caught:
        read("epochs=3 lr=7", PARAMETERS)
    assert str(caught.value).endswith("```\nepochs=3 lr=7\n            ^\n```")


def test_a_name_in_an_option_and_in_the_text_is_refused() -> None:
    assert merged(PARAMETERS, {"epochs": 3}, "lr=0.5") == {"epochs": 3, "lr": 0.5}
    with pytest.raises(BadInput, match=r"`learning-rate` is set twice, as an option and in `set`\. Set it once\."):
        merged(PARAMETERS, {"learning-rate": 0.1}, "lr=0.5")


def test_the_hint_of_a_suggestion_is_no_part_of_an_options_value() -> None:
    assert merged(PARAMETERS, {"optimizer": "sgd \u2039default\u203a"}, "") == {"optimizer": "sgd"}
    assert merged(PARAMETERS, {"note": "a \u2039b\u203a"}, "") == {"note": "a \u2039b\u203a"}


@pytest.mark.parametrize(
    ("line", "before", "settings"),
    [
        ("k7q2mx set:lr=0.1 epochs=3", "k7q2mx", "lr=0.1 epochs=3"),
        ("main, Set: lr=0.1", "main,", "lr=0.1"),
        (r'main set:"lr=0.1 note=\"a b\"" warmup:3', "main warmup:3", 'lr=0.1 note="a b"'),
        ("main ｓｅｔ：lr=0.1", "main", "lr=0.1"),
        ("offset:3", "offset:3", ""),
        ('note="set:x"', 'note="set:x"', ""),
        ("set=3", "set=3", ""),
        ("main set:", "main", ""),
    ],
)
def test_set_within_another_option_takes_the_rest_of_the_line(line: str, before: str, settings: str) -> None:
    assert split(line) == (before, settings)


def test_a_branch_a_commit_and_a_project_in_the_text_are_fields() -> None:
    found, rest = fields_in('lr=0.1 Branch:main, note="branch:x y" project=walker')
    assert found == {"branch": "main", "project": "walker"}
    assert read(rest, PARAMETERS) == {"lr": 0.1, "note": "branch:x y"}
    with pytest.raises(BadInput, match="`branch` is set a second time"):
        fields_in("branch:a branch:b")


_NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,31}", fullmatch=True)
_VISIBLE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)
_VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.FLOAT: st.floats(allow_nan=False, allow_infinity=False),
    Kind.INT: st.integers(-(10**17), 10**17),
    Kind.BOOLEAN: st.booleans(),
    Kind.STRING: _VISIBLE.map(lambda text: text.translate(_STRAIGHT)),
}
_STRAIGHT = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u301d\u301e\uff02"), '"')


@st.composite
def _settings(draw: st.DrawFn) -> tuple[list[Parameter], dict[str, Value]]:
    """Parameters, and values for some of them."""
    parameters, values = [], {}
    for name in draw(st.lists(_NAMES, min_size=1, max_size=12, unique=True)):
        kind = draw(st.sampled_from(list(Kind)))
        strategy = _VALUES.get(kind, _VALUES[Kind.STRING].filter(bool))
        value = draw(strategy)
        choices = (value, "another") if kind is Kind.CHOICE else ()
        parameters.append(Parameter(name, kind, choices=choices))
        if draw(st.booleans()):
            values[name] = value
    return parameters, values


@given(_settings(), st.sampled_from([" ", "  ", ", ", "; ", "\u3000"]))
def test_what_is_written_reads_as_the_same_values(drawn: tuple[list[Parameter], dict[str, Value]], gap: str) -> None:
    parameters, values = drawn
    text = gap.join(written({name: value}) for name, value in values.items())
    found = read(text, parameters)
    assert found == values
    assert list(map(type, found.values())) == list(map(type, values.values()))


@given(st.text(st.sampled_from('lrepochsnote=:,;" \\0.1\u2039\u203a\u3000\uff1d\n'), max_size=40))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with suppress(GrammarError):
        assert read(text, PARAMETERS).keys() <= {parameter.name for parameter in PARAMETERS}
