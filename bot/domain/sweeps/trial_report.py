"""What a sweep's thread tells of the trials that have ended: a line for each, or a sum where they are many."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from bot.domain.logs.log_lines import block
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Value, shown

LINES = 15
"""Trials that have a line each; of more the sum is told."""
DETAIL = 120
_LIMIT = 1_900


def report(sweep: Sweep, ended: Sequence[Trial], metric: str) -> str:
    """One message, inert: `.3  96.11  lr 0.1 momentum 0.1  epoch 9  0:00:22`."""
    if len(ended) <= LINES:
        lines = list(_table(sweep, ended))
    else:
        counts = Counter(trial.shown for trial in ended)
        lines = [f"{len(ended):,} trials ended: " + ", ".join(f"{counts[s]:,} {s}" for s in TrialState if counts[s])]
        lines += [
            f"  {failure.count:,} failed alike: {_failure(failure.detail)}" for failure in sweep.tally.failures[:3]
        ]
    best = next(iter(sweep.tally.leaders), None)
    if best is not None:
        at = f" at {text}" if (text := _varied(sweep, best.parameters)) else ""
        lines.append(f"best so far .{best.number}: {metric} {best.value:.4g}{at}")
    return block(lines, limit=_LIMIT)[0]


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
        "" if trial.epoch is None else f"epoch {trial.epoch}",
        str(timedelta(seconds=round(trial.seconds))),
    )


def _varied(sweep: Sweep, parameters: Mapping[str, Value]) -> str:
    """What all trials have alike is on the card."""
    alike = {"folds", *sweep.plan.space.fixed}
    return " ".join(f"{name} {shown(value)}" for name, value in parameters.items() if name not in alike)


def _otherwise(trial: Trial) -> str:
    """How it ended, where that was not well."""
    if trial.shown is TrialState.SUCCEEDED:
        return ""
    exit_code = f" with exit code {trial.exit_code}" if trial.reason is EndReason.COMMAND_FAILED else ""
    return f"{trial.shown}{exit_code}{_detail(trial.detail)}"


def _detail(detail: str) -> str:
    return f": {detail[:DETAIL]}" if detail else ""


def _failure(detail: str) -> str:
    return detail[:DETAIL] or "their logs do not say why"
