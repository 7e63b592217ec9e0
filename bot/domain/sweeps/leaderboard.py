"""A sweep's trials as a table, for people and for their notebooks."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.domain.model.job import Job
from bot.domain.model.plan import Plan
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value
from bot.domain.texts.state_words import TRIAL_STATES

MOST_BYTES = 8 * 1024 * 1024
"""What Discord takes is 10 MiB."""


def csv_table(sweep: Sweep, trials: Mapping[int, Trial], metric: str) -> bytes:
    """One row for each trial that anything is known of, by number; UTF-8, with a header."""
    names = _columns(sweep.plan)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", *names, *sweep.run.parameters, metric, "epoch", "state", "seconds", "reason"])
    fixed = [_exact(value) for value in sweep.run.parameters.values()]
    for row in _rows(sweep, trials.values(), names, fixed):
        writer.writerow(row)
        if text.tell() > MOST_BYTES:
            break
    return text.getvalue().encode()


def _rows(sweep: Sweep, trials: Iterable[Trial], names: list[str], fixed: list[str]) -> Iterable[list[str]]:
    for trial in sorted(trials, key=lambda trial: trial.number):
        at = sweep.plan.point_of(trial, folds=True)
        yield [
            f"{trial.source or sweep.id}.{trial.number}",
            *(_plain(_exact(at[name])) if name in at else "" for name in names),
            *map(_plain, fixed),
            "" if trial.value is None else repr(trial.value),
            "" if trial.epoch is None else str(trial.epoch),
            TRIAL_STATES[trial.shown].card,
            f"{trial.seconds:.1f}" if trial.ended else "",
            _plain(_why(trial)),
        ]


def _columns(plan: Plan) -> list[str]:
    folds = ["folds", "fold"] if plan.folds > 1 else []
    return [*plan.space.names, *folds]


def _why(trial: Trial) -> str:
    if trial.reason in (None, EndReason.SUCCEEDED):
        return ""
    return f"{trial.reason}: {trial.detail}" if trial.detail else f"{trial.reason}"


def _exact(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(cell: str) -> str:
    """A spreadsheet would run what begins like a formula; a negative number stays one."""
    try:
        float(cell)
    except ValueError:
        return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
    return cell


def as_job(sweep: Sweep, trial: Trial) -> Job:
    """The trial written as a job, `k7q2mx.4`, with all of its parameters: what is drawn, or trained again."""
    parameters = {**sweep.run.parameters, **sweep.plan.point_of(trial, folds=True)}
    return Job(
        id=f"{trial.source or sweep.id}.{trial.number}",
        request=replace(sweep.request, interaction_id=0),
        run=replace(sweep.run, parameters=parameters, results=trial.results or sweep.run.results),
    )
