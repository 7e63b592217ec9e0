"""Which trials are run, in which SubmitJob calls, and how one moves with what Batch says of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.domain.model.execution import Stop
from bot.domain.model.observation import NOT_RUN, Observation, end_reason, lost_attempts, machine_seconds, why_ended
from bot.domain.model.plan import Plan, Search
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.sweeps.failing_alike import shows_life
from trainer.space import ranges

NUMBERS = 3_000
"""Characters of the numbers in one job's environment, which has room for 8,192 in all."""


def to_run(plan: Plan, known: Mapping[int, Trial]) -> Sequence[int]:
    """The numbers of the trials that are this sweep's own to run: not those that were taken from an earlier one."""
    carried_over = {number for number, trial in known.items() if trial.source}
    if not carried_over:
        return range(plan.trials)
    return [number for number in range(plan.trials) if number not in carried_over]


def pilot_of(sweep: Sweep, known: Mapping[int, Trial]) -> int | None:
    """The trial that must show life before any other is submitted; None if there is none, or it has."""
    accepted = sweep.continued is not None and sweep.continued.as_it_is
    if not sweep.plan.pilot or accepted:
        return None
    first = to_run(sweep.plan, known)[0]
    return None if shows_life(known.get(first)) else first


def carried_over_of(sweep_id: str, plan: Plan, trials: Iterable[Trial]) -> list[Trial]:
    """What a retry of this sweep knows of its trials from the beginning: the good ones as they are, and of the others
    the points that a sampler has chosen, which are run again."""
    found = []
    for trial in trials:
        if trial.shown in _GOOD:
            found.append(replace(trial, source=trial.source or sweep_id))
        elif plan.search is Search.TPE and trial.parameters is not None:
            found.append(Trial(trial.number, parameters=trial.parameters))
    return found


def again_of(plan: Plan, known: Iterable[Trial]) -> Plan:
    """The plan of a retry that knows these trials, and runs all but the good ones again."""
    good = {trial.number for trial in known if trial.source}
    left = ranges(number for number in range(plan.trials) if number not in good)
    return replace(plan, numbers=left if len(left) <= NUMBERS else "", carried_over=len(good))


def chunks(numbers: Sequence[int], array_size: int) -> Iterator[tuple[str, int]]:
    """The numbers (`0-9999`, `3,7,9-12`) and the size of each submission. `array_size` is the engine's largest."""
    start, size = 0, array_size
    while start < len(numbers):
        text = ranges(numbers[start : start + size])
        if len(text) > NUMBERS:
            size //= 2
            continue
        yield text, len(numbers[start : start + size])
        start += size


def observed(trial: Trial, seen: Observation, stop: Stop | None = None) -> Trial:
    """Apply an answer of the engine. Nothing changes after the end. `stop` is the request to stop its whole sweep."""
    if trial.ended:
        return trial
    with_all = stop is not None and (seen.stopped_at is None or seen.stopped_at >= stop.at)
    stopped = trial.pruned_at is not None or trial.stop_by is not None or bool(trial.leaving) or with_all
    moved = replace(
        trial,
        engine_id=seen.engine_id,
        state=seen.state,
        streams=tuple(attempt.log_stream for attempt in seen.attempts if attempt.log_stream) or trial.streams,
        started_at=_started(seen) or trial.started_at,
        waited_seconds=_waited(seen) or trial.waited_seconds,
    )
    reason = end_reason(seen, stop_requested=stopped) if seen.state.terminal else None
    gone = lost_attempts(seen.attempts, reason)
    seconds = machine_seconds(gone, seen.stopped_at or seen.last.stopped_at or 0.0)
    moved = replace(moved, lost_seconds=seconds, lost_machines=len(gone)) if gone else moved
    if reason is not None:
        moved = replace(
            moved,
            reason=reason,
            detail=why_ended(seen, reason) if reason in NOT_RUN else moved.detail or why_ended(seen, reason),
            ended_at=seen.stopped_at or seen.last.stopped_at or moved.started_at,
            exit_code=seen.last.exit_code,
        )
    return moved


def of_single(trial: Trial, submission: Submission) -> Trial:
    """Apply what is known about a submission that holds this trial alone."""
    execution = submission.execution
    if execution.engine_id is None and execution.live:
        return trial
    if trial.parameters is None:
        trial = replace(trial, parameters=dict(submission.run.parameters))
    if execution.engine_id is None or execution.reason is EndReason.LOST:
        return submission_lost(trial, submission, execution.ended_at or submission.created_at)
    seen = Observation(
        execution.engine_id,
        "",
        execution.state,
        execution.status_reason,
        started_at=execution.started_at,
        stopped_at=execution.ended_at,
        attempts=execution.attempts,
        terminated=execution.reason is EndReason.STOPPED,
        reason=execution.reason,
    )
    return observed(trial, seen, execution.stop)


def submission_lost(trial: Trial, submission: Submission, at: float) -> Trial:
    """Mark the trial failed because its submission was refused or forgotten. If it may have run, its results are still
    read."""
    if trial.ended:
        return trial
    execution = submission.execution
    reason = execution.reason if execution.reason in _NO_ANSWER else EndReason.LOST
    gone = execution.engine_id is None
    return replace(trial, state=JobState.FAILED, reason=reason, detail=execution.detail, ended_at=at, measured=gone)


_GOOD = (TrialState.SUCCEEDED, TrialState.PRUNED)
_NO_ANSWER = (EndReason.NOT_SUBMITTED, EndReason.STOPPED, EndReason.LOST)


def _started(seen: Observation) -> float | None:
    """Of the first attempt: what the machines of the later ones cost counts, too."""
    return min((a.started_at for a in seen.attempts if a.started_at), default=None) or seen.started_at


def _waited(seen: Observation) -> float:
    """The time between the machines of its attempts, up to the newest one's start, or to its end."""
    started = [attempt.started_at for attempt in seen.attempts if attempt.started_at is not None]
    if not started:
        return 0.0
    until = seen.stopped_at or seen.last.stopped_at if seen.state.terminal else max(started)
    return max(0.0, (until or max(started)) - min(started) - machine_seconds(seen.attempts, until or max(started)))
