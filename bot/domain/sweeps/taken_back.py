"""Trials that the engine had and is to get anew: taken back before they started, or run again after they failed.

Such a trial notes the submissions that it has left. They say nothing about it any more, and it is submitted anew.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.domain.model.plan import Plan
from bot.domain.model.states import EndReason
from bot.domain.model.submission import Submission
from bot.domain.model.trial import Trial, TrialState

AGAIN = "/again/"


def next_number(plan: Plan, submissions: Sequence[Submission]) -> int:
    """Of a submission that takes trials over from earlier ones: beyond those that the plan alone would make."""
    return max([plan.trials, *(each.number + 1 for each in submissions)])


def to_submit_again(known: Mapping[int, Trial], submissions: Sequence[Submission]) -> list[int]:
    """The numbers that the engine surely has no more, and that no other submission has. Empty while others are still
    being taken back, so that they are submitted together."""
    trials = known.values()
    back = {trial.number: trial.left for trial in trials if trial.left and not trial.ended and not trial.leaving}
    if not back or any(trial.leaving and not trial.ended for trial in trials):
        return []
    taken = {number for each in submissions for number in each.trials if each.id not in back.get(number, ())}
    return [number for number in back if number not in taken]


def anew(results: str, submission_id: str) -> str:
    """Above the folders of what this submission runs again: `s3://bucket/jobs/mnist/again/k7q2mx-24`."""
    return f"{results.rstrip('/')}{AGAIN}{submission_id}" if results else ""


def before(results: str) -> str:
    """The place of the sweep itself, from one that `anew` made."""
    return results.partition(AGAIN)[0]


def in_submission(trial: Trial, step: Callable[[Trial], Trial], submission: Submission, own_results: str) -> Trial:
    """Apply what is known about its submission, unless it has left that. `own_results`: where its sweep's files are."""
    if submission.id in trial.left:
        return trial
    moved = step(trial)
    if moved.ended and moved.leaving == submission.id:
        taken = moved.reason is EndReason.STOPPED and not moved.stop_by
        return _back(moved, submission.id) if taken else replace(moved, leaving="")
    results = submission.run.results
    if moved is not trial and results not in (own_results, moved.results):
        return replace(moved, results=results)
    return moved


def taken_back(trial: Trial, submission_id: str, engine_id: str | None) -> Trial:
    """To be ended before it starts; unless it has started."""
    if trial.ended or trial.state.on_a_machine or trial.leaving:
        return trial
    return replace(trial, leaving=submission_id, engine_id=trial.engine_id or engine_id)


def restarted(trial: Trial, submissions: Sequence[Submission]) -> Trial:
    """To be run again from its beginning, if it came to nothing."""
    if trial.source or trial.shown not in (TrialState.FAILED, TrialState.STOPPED):
        return trial
    had = [each.id for each in submissions if each.id not in trial.left and trial.number in each.trials]
    return _back(trial, had[-1]) if had else trial


def _back(trial: Trial, submission_id: str) -> Trial:
    """What a trial is before its submission. Only its point stays, and what its machine has cost."""
    fresh = Trial(trial.number, parameters=trial.parameters)
    before = trial.seconds_before + trial.seconds
    return replace(fresh, left=(*trial.left, submission_id), seconds_before=before)
