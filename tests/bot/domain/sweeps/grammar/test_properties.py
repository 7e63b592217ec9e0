"""What holds of every text. More of them with `--hypothesis-profile=thorough`."""

import itertools
import json
import math
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.model.plan import MOST_TRIALS, Plan, Search
from bot.domain.parameters import Kind, Parameter, Value
from bot.domain.sweeps.grammar import GrammarError, completions, parse, so_far, written
from tests.bot.domain.sweeps.grammar.declared import DECLARED, FOLDS

PARAMETERS = (*DECLARED, *FOLDS)
BY_NAME = {each.name: each for each in PARAMETERS}
SPELLED = {Kind.BOOLEAN: ("true", "false", "yes", "off")}


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def numbers(parameter: Parameter) -> st.SearchStrategy[float]:
    low, high = (-1e6 if parameter.minimum is None else parameter.minimum), parameter.maximum or 1e6
    if parameter.kind is Kind.INT:
        return st.integers(math.ceil(low), int(high))
    floats = st.floats(low, high)
    return st.one_of(floats, floats.map(lambda each: round(each, 3))).filter(lambda each: low <= each <= high)


@st.composite
def ranges(draw: st.DrawFn, parameter: Parameter, *, counted: bool) -> str:
    """At times more values than there are between the ends."""
    low, high = sorted(draw(st.lists(numbers(parameter), min_size=2, max_size=2, unique=True)))
    options = [f"{draw(st.integers(2, 12))}"] if counted else []
    if low > 0 and draw(st.booleans()):
        options.insert(draw(st.integers(0, len(options))), "log")
    return ":".join([f"{low}..{high}", *options])


@st.composite
def items(draw: st.DrawFn, parameter: Parameter, *, grid: bool) -> str:
    name = draw(st.sampled_from((parameter.name, *parameter.aliases)))
    if parameter.kind in (Kind.FLOAT, Kind.INT) and draw(st.booleans()):
        return f"{name}={draw(ranges(parameter, counted=grid or draw(st.booleans())))}"
    if parameter.kind in (Kind.FLOAT, Kind.INT):
        values = draw(st.lists(numbers(parameter).map(str), min_size=1, max_size=4, unique_by=float))
    elif parameter.kind is Kind.STRING:
        values = draw(st.lists(st.text(max_size=8).map(quoted), min_size=1, max_size=4))
    else:
        choices = SPELLED.get(parameter.kind, parameter.choices)
        values = draw(st.lists(st.sampled_from(choices), min_size=1, max_size=2, unique=True))
    return f"{name}={','.join(values)}"


@st.composite
def texts(draw: st.DrawFn, search: Search = Search.GRID) -> str:
    """About four in five of them valid."""
    chosen = draw(st.lists(st.sampled_from(DECLARED), min_size=1, max_size=4, unique=True))
    return " ".join(draw(items(parameter, grid=search is Search.GRID)) for parameter in chosen)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    text = draw(texts())
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        text = text[:start] + draw(st.text(' =,."\\:01e-a`@<', max_size=4)) + text[min(end, start + 5) :]
    return text


def planned(text: str, search: Search, folds: int = 1) -> Plan | None:
    """None where the text has a mistake; whatever that is, it stays in its code block."""
    try:
        return parse(text, PARAMETERS, search, folds=folds, seed=3)
    except GrammarError as error:
        _check_fence(str(error))
        return None


def _check_fence(said: str) -> None:
    assert said.count("```") in (0, 2)
    assert len(said) < 1_000


def fits(name: str, value: Value) -> bool:
    parameter = BY_NAME[name]
    return parameter.parse(value) == value and type(parameter.parse(value)) is type(value)


@given(st.data(), st.sampled_from(Search), st.sampled_from((1, 2, 5)))
def test_written_text_reads_as_the_same_space(data: st.DataObject, search: Search, folds: int) -> None:
    plan = planned(data.draw(texts(search)), search, folds)
    if plan is not None:
        again = planned(written(plan.space), search, folds)
        assert again is not None
        assert again.space == plan.space
        assert written(again.space) == written(plan.space)
        assert json.loads(json.dumps(plan.space.encoded)) == plan.space.encoded


@given(texts(), st.sampled_from((1, 3)))
def test_each_point_of_a_grid_comes_once_on_each_fold(text: str, folds: int) -> None:
    plan = planned(text, Search.GRID, folds)
    if plan is not None:
        assert plan.space.size == plan.points == math.prod(len(axis.values) for axis in plan.space.axes)
        expected = itertools.product(*(axis.values for axis in plan.space.axes), range(folds))
        names = [*plan.space.names, *(["fold"] if folds > 1 else [])]
        if plan.trials <= 200:
            points = [plan.space.point(number) for number in range(plan.trials)]
            found = Counter(tuple(point[name] for name in names) for point in points)
            assert found == Counter(values[: len(names)] for values in expected)
        assert all(len(set(axis.values)) == len(axis.values) for axis in plan.space.axes)


@given(st.data(), st.sampled_from(Search))
def test_every_value_is_within_its_declaration(data: st.DataObject, search: Search) -> None:
    plan = planned(data.draw(texts(search)), search)
    if plan is not None:
        assert all(fits(axis.name, value) for axis in plan.space.axes for value in axis.values)
        assert all(fits(name, value) for n in range(min(9, plan.trials)) for name, value in plan.space.point(n).items())


def _answered(text: str, search: Search) -> None:
    plan = planned(text, search)
    assert plan is None or 1 <= plan.trials <= MOST_TRIALS
    assert len(so_far(text, PARAMETERS, search)) <= 100
    assert all(len(each) <= 100 for each in completions(text, PARAMETERS))


@settings(max_examples=200)
@given(mutations(), st.sampled_from(Search))
def test_text_with_mistakes_gets_a_plan_or_an_error(text: str, search: Search) -> None:
    _answered(text, search)


@given(st.text(), st.sampled_from(Search))
def test_any_text_gets_a_plan_or_an_error(text: str, search: Search) -> None:
    _answered(text, search)
    _answered(f"lr={text}", search)
    _answered(f'note="{text}" m=0.5', search)


@given(texts(), st.integers(0, 200))
def test_every_prefix_of_a_text_gets_a_plan_or_an_error(text: str, end: int) -> None:
    _answered(text[:end], Search.GRID)
