"""What people type on phones and on Japanese keyboards means what the same line means on an ASCII keyboard."""
# ruff: noqa: RUF001  the letters and marks of those keyboards

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.commands.shared.unfold import unfold
from bot.domain.job_names import Name
from bot.domain.job_names import parse as parse_name
from bot.domain.jobs.file_names import find as find_file
from bot.domain.jobs.file_names import matching as matching_files
from bot.domain.jobs.unfold_words import unfold_words
from bot.domain.model.plan import Search
from bot.domain.parameters import Kind, Parameter, complete
from bot.domain.project import Project, choose
from bot.domain.sweeps.grammar import GrammarError, completions, parse, so_far, written
from bot.errors import BadInput
from tests.bot.chat.jobs import PROJECT

DECLARED = (
    Parameter("lr", Kind.FLOAT, 0.1, -1.0, 1.0, aliases=("learning-rate",)),
    Parameter("epochs", Kind.INT, 10, 1, 1_000),
    Parameter("optimizer", Kind.CHOICE, "sgd", choices=("sgd", "adam", "relu-6")),
    Parameter("augment", Kind.BOOLEAN, default=False),
    Parameter("note", Kind.STRING, ""),
)
OPTIONS = (
    Parameter("trials", Kind.INT, minimum=1, maximum=1_000),
    Parameter("search", Kind.CHOICE, choices=tuple(Search)),
    Parameter("stop_losers", Kind.BOOLEAN),
    Parameter("branch", Kind.STRING),
)
Variant = Callable[[str], str]


def _outside_quotes(change: Variant) -> Variant:
    def varied(text: str) -> str:
        parts = text.split('"')
        return '"'.join(part if number % 2 else change(part) for number, part in enumerate(parts))

    return varied


def _each(old: str, *new: str) -> dict[str, Variant]:
    return {f"{old} as {each}": _outside_quotes(_replacing(old, each)) for each in new}


def _replacing(old: str, new: str) -> Variant:
    return lambda text: text.replace(old, new)


FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F) if chr(code) != '"'}
VARIANTS: dict[str, Variant] = {
    "as it is": lambda text: text,
    "full-width": _outside_quotes(lambda text: text.translate(FULL_WIDTH)),
    "capitals": _outside_quotes(str.upper),
    "curly quotes": lambda text: text.replace(' "', " “").replace('="', "=“").replace('"', "”"),
    "low quotes": lambda text: text.replace('="', "=„").replace('"', "“"),
    "full-width quotes": lambda text: text.replace('"', "＂"),
    "a space from a phone at the end": lambda text: f"{text} ",
    "marks of copied text": lambda text: f"\u200e{text}\ufeff",
    **_each(",", "，", "、", "､", ", ", "、 "),
    **_each("=", "＝", " = ", " ＝ "),
    **_each(":", "：", ": "),
    **_each(" ", "　", "\u00a0", "  ", "\n", "\u2009"),
    **_each("-", "−", "–", "‐", "‑", "－", "﹣"),
    **_each("..", "‥", "…", "．．", "。。", "〜", "～"),
    **_each("0.", "０．", "0。", "０｡", "0٫"),
}
variants = st.lists(st.sampled_from(sorted(VARIANTS)), max_size=4, unique=True)


def _varied(text: str, names: list[str]) -> str:
    """The quotes last: the others leave alone what is between straight ones."""
    for name in sorted(names, key=lambda name: "quotes" in name):
        text = VARIANTS[name](text)
    return text


LINES = (
    "lr=0.1,0.01,-0.5 epochs=3",
    "lr=0.001..0.1:log:5 epochs=1..9:step=2",
    "lr=-0.5..0.5:linear:3 optimizer=sgd,adam,relu-6",
    'augment=true,false note="Two Words","ａ、b −1",c',
    "learning-rate=1e-4,1e-3",
)


@pytest.mark.parametrize("line", LINES)
@given(names=variants)
def test_a_sweep_means_the_same(line: str, names: list[str]) -> None:
    if ":" in line:  # a space ends a range
        names = [name for name in names if not name.startswith((": as : ", "= as  "))]
    if 'c"' in line or ",c" in line:  # text keeps its capitals
        names = [name for name in names if name != "capitals"]
    expected = parse(line, DECLARED, Search.GRID).space
    found = parse(_varied(line, names), DECLARED, Search.GRID).space
    assert found == expected
    assert parse(written(found), DECLARED, Search.GRID).space == expected
    assert so_far(_varied(line, names), DECLARED) == so_far(line, DECLARED)


@given(names=variants)
def test_options_in_a_sweeps_text_mean_the_same(names: list[str]) -> None:
    line = _varied("lr=0.1,0.01 trials:50 search:random stop_losers:true", names)
    found = unfold({"space": line}, "space", ("branch", "commit"), OPTIONS)
    assert (found["trials"], found["search"], found["stop_losers"]) == (50, "random", True)
    assert parse(str(found["space"]), DECLARED, Search.GRID).points == 2


@given(names=variants)
def test_words_in_the_branch_mean_the_same(names: list[str]) -> None:
    names = [name for name in names if not name.startswith(", as")]
    line = _varied('main lr:-0.1 epochs:30 optimizer:relu-6 note:"Two, Words" augment:true', names)
    fields, values = unfold_words({"branch": line}, {})
    assert fields["branch"].casefold() == "main"
    assert complete(DECLARED, values) == {
        "lr": -0.1,
        "epochs": 30,
        "optimizer": "relu-6",
        "augment": True,
        "note": "Two, Words",
    }


@pytest.mark.parametrize("between", [", ", "、 ", "， ", "; ", "；　"])
def test_options_in_the_branch_may_have_commas_between(between: str) -> None:
    fields, values = unfold_words({"branch": f"main{between}lr:0.1{between}epochs: 3"}, {})
    assert (fields, values) == ({"branch": "main"}, {"lr": "0.1", "epochs": "3"})


@pytest.mark.parametrize(
    "branch",
    ["main some words lr:0.1", "main some", "main lr:0.1 left", "main　余分", 'main "lr 0.1"', "main lr = 0.1"],
)
@pytest.mark.parametrize("field", ["branch", "commit"])
def test_words_that_are_left_over_are_an_error(branch: str, field: str) -> None:
    with pytest.raises(BadInput, match=f'`{field}` takes one word. After "main", ".+" is left over'):
        unfold_words({field: branch}, {})


@pytest.mark.parametrize("branch", ["main", "fix/loss-scale", "機能/学習率", "release-1.0", "研究−１"])
def test_a_branch_in_any_script_stays(branch: str) -> None:
    assert unfold_words({"branch": branch}, {}) == ({"branch": branch}, {})
    assert unfold({"branch": f"{branch} lr=1", "space": ""}, "space", ("branch",), OPTIONS) == {
        "branch": branch,
        "space": "lr=1",
    }


@given(names=variants, number=st.one_of(st.floats(-1, 1, width=16), st.integers(1, 1_000)))
def test_a_value_means_the_same(names: list[str], number: float) -> None:
    parameter = DECLARED[0] if isinstance(number, float) else DECLARED[1]
    assert parameter.parse(_varied(str(number), names)) == number


@given(names=variants)
def test_a_choice_and_a_truth_mean_the_same(names: list[str]) -> None:
    assert DECLARED[2].parse(_varied("relu-6", names)) == "relu-6"
    assert DECLARED[3].parse(_varied("true", names)) is True


def test_choices_that_differ_in_capitals_alone_are_told_apart() -> None:
    parameter = Parameter("size", Kind.CHOICE, choices=("s", "S", "m"))
    assert [parameter.parse(each) for each in ("s", "S", "M")] == ["s", "S", "m"]


@pytest.mark.parametrize(
    "typed", ["k7q2mx.4", "K7q2mx.04", "ｋ７ｑ２ｍｘ．４", "k7q2mx。4", "`#k7q2mx.4`", "“k7q2mx.4”", " k7q2mx.4, "]
)
def test_a_job_is_named_the_same(typed: str) -> None:
    assert parse_name(typed) == Name("k7q2mx", 4)


@pytest.mark.parametrize("typed", ["mnist", "Mnist", "ｍｎｉｓｔ", " mnist "])
def test_a_project_is_named_the_same(typed: str) -> None:
    other = Project("walker", "", ("main",), (), "", "", "", "")
    assert choose([PROJECT, other], typed, 0) is PROJECT


def test_completions_follow_other_keyboards() -> None:
    assert completions("ｌ", DECLARED) == ["lr="]
    assert completions("Opt", DECLARED) == ["optimizer="]
    assert completions("optimizer＝sgd、Ａ", DECLARED) == ["optimizer=sgd,adam"]
    assert "lr=" not in completions("Lr=0.1 ", DECLARED)


@pytest.mark.parametrize("typed", ["Walk.MP4", "ｗａｌｋ．ｍｐ４", "\u200ewalk.mp4", "`walk.mp4`"])
def test_a_file_is_named_the_same(typed: str) -> None:
    names = ["videos/walk.mp4", "か\u3099.csv"]
    assert find_file(names, typed) == "videos/walk.mp4"
    assert find_file(names, "が") == "か\u3099.csv"
    assert matching_files(names, typed.strip("`")) == ["videos/walk.mp4"]


@pytest.mark.parametrize("typed", ["trials=50", "Trials=50", "ｔｒｉａｌｓ＝５０", "search=random", "branch=main"])
def test_an_option_with_an_equals_sign_is_told_apart_from_a_parameter(typed: str) -> None:
    with pytest.raises(GrammarError, match=r"is an option of the command\. Write it with a colon: `\w+:"):
        parse(f"lr=0.1,0.01 {typed}", DECLARED, Search.GRID)
    declared = (*DECLARED, Parameter("trials", Kind.INT, 1))
    if typed.endswith(("0", "０")):
        assert parse(f"lr=0.1,0.01 {typed}", declared, Search.GRID).points == 2
