"""What people type after /sweep: the plan that it stands for, and mistakes in words that help."""
# ruff: noqa: RUF001  full-width letters, as Japanese keyboards type them

import json
import re
from pathlib import Path

import pytest

from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis
from bot.domain.parameters import Kind, Parameter, Value
from bot.domain.sweeps.grammar import GrammarError, parse, written
from bot.errors import BadInput, UserError
from tests.bot.domain.sweeps.grammar.declared import DECLARED, FOLDS
from trainer import space
from trainer import space as trials_own

PAGE = (Path(__file__).parents[5] / "docs" / "training-code.md").read_text()


def grid(text: str, *, mixed: bool = True) -> Plan:
    return parse(text, DECLARED, Search.GRID, mixed=mixed)


def values(text: str) -> tuple[Value, ...]:
    [axis] = grid(text).space.axes
    return axis.values


def refused(text: str, search: Search = Search.GRID) -> GrammarError:
    with pytest.raises(GrammarError) as caught:
        parse(text, DECLARED, search)
    return caught.value


def test_example_of_the_command() -> None:
    mixed = grid("lr=0.1,0.01 m=0.5,0.1")
    assert mixed.space.encoded == {"mixed": [["lr", [0.1, 0.01]], ["momentum", [0.5, 0.1]]], "seed": 0}
    plan = grid("lr=0.1,0.01 m=0.5,0.1", mixed=False)
    assert sorted(map(str, map(mixed.space.point, range(4)))) == sorted(map(str, map(plan.space.point, range(4))))
    assert (plan.trials, plan.points, plan.incremental) == (4, 4, False)
    assert plan.space.axes == (
        Axis("lr", Kind.FLOAT, (0.1, 0.01)),
        Axis("momentum", Kind.FLOAT, (0.5, 0.1)),
    )
    assert plan.space.encoded == {"axes": [["lr", [0.1, 0.01]], ["momentum", [0.5, 0.1]]]}
    assert [plan.space.point(number) for number in range(4)] == [
        {"lr": 0.1, "momentum": 0.5},
        {"lr": 0.1, "momentum": 0.1},
        {"lr": 0.01, "momentum": 0.5},
        {"lr": 0.01, "momentum": 0.1},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed=1..5", (1, 2, 3, 4, 5)),
        ("seed=-1..1", (-1, 0, 1)),
        ("batch=1..10:4", (1, 4, 7, 10)),
        ("batch=1..10:step=4", (1, 5, 9)),
        ("batch=16..512:log:6", (16, 32, 64, 128, 256, 512)),
        ("lr=0.001..0.1:log:3", (0.001, 0.01, 0.1)),
        ("lr=0.001..0.1:3:log", (0.001, 0.01, 0.1)),
        ("lr=1e-6..1:log:7", (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0)),
        ("lr=0.1..0.5:linear:3", (0.1, 0.3, 0.5)),
        ("lr=0.1..0.5:3", (0.1, 0.3, 0.5)),
        ("lr=.1...5:step=.1", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("m=0..0.9:step=0.1", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
        ("m=0..0.35:step=0.1", (0.0, 0.1, 0.2, 0.3)),
        ("shift=-0.1..0.2:4", (-0.1, 0.0, 0.1, 0.2)),
        ("optimizer=adam,sgd", ("adam", "sgd")),
        ("augment=true,false", (True, False)),
        ("augment=on,0", (True, False)),
        ('note="a b",c,"d,e"', ("a b", "c", "d,e")),
        ('note="","say \\"x\\"","a\\\\b"', ("", 'say "x"', "a\\b")),
        ("note=“curly quotes”", ("curly quotes",)),
        ("Ｎｏｔｅ＝＂ＡＢ　Ｃ＂", ("ＡＢ　Ｃ",)),
        ('note="a\x00b\u2028c\ud800"', ("a b c ",)),
        ("note=a=b,../x,1..5", ("a=b", "../x", "1..5")),
        ('note="lr=0.1"', ("lr=0.1",)),
        ("  lr = 0.1 , 0.2\n", (0.1, 0.2)),
        ("lr=0.1\u3000", (0.1,)),
    ],
)
def test_values(text: str, expected: tuple[Value, ...]) -> None:
    assert values(text) == expected
    assert [type(value) for value in values(text)] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("m=0.5,.10 lr=1e-1", "momentum=0.5,0.1 lr=0.1"),
        ("lr=0.1..0.5:step=0.15", "lr=0.1..0.4:3"),
        ("lr=0.1..0.5:linear:3", "lr=0.1..0.5:3"),
        ("seed=1..5 augment=yes", "seed=1..5 augment=true"),
        ("note=“a b”,c=d,plain", 'note="a b","c=d",plain'),
        ("lr=0.1234567890123456", "lr=0.1234567890123456"),
    ],
)
def test_written_text_is_short_and_reads_the_same(text: str, canonical: str) -> None:
    plan = grid(text)
    assert written(plan.space) == canonical
    assert grid(canonical).space == plan.space


@pytest.mark.parametrize("text", ["lr=0.1,0.01", "batch=16..20:log", "lr=0.1..0.3:3 optimizer=sgd,adam"])
def test_random_search_of_a_whole_small_space_runs_each_point_once(text: str) -> None:
    for seed in range(20):
        plan = parse(text, DECLARED, Search.RANDOM, seed=seed)
        points = {tuple(plan.space.point(number).items()) for number in range(plan.trials)}
        assert len(points) == plan.trials == space.size(plan.space.encoded)


def test_random_search_of_an_earlier_version_keeps_its_points() -> None:
    plan = parse("lr=0.1,0.01", DECLARED, Search.RANDOM, seed=7, distinct=False)
    assert plan.space.encoded == {"ranges": [["lr", {"choices": [0.1, 0.01]}]], "seed": 7}


def test_random_and_tpe_take_ranges_without_steps_and_lists_alike() -> None:
    text = "lr=0.001..0.1:log m=0..0.9 batch=16..512:log seed=1..3 optimizer=sgd,adam shift=0..1:3"
    for search in (Search.RANDOM, Search.TPE):
        plan = parse(text, DECLARED, search, trials=200, seed=7)
        assert plan.space.axes == (
            Axis("lr", Kind.FLOAT, low=0.001, high=0.1, log=True),
            Axis("momentum", Kind.FLOAT, low=0.0, high=0.9),
            Axis("batch", Kind.INT, low=16, high=512, log=True),
            Axis("seed", Kind.INT, low=1, high=3),
            Axis("optimizer", Kind.CHOICE, ("sgd", "adam")),
            Axis("shift", Kind.FLOAT, (0.0, 0.5, 1.0)),
        )
        assert plan.space.encoded["ranges"][2] == ["batch", {"low": 16, "high": 512, "int": True, "log": True}]
        assert plan.space.encoded["seed"] == 7
        points = [plan.space.point(number) for number in range(200)]
        assert all(0.001 <= float(point["lr"]) <= 0.1 and point["seed"] in (1, 2, 3) for point in points)
        assert {point["shift"] for point in points} == {0.0, 0.5, 1.0}
        assert plan.trials == 200
        assert plan.incremental is (search is Search.TPE)


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        ("lr=", '`lr` needs a number from 1e-6 to 1 after "=".', ""),
        ("lr= m=0.5", '`lr` needs a number from 1e-6 to 1 after "=".', "m=0.5"),
        ("lr=0.1,,", '`lr` needs a number from 1e-6 to 1 after ",".', ""),
        ("lr=0.1, m=0.5", '`lr` needs a number from 1e-6 to 1 after ",".', "m=0.5"),
        ("lr=abc", '`lr` must be a number from 1e-6 to 1, not "abc".', "abc"),
        ("lr=nan", '1e-6 to 1, not "nan".', "nan"),
        ("lr=0.1=0.2", '1e-6 to 1, not "0.1=0.2".', "0.1=0.2"),
        ("lr=0.1,5,0.2", '`lr` must be a number from 1e-6 to 1, not "5".', "5"),
        ("lr=0.1..5:3", '`lr` must be a number from 1e-6 to 1, not "5".', "5"),
        ("lr=0.1,0.10", '`lr` has "0.1" twice. Write each value once.', "0.10"),
        ("augment=yes,true", '`augment` has "true" twice', "true"),
        ("lr=0.1..0.001", "`lr`: the range runs from 0.1 to 0.001. Put the lower end first.", "0.1..0.001"),
        ("seed=3..3", "`seed`: the range runs from 3 to 3. Its ends must differ.", "3..3"),
        ("lr=..0.1", '`lr` needs a number from 1e-6 to 1 before "..".', ""),
        ("lr=0.1..:3", '`lr` needs a number from 1e-6 to 1 after "..".', ""),
        ("lr=0.1,0.2..0.3:3", "`lr`: 0.2..0.3:3 is a range. Use one range alone, or a list of values.", "0.2..0.3:3"),
        (
            "lr=0.1..0.5:x",
            '":x" doesn\'t fit after a range. Use a count of at least 2 (:5), a step (:step=0.1), :log or :linear.',
            "x",
        ),
        ("lr=0.1:0.2..0.3", 'must be a number from 1e-6 to 1, not "0.1:0.2..0.3".', "0.1:0.2..0.3"),
        ("lr=0.1..0.5:1", '":1" doesn\'t fit after a range. Use a count of at least 2', "1"),
        ("lr=0.1..0.5:", '":" doesn\'t fit after a range. Use a count of at least 2', ""),
        ("lr=0.1..0.5:3:4", "use one of :log and :linear, and one count (:5) or step (:step=0.1).", "4"),
        ("lr=0.1..0.5:log:linear", "one of :log and :linear", "linear"),
        ("lr=0.1..0.5:step=1", "a step of 1 doesn't fit. Use one above 0 and at most 0.4.", "step=1"),
        ("lr=0.1..0.5:step=-1", "a step of -1 doesn't fit. Use one above 0", "step=-1"),
        ("lr=0.1..0.5:step=x", '`lr` must be a number, not "x".', "x"),
        ("batch=1..9:step=0.5", '`batch` must be a whole number, not "0.5".', "0.5"),
        ("lr=0.1..0.5:log:step=0.1", "a :log range has no step. Use a count, as in :log:5", "step=0.1"),
        ("m=0..0.9:log:3", "`momentum`: a :log range can't start at 0. Start it above 0.", "log"),
        ("batch=1..10:11", "`batch`: this range doesn't hold 11 different values. Use fewer.", "batch=1..10:11"),
        ("batch=1..10:log:9", "`batch`: this range doesn't hold 9 different values", "batch=1..10:log:9"),
        ("seed=1.5", '`seed` must be a whole number, not "1.5".', "1.5"),
        ("seed=" + "9" * 60, f'`seed`: "{"9" * 39}…" is too long.', "9" * 60),
        ("optimizer=sgd,adm", '`optimizer` must be sgd or adam, not "adm".', "adm"),
        ("optimizer=", '`optimizer` needs sgd or adam after "=".', ""),
        ("momentun=0.5", 'There is no parameter "momentun". Did you mean momentum? Choose one: lr,', "momentun"),
        ("m=0.5 momentum=0.1", "`momentum` appears twice. Write it once, with all of its values.", "momentum=0.1"),
        ("lr=0.1 lr=0.2", "`lr` appears twice", "lr=0.2"),
        ("momentum=0.1 m=0.5", "`momentum` appears twice (as m)", "m=0.5"),
        ("lr=0.1 0.2", 'Write "=" and values after "0.2"', "0.2"),
        ("lr 0.1", 'Write "=" and values after "lr"', "lr"),
        ("=0.1", "Write a parameter's name here", "="),
        (",", "Write a parameter's name here", ","),
        ('note="a b lr=0.1', "These quotes are never closed.", '"a b lr=0.1'),
        ('note=a"b"', "Put quotes around the whole value", '"'),
        ('note="a"b', "Put quotes around the whole value", "b"),
        ("note=a,lr=0.1", '`note`: "lr=0.1" looks like the next parameter. Separate parameters with spaces', "lr=0.1"),
    ],
)
def test_error_names_valid_input_and_marks_the_mistake(text: str, said: str, place: str) -> None:
    error = refused(text)
    assert said in error.message
    assert text[error.start : error.end] == place
    shown, carets = str(error).removeprefix(error.message + "\n```\n").removesuffix("\n```").split("\n")
    if len(text) < 50:
        assert shown == text
        assert carets == " " * error.start + "^" * max(1, len(place))


def test_empty_text_gets_an_example_and_the_names() -> None:
    for text in ("", "  \n"):
        assert str(refused(text)) == (
            "What should vary? Write name=values, as in lr=0.1,0.01 momentum=0.5,0.9. "
            "Parameters: lr, momentum, batch, seed, shift, optimizer, augment, note."
        )


def test_open_range_in_a_grid_is_refused_with_advice() -> None:
    said = "Write lr=0.001..0.1:5 or lr=0.001..0.1:log:5, or use `search:random`."
    assert refused("lr=0.001..0.1").message.endswith(said)
    assert refused("lr=0.001..0.1:log").message.endswith(said)
    assert "batch=1..64:log:5" in refused("batch=1..64:log").message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "lr=0.1..1:1000 m=0..0.9:1000 seed=1..1000",
            "1,000,000,000 points (lr 1,000 \N{MULTIPLICATION SIGN} momentum 1,000",
        ),
        ("seed=1..1000000000", "`seed` has 1,000,000,000 values; at most 100,000 fit."),
        ("lr=0.1..1:100001", "`lr` has 100,001 values; at most"),
        ("shift=0..1:step=1e-300", "`shift` has about 10^300 values; at most"),
        ("seed=0..99999 batch=1,2", "This grid has 200,000 points"),
    ],
)
def test_too_many_points_are_counted_without_being_built(text: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.space.value", lambda *_: pytest.fail("a value was made"))
    assert said in refused(text).message


def test_a_hundred_thousand_points_fit() -> None:
    assert grid("seed=0..99999").trials == 100_000
    assert parse("seed=1..1000000000", DECLARED, Search.RANDOM, trials=100_000).trials == 100_000


def test_long_text_is_refused_by_its_length() -> None:
    said = "`space` has 4,000 characters; at most 1,500 fit. Use ranges (seed=1..100) for long lists."
    assert str(refused("lr=0.1," + "x" * 3993)) == said


def test_a_long_text_is_shown_around_its_mistake() -> None:
    error = refused(f"note={'a' * 200} lr=abc seed=1..5 {'m=0.1,0.2' + ',0.3' * 50}")
    _, shown, carets, _ = str(error).removeprefix(error.message).removeprefix("\n").split("\n")
    assert len(shown) <= 60
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "abc"


def test_wide_characters_take_two_columns() -> None:
    *_, carets, _ = str(refused("note=日本 lr=abc")).split("\n")
    assert carets == " " * 5 + "\u3000" * 2 + " " * 4 + "^^^"


@pytest.mark.parametrize("text", ["lr=```@everyone```", "```=1", 'note="```', "lr=<@123456>", "```<@&12>```=@here"])
def test_typed_text_stays_in_its_code_block(text: str) -> None:
    error = refused(text)
    assert str(error).count("```") == 2
    assert "```" not in error.message
    assert "@everyone" not in error.message
    assert "<@" not in error.message


def test_grid_has_a_fixed_number_of_trials() -> None:
    assert parse("lr=0.1", DECLARED, Search.GRID).trials == 1
    assert parse("seed=1..9", DECLARED, Search.GRID, trials=9).trials == 9
    with pytest.raises(
        BadInput, match=r"`trials:5` doesn't fit: this grid has 9 points\. Leave `trials` out, or add `search:random`\."
    ):
        parse("seed=1..9", DECLARED, Search.GRID, trials=5)


@pytest.mark.parametrize("search", [Search.RANDOM, Search.TPE])
def test_trials_of_a_sampler(search: Search) -> None:
    assert parse("m=0..0.9", DECLARED, search).trials == 20
    assert parse("seed=1..100", DECLARED, search).trials == 20
    assert parse("lr=0.1,0.2 m=0.1,0.2", DECLARED, search).trials == 4
    assert parse("lr=0.1,0.2 m=0.1,0.2", DECLARED, search, trials=3).trials == 3
    for trials in (0, -1, 100_001):
        with pytest.raises(BadInput, match="`trials` must be a whole number from 1 to 100,000, not"):
            parse("m=0..0.9", DECLARED, search, trials=trials)
    with pytest.raises(BadInput, match="there are only 4 different points"):
        parse("lr=0.1,0.2 m=0.1,0.2", DECLARED, search, trials=5)


def test_options_are_in_the_plan() -> None:
    plan = parse(" seed=1..9 ", DECLARED, Search.GRID, parallel=3, stop_losers=True, seed=5)
    assert (plan.text, plan.parallel, plan.stop_losers, plan.seed, plan.incremental) == ("seed=1..9", 3, True, 5, True)
    with pytest.raises(BadInput, match=r"`parallel` must be .*, not -1"):
        parse("seed=1..9", DECLARED, Search.GRID, parallel=-1)


@pytest.mark.parametrize("search", list(Search))
def test_each_point_runs_on_every_fold(search: Search) -> None:
    plan = parse("lr=0.1,0.2", (*DECLARED, *FOLDS), search, folds=5)
    assert (plan.trials, plan.points, plan.folds) == (10, 2, 5)
    points = [plan.space.point(number) for number in range(10)]
    assert [(point["folds"], point["fold"]) for point in points] == [(5, fold) for _ in range(2) for fold in range(5)]
    assert len({point["lr"] for point in points[:5]}) == 1
    assert parse(written(plan.space), (*DECLARED, *FOLDS), search, folds=5).space == plan.space


def test_impossible_folds_are_refused() -> None:
    def said(folds: int, text: str = "lr=0.1", parameters: tuple[Parameter, ...] = (*DECLARED, *FOLDS)) -> str:
        with pytest.raises(UserError) as caught:
            parse(text, parameters, Search.GRID, folds=folds)
        return str(caught.value)

    for folds in (0, -3, 21):
        assert said(folds) == f"`folds` must be a whole number from 2 to 20, not {folds}."
    assert "it lacks the `int` parameters `folds` and `fold`" in said(5, "lr=0.1", DECLARED)
    assert "a whole number of at most 10" in said(11)
    assert "`folds:5` already sets `fold`." in said(5, "lr=0.1 fold=0,1")
    assert "`folds:5` already sets `folds`." in said(5, "folds=2,3")
    assert "turns this grid's 50,000 points into 250,000 trials; at most 100,000 fit. Use at most 2 folds" in said(
        5, "seed=1..50000"
    )
    assert parse("fold=0,1", (*DECLARED, *FOLDS), Search.GRID).trials == 2
    with pytest.raises(BadInput, match=r"from 1 to 20,000 \(each runs on 5 folds\)"):
        parse("m=0..0.9", (*DECLARED, *FOLDS), Search.RANDOM, folds=5, trials=20_001)


def test_examples_in_the_docs_read_as_documented() -> None:
    rows = re.findall(r"^\| `([a-z]+=.+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 8
    for text, meaning in rows:
        search = Search.RANDOM if "`search:random`" in meaning else Search.GRID
        axis, *_ = parse(text, DECLARED, search).space.axes
        listed = re.fullmatch(r"(?:of a whole number: )?([-\d., ]+)", meaning)
        assert listed is None or axis.values == tuple(float(each) for each in listed[1].split(", "))
    encoded = json.loads(re.findall(r'^\{"axes".+$', PAGE, re.MULTILINE)[0])
    assert trials_own.point(encoded, trials_own.number(encoded, 10)) == {"lr": 0.1, "seed": 3, "folds": 5, "fold": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("seed=1..10000000000000000000", "is too long. Use at most 18 characters.", id="beyond 64 bits"),
        pytest.param("seed=1,10000000000000000000", "is too long. Use at most 18 characters.", id="one of a list"),
        pytest.param("shift=-1e308..1e308", "this range is too wide to compute with", id="no such width"),
    ],
)
@pytest.mark.parametrize("search", [Search.RANDOM, Search.TPE])
def test_numbers_too_large_for_a_sampler_are_refused(text: str, said: str, search: Search) -> None:
    """It would be refused at each try, and nothing of the sweep would ever run."""
    assert said in refused(text, search).message
