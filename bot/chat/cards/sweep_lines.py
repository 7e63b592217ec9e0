"""Lines about a sweep that its card, its result and its preview share."""

from collections.abc import Iterator

from bot.chat.cards import card_lines
from bot.chat.cards.units import duration, number, plural, usd
from bot.domain.inert import EMPTY, Inert, code, escape, escape_value, joined, listed, phrase
from bot.domain.model.plan import Plan
from bot.domain.model.space import Axis
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import TrialState
from bot.domain.numbers import told_apart
from bot.domain.parameters import shown
from bot.domain.project import Project
from bot.domain.spending.costs import quote_of
from bot.domain.texts.command_names import command
from bot.domain.texts.state_words import TRIAL_STATES

NAME, VALUE = 40, 20
VALUES = 6
"""Values of an axis that are named; of more, the first few and the last."""
POINT = 300
FAILURES = 600
DETAIL = 100
NOT_FAILED = (TrialState.SUCCEEDED, TrialState.MISSING, TrialState.PRUNED)
"""States of trials that ended without failing."""
_NOT_COMPARED = (TrialState.FAILED, TrialState.MISSING, TrialState.PRUNED, TrialState.STOPPED)


def plan(asked: Plan) -> Inert:
    """`grid, 9 trials`, `tpe, 10 points with 5 folds each: 50 trials, 4 at a time, weak trials stopped early`."""
    trials = plural(asked.trials, "trial")
    if asked.folds > 1:
        points = plural(asked.points, "point")
        trials = phrase("{points} with {folds} folds each: {trials}", points=points, folds=asked.folds, trials=trials)
    carried_over = phrase("{count:,} carried over", count=asked.carried_over) if asked.carried_over else EMPTY
    parallel = phrase("{count:,} at a time", count=asked.parallel) if asked.parallel else EMPTY
    pruning = phrase("weak trials stopped early") if asked.stop_losers else EMPTY
    mixed = phrase("shuffled by seed {seed}", seed=asked.seed) if "mixed" in asked.space.encoded else EMPTY
    return listed(escape(asked.search, NAME), trials, carried_over, parallel, pruning, mixed)


def axis(over: Axis) -> Inert:
    """`lr 0.1, 0.01, 0.001`, `seed 1, 2, 3 … 100 (100 values)`, `lr 0.001 to 0.1 (log)`."""
    return phrase("{name} {values}", name=escape(over.name, NAME), values=_values(over))


def best(sweep: Sweep, project: Project | None, *, bold: bool = False) -> Inert:
    """`val_accuracy 96.7 at lr 0.1, momentum 0.5 (k7q2mx.0)`; empty while there is none."""
    if not sweep.tally.leaders or project is None:
        return EMPTY
    leader = sweep.tally.leaders[0]
    found = value(leader)
    text = point(leader, sweep)
    return phrase(
        "{metric} {value}{at} ({name})",
        metric=escape(project.metric, NAME),
        value=phrase("**{value}**", value=found) if bold else found,
        at=phrase(" at {point}", point=text) if text else EMPTY,
        name=escape(f"{sweep.id}.{leader.number}", NAME),
    )


def point(leader: Leader, sweep: Sweep) -> Inert:
    """`lr 0.1, momentum 0.5`: its values of the varied parameters."""
    names = [axis.name for axis in sweep.plan.space.varied if axis.name in leader.parameters]
    texts = point_texts(leader, sweep)
    pairs = [listed(escape(name, NAME), escape_value(name, texts[name], VALUE), separator=" ") for name in names]
    return joined(pairs, ", ", POINT)


def point_texts(leader: Leader, sweep: Sweep) -> dict[str, str]:
    """Values of the varied parameters: drawn numbers with three digits, or what tells the leaders apart."""
    texts = {}
    for over in sweep.plan.space.varied:
        if over.name not in leader.parameters:
            continue
        own = leader.parameters[over.name]
        texts[over.name] = shown(own)
        if over.continuous and isinstance(own, float):
            others = [each.parameters.get(over.name) for each in sweep.tally.leaders]
            texts[over.name] = told_apart([own, *(each for each in others if isinstance(each, float))])[0]
    return texts


def value(leader: Leader) -> Inert:
    """`96.7`, and over folds `96.7 ± 0.3`."""
    if leader.deviation is None:
        return number(leader.value)
    return phrase("{mean} ± {deviation}", mean=number(leader.value), deviation=number(leader.deviation))


def failures(tally: Tally, project: Project | None) -> Inert:
    """A line for each kind of failure, the most frequent first, as many as fit."""
    return joined([_failure(each, project) for each in tally.failures], "\n", FAILURES) if tally.failures else EMPTY


def incomplete(sweep: Sweep) -> Inert:
    """`3 trials: not everything was stored. /status k7q2mx.4 shows what.`; empty if all is stored."""
    tally = sweep.tally
    if not tally.incomplete:
        return EMPTY
    return phrase(
        "{trials}: not everything was stored. {status} shows what.",
        trials=plural(tally.incomplete, "trial"),
        status=command("status", f"job:{sweep.id}.{tally.first_incomplete}"),
    )


def saved(sweep: Sweep, project: Project | None) -> Inert:
    """What stopping weak trials saved; empty if none was stopped."""
    tally, quote = sweep.tally, quote_of(sweep, project)
    if not (count := tally.count(TrialState.PRUNED)):
        return EMPTY
    price = quote.usd_for(tally.saved_seconds, 0) if quote is not None else 0.0
    return listed(
        phrase(
            "{trials} stopped early, saving {time} of machine time",
            trials=plural(count, "weak trial"),
            time=duration(tally.saved_seconds),
        ),
        usd(price) if price else EMPTY,
    )


def not_compared(tally: Tally) -> Iterator[Inert]:
    """The counts of trials that did not succeed: `3 failed`, `1 without metrics`."""
    for state in _NOT_COMPARED:
        if count := tally.count(state):
            yield phrase("{count:,} {state}", count=count, state=escape(TRIAL_STATES[state].count, NAME))


def waiting(sweep: Sweep) -> int:
    """Trials that have not begun."""
    return max(0, sweep.plan.trials - sweep.tally.ended - sweep.tally.count(TrialState.RUNNING))


def _values(over: Axis) -> Inert:
    if over.continuous:
        log = phrase(" (log)") if over.log else EMPTY
        low, high = (escape_value(over.name, shown(end), VALUE) for end in (over.low, over.high))
        return phrase("{low} to {high}{log}", low=low, high=high, log=log)
    texts = [escape_value(over.name, shown(each), VALUE) or phrase(" ") for each in over.values]
    if len(texts) <= VALUES:
        return listed(*texts)
    first = listed(*texts[:3])
    return phrase("{first} … {last} ({count:,} values)", first=first, last=texts[-1], count=len(texts))


def _failure(alike: Failure, project: Project | None) -> Inert:
    """`**3 failed the same way:** the command failed — ValueError: …: `.4 .7 .8``."""
    more = " …" if alike.count > len(alike.numbers) else ""
    return phrase(
        "**{count:,} failed{alike}:** {why}: {names}",
        count=alike.count,
        alike=phrase(" the same way") if alike.count > 1 else EMPTY,
        why=card_lines.why(alike.reason, alike.detail, DETAIL, project),
        names=code(" ".join(f".{each}" for each in alike.numbers) + more),
    )
