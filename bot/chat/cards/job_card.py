"""The card of a job: one embed, made from the job alone.

Short lines, the important first: it is read on phones. Times that run on are
Discord's own relative ones, so that a card needs no edit for a clock.
"""

from collections.abc import Iterator

import discord

from bot.chat.cards import card_lines, verdict
from bot.chat.cards.units import bar, joined, number, relative
from bot.domain.inert import escape
from bot.domain.jobs.pace import expected_end
from bot.domain.jobs.waiting import why
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.project import Project

PARAMETERS = 700
METRICS = 500

_WORDS = {
    JobState.INTENT: "on its way",
    JobState.SUBMITTED: "submitted",
    JobState.PENDING: "submitted",
    JobState.RUNNABLE: "waiting for a machine",
    JobState.STARTING: "starting",
    JobState.RUNNING: "running",
    JobState.SUCCEEDED: "succeeded",
    JobState.FAILED: "failed",
}


def card(job: Job, project: Project | None) -> discord.Embed:
    """The embed. `project` is None where the config has lost it."""
    lines = [*_state(job), card_lines.commit(job), card_lines.parameters(job.run.parameters, PARAMETERS), ""]
    lines += [*_progress(job), *_metrics(job, project)]
    return card_lines.embed(title(job), lines, card_lines.colour(job.execution)).set_footer(text=_footer(job))


def title(job: Job) -> str:
    """`mnist k7q2mx`."""
    return f"{job.run.project} {job.id}"


def state_word(job: Job) -> str:
    """`running`, `waiting for a machine`, `stopping`, `failed`, …"""
    execution = job.execution
    if execution.live:
        return "stopping" if execution.stop is not None else _WORDS[execution.state]
    return "stopped" if execution.reason is EndReason.STOPPED else _WORDS[execution.state]


def short_progress(job: Job, project: Project | None) -> str:
    """For lists: the epoch while it lives, the best after."""
    progress, live = job.progress, job.execution.live
    if not live and progress.best is not None and project is not None:
        return f"{escape(project.metric, 40)} {number(progress.best)}"
    if live and progress.epoch is not None:
        return f"epoch {progress.epoch}" + (f"/{progress.epochs}" if progress.epochs is not None else "")
    return ""


def _state(job: Job) -> Iterator[str]:
    """The state in words, and below it what there is to know of it."""
    execution = job.execution
    if not execution.live:
        # Without a subject; and without the metric, which has a line of its own.
        yield card_lines.headline(verdict.ending(job, None).removeprefix("was ").removeprefix("is "))
        if why_not := job.publication.result.undeliverable:
            yield f"This could not be told: {escape(why_not, 300)}"
        return
    yield f"{card_lines.headline(state_word(job))} · {card_lines.since(job)}"
    if execution.unanswered_since is not None:
        yield f"AWS has not answered since {relative(execution.unanswered_since)}: this is how it was then."
    elif execution.stop is None and execution.state is JobState.RUNNABLE:
        yield why(execution)


def _progress(job: Job) -> Iterator[str]:
    progress = job.progress
    if progress.epoch is None:
        return
    if progress.epochs is None:
        yield f"epoch **{progress.epoch}**"
        return
    end = expected_end(progress) if job.execution.live else None
    ends = f" · ETA {relative(end)}" if end is not None else ""
    yield f"epoch **{progress.epoch}**/{progress.epochs} {bar(progress.epoch, progress.epochs)}{ends}"


def _metrics(job: Job, project: Project | None) -> Iterator[str]:
    """The project's metric with its best, then the others."""
    latest = dict(job.progress.latest)
    name = project.metric if project is not None else ""
    main = _main_metric(job, name, latest.pop(name, None))
    if main:
        yield main
    others = [f"{escape(other, 40)} {number(value)}" for other, value in latest.items()]
    if others:
        yield joined(others, " · ", METRICS)


def _main_metric(job: Job, name: str, latest: float | None) -> str:
    best = job.progress.best
    if not name or (latest is None and best is None):
        return ""
    at = f" at epoch {job.progress.best_epoch}" if job.progress.best_epoch is not None else ""
    parts = [
        f"**{number(latest)}**" if latest is not None else "",
        f"best **{number(best)}**{at}" if best is not None else "",
    ]
    return f"{escape(name, 40)} {', '.join(part for part in parts if part)}"


def _footer(job: Job) -> str:
    execution, retry_of = job.execution, job.request.retry_of
    attempt = execution.attempts_ended + 1 if execution.live else len(execution.attempts)
    return card_lines.footer(
        job, f"attempt {attempt}" if attempt > 1 else "", f"retry of {retry_of}" if retry_of else ""
    )
