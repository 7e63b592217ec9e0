"""Whether a sweep's trials fail in one way, so that more of them would only cost more.

While none of its own trials has succeeded, a sweep goes no further once as many have failed as its project allows
(`hold_after`), all the same way: for the same reason, with the same exit code and the same last exception. Two trials
whose command raised the same exception are enough: a second machine has shown that it is the code's.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.model.execution import Lifecycle
from bot.domain.model.states import EndReason
from bot.domain.model.trial import Trial, TrialState
from bot.domain.money.hold import HoldKind
from bot.domain.sweeps.sum_trials import alike

SAME_EXCEPTION = 2
"""Trials with one exception that are enough."""
_SUCCEEDED = (TrialState.SUCCEEDED, TrialState.MISSING, TrialState.PRUNED)
_Way = tuple[EndReason, int | None, str]


UNANSWERED = "Signalbox"
"""Who stops a held sweep that nobody decides about, in place of a person's name."""


@dataclass(frozen=True, slots=True)
class Alike:
    """`failed` of the trials that have `ended` failed in this way."""

    failed: int
    ended: int
    reason: EndReason
    detail: str


def failing_alike(trials: Iterable[Trial], after: int) -> Alike | None:
    """How they fail, if they do so alike; `after` is how many it takes, 0 for never. Only measured trials count: the
    exception is not known before."""
    own = [trial for trial in trials if not trial.source and trial.ended]
    if not after or any(trial.shown in _SUCCEEDED for trial in own):
        return None
    failed = [trial for trial in own if trial.settled and trial.shown is TrialState.FAILED]
    ways: dict[_Way, list[Trial]] = {}
    for trial in failed:
        ways.setdefault(_way(trial), []).append(trial)
    if not ways:
        return None
    way, most = max(ways.items(), key=lambda each: len(each[1]))
    enough = min(after, SAME_EXCEPTION) if _raised(way) else after if len(ways) == 1 else len(failed) + 1
    return Alike(len(most), len(failed), way[0], most[0].detail) if len(most) >= enough else None


def undecided(trials: Iterable[Trial], after: int) -> bool:
    """Whether a trial has failed and it is not known yet how, while none has succeeded: the next ones wait for that."""
    own = [trial for trial in trials if not trial.source and trial.ended]
    if not after or any(trial.shown in _SUCCEEDED for trial in own):
        return False
    return any(trial.shown is TrialState.FAILED and not trial.measured for trial in own)


def shows_life(trial: Trial | None) -> bool:
    """Of a pilot: it has reported a metric, or succeeded."""
    if trial is None:
        return False
    return bool(trial.reported_in or trial.reports) or trial.value is not None or trial.shown in _SUCCEEDED


def succeeded(trials: Iterable[Trial]) -> Trial | None:
    """The first of its own trials that did."""
    return next((trial for trial in trials if not trial.source and trial.shown in _SUCCEEDED), None)


def nobody_continued(execution: Lifecycle) -> bool:
    """Whether it was held for its failures until its time was over."""
    hold, stop = execution.hold, execution.stop
    held = hold is not None and hold.kind is HoldKind.FAILURES
    return held and stop is not None and stop.by_id == 0 and stop.by == UNANSWERED


def _way(trial: Trial) -> _Way:
    return trial.reason or EndReason.LOST, trial.exit_code, alike(trial.detail)


def _raised(way: _Way) -> bool:
    reason, _, detail = way
    return reason is EndReason.COMMAND_FAILED and bool(detail)
