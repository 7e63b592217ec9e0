"""What a sweep's thread tells of the trials that have ended: a line for each, or a sum where they are many."""

from collections import Counter
from collections.abc import Sequence

from bot.domain.job import Job
from bot.domain.leaderboard import point
from bot.domain.loglines import block
from bot.domain.params import shown
from bot.domain.states import EndReason
from bot.domain.sweep import Sweep, Trial, TrialState

LINES = 15
"""Trials that have a line each; of more the sum is told."""
DETAIL = 120
_LIMIT = 1_900


def report(job: Job, sweep: Sweep, ended: Sequence[Trial], metric: str) -> str:
    """One message, inert: `.3   96.11  epoch 9   22 s   lr 0.1 momentum 0.1`."""
    if len(ended) <= LINES:
        lines = [_line(sweep, trial) for trial in ended]
    else:
        counts = Counter(trial.shown for trial in ended)
        lines = [f"{len(ended):,} trials ended: " + ", ".join(f"{counts[s]:,} {s}" for s in TrialState if counts[s])]
        lines += [
            f"  {failure.count:,} failed alike: {_failure(failure.detail)}" for failure in sweep.tally.failures[:3]
        ]
    best = next(iter(sweep.tally.leaders), None)
    if best is not None:
        at = " ".join(f"{name} {shown(value)}" for name, value in best.parameters.items())
        lines.append(f"best so far: {metric} {best.value:.6g} at {at} ({job.id}.{best.number})")
    return block(lines, limit=_LIMIT)[0]


def _line(sweep: Sweep, trial: Trial) -> str:
    at = " ".join(f"{name} {shown(value)}" for name, value in point(sweep, trial).items())
    value = f"{trial.value:<8.6g}" if trial.value is not None else "-".ljust(8)
    epoch = f"epoch {trial.epoch:<4}" if trial.epoch is not None else " " * 10
    line = f".{trial.number:<5} {value} {epoch} {trial.seconds:>6.0f} s   {at}"
    if trial.shown is TrialState.SUCCEEDED:
        return line
    exit_code = f" with exit code {trial.exit_code}" if trial.reason is EndReason.COMMAND_FAILED else ""
    return f"{line}   {trial.shown}{exit_code}{_detail(trial.detail)}"


def _detail(detail: str) -> str:
    return f": {detail[:DETAIL]}" if detail else ""


def _failure(detail: str) -> str:
    return detail[:DETAIL] or "their logs do not say why"
