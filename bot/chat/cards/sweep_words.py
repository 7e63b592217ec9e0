"""What is said of a sweep wherever it is told of: its card, its end, its preview. All of it is inert."""

from collections.abc import Iterator

from bot.chat.cards import card_lines
from bot.chat.cards.units import duration, joined, number, plural, usd
from bot.domain.inert import code, escape
from bot.domain.model.plan import Plan
from bot.domain.model.space import Axis
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import TrialState
from bot.domain.parameters import shown
from bot.domain.project import Project

NAME, VALUE = 40, 20
VALUES = 6
"""Values of an axis that are named; of more, the first few and the last."""
POINT = 300
FAILURES = 600
DETAIL = 100
COMPARED = (TrialState.SUCCEEDED, TrialState.MISSING, TrialState.PRUNED)
"""Trials that came to an end which is nobody's failure."""
_OTHERWISE = {
    TrialState.FAILED: "failed",
    TrialState.MISSING: "without metrics",
    TrialState.PRUNED: "stopped early",
    TrialState.STOPPED: "stopped",
}


def plan(asked: Plan) -> str:
    """`grid, 9 trials`, `tpe, 10 points in 5 folds each: 50 trials, 4 at a time, losers stopped early`."""
    count = plural(asked.trials, "trial")
    if asked.folds > 1:
        count = f"{plural(asked.points, 'point')} in {asked.folds} folds each: {count}"
    rest = [f"{asked.carried_over:,} of them kept" if asked.carried_over else ""]
    rest += [f"{asked.parallel:,} at a time" if asked.parallel else "", "losers stopped early" * asked.stop_losers]
    return ", ".join(filter(None, (asked.search.value, count, *rest)))


def axis(over: Axis) -> str:
    """`lr 0.1, 0.01, 0.001`, `seed 1, 2, 3 … 100 (100 values)`, `lr 0.001 to 0.1 (log)`."""
    return f"{escape(over.name, NAME)} {_values(over)}"


def best(sweep: Sweep, project: Project | None, *, bold: bool = False) -> str:
    """`val_accuracy 96.7 at lr 0.1, momentum 0.5 (k7q2mx.0)`; empty while there is none."""
    if not sweep.tally.leaders or project is None:
        return ""
    leader = sweep.tally.leaders[0]
    mark = "**" if bold else ""
    at = f" at {text}" if (text := point(leader, sweep)) else ""
    return f"{escape(project.metric, NAME)} {mark}{value(leader)}{mark}{at} ({sweep.id}.{leader.number})"


def point(leader: Leader, sweep: Sweep) -> str:
    """`lr 0.1, momentum 0.5`: what it has of what is varied."""
    names = [axis.name for axis in sweep.plan.space.varied if axis.name in leader.parameters]
    pairs = [f"{escape(name, NAME)} {escape(shown(leader.parameters[name]), VALUE)}" for name in names]
    return joined(pairs, ", ", POINT)


def value(leader: Leader) -> str:
    """`96.7`, and over folds `96.7 ± 0.3`."""
    spread = f" ± {number(leader.deviation)}" if leader.deviation is not None else ""
    return f"{number(leader.value)}{spread}"


def failures(tally: Tally) -> str:
    """A line for each way to fail, as many as fit; most first."""
    return joined([_failure(each) for each in tally.failures], "\n", FAILURES) if tally.failures else ""


def saved(tally: Tally, project: Project | None) -> str:
    """What stopping the losers was good for; empty where none was stopped."""
    if not (count := tally.count(TrialState.PRUNED)):
        return ""
    money = f", {usd(price)}" if (price := cost(tally.saved_seconds, project)) is not None else ""
    return f"{plural(count, 'loser')} stopped early: {duration(tally.saved_seconds)} of machine time saved{money}"


def not_compared(tally: Tally) -> Iterator[str]:
    """How many have ended otherwise than well: `3 failed`, `1 without metrics`."""
    for state, word in _OTHERWISE.items():
        if count := tally.count(state):
            yield f"{count:,} {word}"


def waiting(sweep: Sweep) -> int:
    """Trials that have not begun."""
    return max(0, sweep.plan.trials - sweep.tally.ended - sweep.tally.count(TrialState.RUNNING))


def cost(seconds: float, project: Project | None) -> float | None:
    """In USD; None where no price is set."""
    return seconds * project.usd_per_hour / 3600 if project is not None and project.usd_per_hour else None


def _values(over: Axis) -> str:
    if over.continuous:
        return f"{over.low:g} to {over.high:g}{' (log)' if over.log else ''}"
    texts = [escape(shown(each), VALUE) or " " for each in over.values]
    if len(texts) <= VALUES:
        return ", ".join(texts)
    return f"{', '.join(texts[:3])} … {texts[-1]} ({len(texts):,} values)"


def _failure(alike: Failure) -> str:
    """`**3 failed alike:** the command failed — ValueError: …: `.4 .7 .8``."""
    names = " ".join(f".{each}" for each in alike.numbers) + (" …" if alike.count > len(alike.numbers) else "")
    head = f"{alike.count:,} failed{' alike' if alike.count > 1 else ''}"
    return f"**{head}:** {card_lines.why(alike.reason, alike.detail, DETAIL)}: {code(names)}"
