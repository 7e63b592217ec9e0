"""How a sweep ended, in words; `bot/chat/cards/verdict.py` makes the message of it."""

from bot.chat.cards import card_lines, sweep_words
from bot.chat.cards.inert import escape
from bot.chat.cards.units import duration, plural, usd
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep, TrialState
from bot.domain.project import Project

DETAIL = 200
NOTHING_RAN = "An admin should run `signalbox doctor`; then Run the rest."


def ending(job: Job, sweep: Sweep, project: Project | None, took: float) -> str:
    """`swept 9 trials: val_accuracy 96.7 at lr 0.1, momentum 0.5 (k7q2mx.0), 4 min 31 s, $0.21`.

    Without a project neither metric nor money: `swept 9 trials in 4 min 31 s`.
    """
    how = _how(job, sweep)
    if how is None:
        return f"failed: {card_lines.why(job.reason, job.detail, DETAIL)}"
    best, price = sweep_words.best(job, sweep, project), sweep_words.cost(sweep.tally.seconds, project)
    money = f", {usd(price)}" if price is not None else ""
    joint = f": {best}, " if best else " in " if how.startswith("swept") else ", "
    return f"{how}{joint}{duration(took)}{money}"


def notes(sweep: Sweep, project: Project | None) -> list[str]:
    """Lines below the verdict: what failed and why, what has no value, what was saved."""
    tally, failed = sweep.tally, sweep.tally.count(TrialState.FAILED)
    lines: list[str] = []
    if failed:
        if len(tally.failures) > 1:
            lines.append(f"{failed:,} of {plural(sweep.plan.trials, 'trial')} failed:")
        lines.append(sweep_words.failures(tally))
    if missing := tally.count(TrialState.MISSING):
        metric = escape(project.metric, 40) if project is not None else "any metric"
        lines.append(f"{missing:,} of {plural(sweep.plan.trials, 'trial')} told nothing of {metric}.")
    if saved := sweep_words.saved(tally, project):
        lines.append(f"{saved}.")
    return lines


def advice(job: Job, sweep: Sweep) -> str:
    """What to do about what failed; empty where nothing has."""
    if not sweep.tally.count(TrialState.FAILED):
        return NOTHING_RAN if job.reason is EndReason.NOT_SUBMITTED else ""
    numbers = [number for failure in sweep.tally.failures for number in failure.numbers]
    look = f"`/logs {job.id}.{numbers[0]}` shows how it failed. " if numbers else ""
    return f"{look}Retry failed runs what failed alone, with the same commit; for a fix, push it and `/sweep` again."


def _how(job: Job, sweep: Sweep) -> str | None:
    """None where it came to no trial at all."""
    tally, trials = sweep.tally, sweep.plan.trials
    done, failed = tally.count(*sweep_words.COMPARED), tally.count(TrialState.FAILED)
    some = plural(trials, "trial") if done + failed >= trials else f"{done + failed:,} of {plural(trials, 'trial')}"
    if job.reason is EndReason.STOPPED:
        return f"was stopped{f' by {escape(job.stop_by, 40)}' if job.stop_by else ''} after {some}"
    if done:
        return f"swept {some}"
    return f"failed: {'all ' * (failed > 1)}{plural(failed, 'trial')} failed" if failed else None
