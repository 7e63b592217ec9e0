"""Sweeps as long, as many and as odd as they can be, for what has to fit into Discord's limits whatever comes."""

from hypothesis import strategies as st

from bot.domain.model.plan import Plan, Search
from bot.domain.model.run import Commit
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind
from tests.bot.chat.jobs import CREATED, STARTED, a_sweep

texts = st.text(max_size=300) | st.sampled_from(["*" * 4_000, "@everyone " * 400, "`" * 4_000, "x" * 4_000])
values = st.floats() | texts | st.booleans() | st.integers()
axes = st.builds(
    Axis,
    name=texts,
    kind=st.just(Kind.STRING),
    values=st.lists(values, max_size=20).map(tuple),
    low=st.floats(),
    high=st.floats(),
    log=st.booleans(),
)
numbers = st.integers(0, 99_999)
counts = st.dictionaries(st.sampled_from(list(TrialState)), st.integers(0, 100_000), max_size=7)
seconds = st.floats(0, 1e12)


@st.composite
def any_sweeps(draw: st.DrawFn) -> Sweep:
    over = tuple(draw(st.lists(axes, max_size=8)))
    points = st.fixed_dictionaries({axis.name: values for axis in over})
    leader = st.builds(Leader, number=numbers, value=st.floats(), parameters=points, deviation=st.none() | st.floats())
    failure = st.builds(
        Failure,
        reason=st.sampled_from(list(EndReason)),
        detail=texts,
        count=st.integers(1, 100_000),
        numbers=st.lists(numbers, max_size=5).map(tuple),
    )
    tally = Tally(
        counts=draw(counts),
        leaders=tuple(draw(st.lists(leader, max_size=5))),
        failures=tuple(draw(st.lists(failure, max_size=8))),
        seconds=draw(seconds),
        saved_seconds=draw(seconds),
        progress=draw(st.floats(0, 1)),
    )
    plan = Plan(
        text=draw(texts),
        space=Space(over),
        search=draw(st.sampled_from(list(Search))),
        trials=draw(st.integers(1, 100_000)),
        parallel=draw(st.integers(0, 100_000)),
        folds=draw(st.integers(1, 20)),
        stop_losers=draw(st.booleans()),
    )
    importance = {axis.name: draw(st.floats(0, 1)) for axis in over}
    sweep = a_sweep(
        tally,
        plan=plan,
        commit=Commit("f" * 40, draw(texts), draw(texts)),
        parameters=draw(st.dictionaries(texts, values, max_size=22)),
        asker_name=draw(texts),
        stop_by=draw(texts),
        stop_at=draw(st.none() | st.just(CREATED)),
        unanswered_since=draw(st.none() | st.just(CREATED)),
        credentials_expired=draw(st.booleans()),
        undeliverable=draw(texts),
        detail=draw(texts),
        picture=draw(st.sampled_from(["", "/gone.png"])),
        importance=importance,
    )
    return sweep if draw(st.booleans()) else sweep.ended(draw(st.sampled_from(list(EndReason))), STARTED + 10)
