"""Which trials are run, in which SubmitJob calls, and how one moves with what Batch says of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.domain.model.job import Job
from bot.domain.model.observation import Observation, end_reason
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import ARRAY, Plan, Search, Trial, TrialState
from trainer.space import ranges

NUMBERS = 3_000
"""Characters of the numbers in one job's environment, which has room for 8,192 in all."""


def to_run(plan: Plan, known: Mapping[int, Trial]) -> Sequence[int]:
    """The numbers of the trials that are this sweep's own to run: not those that were taken from an earlier one."""
    kept = {number for number, trial in known.items() if trial.source}
    return [number for number in range(plan.trials) if number not in kept] if kept else range(plan.trials)


def kept_of(sweep_id: str, plan: Plan, trials: Iterable[Trial]) -> list[Trial]:
    """What a retry of this sweep knows of its trials from the beginning: the good ones as they are, and of the others
    the points that a sampler has chosen, which are run again."""
    kept = []
    for trial in trials:
        if trial.shown in _GOOD:
            kept.append(replace(trial, source=trial.source or sweep_id))
        elif plan.search is Search.TPE and trial.parameters is not None:
            kept.append(Trial(trial.number, parameters=trial.parameters))
    return kept


def again_of(plan: Plan, kept: Iterable[Trial]) -> Plan:
    """The plan of a retry that knows these trials, and runs all but the good ones again."""
    good = {trial.number for trial in kept if trial.source}
    left = ranges(number for number in range(plan.trials) if number not in good)
    return replace(plan, numbers=left if len(left) <= NUMBERS else "", kept=len(good))


def chunks(numbers: Sequence[int]) -> Iterator[tuple[str, int]]:
    """The numbers (`0-9999`, `3,7,9-12`) and the size of each SubmitJob call."""
    start, size = 0, ARRAY
    while start < len(numbers):
        text = ranges(numbers[start : start + size])
        if len(text) > NUMBERS:
            size //= 2
            continue
        yield text, len(numbers[start : start + size])
        start += size


def numbers(part: Job) -> list[int]:
    """The trials of a part, by array index."""
    return expanded(part.part.numbers) if part.part is not None else []


def expanded(text: str) -> list[int]:
    """`3,7,9-12` as numbers. ValueError for anything else."""
    ends = [run.split("-") for run in text.split(",")]
    return [number for end in ends for number in range(int(end[0]), int(end[-1]) + 1)]


def observed(trial: Trial, seen: Observation, stop_at: float | None = None) -> Trial:
    """This trial after an observation; itself where it has ended. `stop_at` is when its whole sweep was stopped."""
    if trial.ended:
        return trial
    with_all = stop_at is not None and (seen.stopped_at is None or seen.stopped_at >= stop_at)
    stopped = trial.pruned_at is not None or trial.stop_by is not None or with_all
    moved = replace(
        trial,
        engine_id=seen.engine_id,
        state=seen.state,
        streams=tuple(attempt.log_stream for attempt in seen.attempts if attempt.log_stream) or trial.streams,
        started_at=_started(seen) or trial.started_at,
    )
    if seen.state.terminal:
        moved = replace(
            moved,
            reason=end_reason(seen, stop_requested=stopped),
            ended_at=seen.stopped_at or seen.last.stopped_at or moved.started_at,
            exit_code=seen.last.exit_code,
        )
    return moved


def of_single(trial: Trial, part: Job) -> Trial:
    """This trial, as the part that holds nothing else tells of it."""
    if part.engine_id is None and part.live:
        return trial
    if trial.parameters is None:
        trial = replace(trial, parameters=dict(part.parameters))
    if part.engine_id is None or part.reason is EndReason.LOST:
        return never_ran(trial, part, part.ended_at or part.created_at)
    seen = Observation(
        part.engine_id,
        "",
        part.state,
        part.status_reason,
        started_at=part.started_at,
        stopped_at=part.ended_at,
        attempts=part.attempts,
        terminated=part.reason is EndReason.STOPPED,
    )
    return observed(trial, seen, part.stop_at)


def never_ran(trial: Trial, part: Job, at: float) -> Trial:
    """This trial, of a part that Batch did not take, or does not know any more: what it left may tell its value."""
    if trial.ended:
        return trial
    reason = part.reason if part.reason in _NO_ANSWER else EndReason.LOST
    gone = part.engine_id is None
    return replace(trial, state=JobState.FAILED, reason=reason, detail=part.detail, ended_at=at, measured=gone)


_GOOD = (TrialState.SUCCEEDED, TrialState.PRUNED)
_NO_ANSWER = (EndReason.NOT_SUBMITTED, EndReason.STOPPED, EndReason.LOST)


def _started(seen: Observation) -> float | None:
    """Of the first attempt: what the machines of the later ones cost counts, too."""
    return min((a.started_at for a in seen.attempts if a.started_at), default=None) or seen.started_at
