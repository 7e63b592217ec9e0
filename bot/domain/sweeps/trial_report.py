"""The report on ended trials in a sweep's thread: a line for each, or a summary if there are many."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from bot.domain.inert import Inert
from bot.domain.logs.log_blocks import block
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Value, shown
from bot.domain.texts.state_words import TRIAL_STATES

LINES = 15
"""Trials that get a line each; more are summed up."""
DETAIL = 120
_LIMIT = 1_900


def report(sweep: Sweep, ended: Sequence[Trial], metric: str) -> Inert:
    """One message: `.3  96.11  lr 0.1 momentum 0.1  epoch 9  0:00:22`."""
    lines = list(_table(sweep, ended) if len(ended) <= LINES else _summary(sweep, ended))
    best = next(iter(sweep.tally.leaders), None)
    if best is not None:
        at = f" at {text}" if (text := _varied(sweep, best.parameters)) else ""
        lines.append(f"best so far .{best.number}: {metric} {best.value:.4g}{at}")
    return block(lines, limit=_LIMIT)[0]


def _summary(sweep: Sweep, ended: Sequence[Trial]) -> Iterator[str]:
    counts = Counter(trial.shown for trial in ended)
    counted = [f"{counts[state]:,} {TRIAL_STATES[state].count}" for state in TrialState if counts[state]]
    yield f"{len(ended):,} trials ended: {', '.join(counted)}"
    for failure in sweep.tally.failures[:3]:
        yield f"  {failure.count:,} failed the same way: {failure.detail[:DETAIL] or 'the logs do not say why'}"


def _table(sweep: Sweep, ended: Sequence[Trial]) -> Iterator[str]:
    rows = [_row(sweep, trial) for trial in ended]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, trial in zip(rows, ended, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        yield "  ".join(filter(None, (*cells, _otherwise(trial)))).rstrip()


def _row(sweep: Sweep, trial: Trial) -> tuple[str, ...]:
    """The important first: a phone wraps the rest."""
    return (
        f".{trial.number}",
        "-" if trial.value is None else f"{trial.value:.4g}",
        _varied(sweep, sweep.plan.point_of(trial, folds=True)),
        "" if trial.epoch is None else f"{trial.unit} {trial.epoch:,}",
        str(timedelta(seconds=round(trial.seconds))),
    )


def _varied(sweep: Sweep, parameters: Mapping[str, Value]) -> str:
    """Without what all trials share: that is on the card."""
    alike = {"folds", *sweep.plan.space.fixed}
    return " ".join(f"{name} {shown(value)}" for name, value in parameters.items() if name not in alike)


def _otherwise(trial: Trial) -> str:
    """How it ended, unless it succeeded."""
    if trial.shown is TrialState.SUCCEEDED:
        return trial.detail[:DETAIL]
    exit_code = f" with exit code {trial.exit_code}" if trial.reason is EndReason.COMMAND_FAILED else ""
    return f"{TRIAL_STATES[trial.shown].card}{exit_code}{_detail(trial.detail)}"


def _detail(detail: str) -> str:
    return f": {detail[:DETAIL]}" if detail else ""
