"""The card: one embed that shows a job, made from the job alone.

Short lines, the important first: it is read on phones. Times that run on are
Discord's own relative ones, so that a card needs no edit for a clock.
"""

from collections.abc import Iterator

import discord

from bot.chat import verdict
from bot.chat.textsafe import code, cut, escape, one_line
from bot.chat.words import bar, joined, number, relative
from bot.domain.job import Job
from bot.domain.pace import expected_end
from bot.domain.params import shown
from bot.domain.project import Project
from bot.domain.states import EndReason, JobState
from bot.domain.waiting import why

TITLE = 256
DESCRIPTION = 4_096
PARAMETERS = 700
VALUE = 60
METRICS = 500

_WAITING, _STARTING, _RUNNING = 0x80848E, 0xF0B232, 0x5865F2
_SUCCEEDED, _FAILED, _STOPPED = 0x23A55A, 0xF23F43, 0x4E5058
_COLOURS = {JobState.STARTING: _STARTING, JobState.RUNNING: _RUNNING, JobState.SUCCEEDED: _SUCCEEDED}


def card(job: Job, project: Project | None) -> discord.Embed:
    """The embed. `project` is None where the config has lost it."""
    lines = [*_state(job), _commit(job), _parameters(job), "", *_progress(job), *_metrics(job, project)]
    embed = discord.Embed(
        title=title(job),
        description=cut("\n".join(lines).strip(), DESCRIPTION),
        colour=_colour(job),
    )
    return embed.set_footer(text=_footer(job))


def title(job: Job) -> str:
    """`mnist k7q2mx`."""
    return cut(f"{one_line(job.project)} {job.id}", TITLE)


def summary(job: Job, project: Project | None) -> str:
    """One line for lists: id, project, commit, state, and the best or the epoch."""
    where = f"{code(job.id)} {escape(job.project, 40)} {escape(job.commit.branch, 40)}@{job.commit.short}"
    return f"{where} — {state_word(job)}{_short_progress(job, project)}"


def untold(job: Job, project: Project | None) -> str:
    """The same for a job whose end could not be told, with the reason."""
    return f"{summary(job, project)}. Its end could not be told: {escape(job.untold, 150)}"


def choice(job: Job) -> str:
    """The same for autocomplete, which shows plain text of 100 characters at most."""
    return cut(f"{job.id}  {job.project} {job.commit.branch}@{job.commit.short} {state_word(job)}", 100)


def state_word(job: Job) -> str:
    """`running`, `waiting`, `stopping`, `failed`, …"""
    if job.live:
        return "stopping" if job.stop_at is not None else _WORDS[job.state]
    return "stopped" if job.reason is EndReason.STOPPED else _WORDS[job.state]


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


def _colour(job: Job) -> int:
    if job.state is JobState.FAILED:
        return _STOPPED if job.reason is EndReason.STOPPED else _FAILED
    return _COLOURS.get(job.state, _WAITING)


def _state(job: Job) -> Iterator[str]:
    """The state in words, and below it what there is to know of it."""
    if not job.live:
        # Without a subject; and without the metric, which has a line of its own.
        text = verdict.ending(job, None).removeprefix("was ").removeprefix("is ")
        yield f"**{text[0].upper()}{text[1:]}**"
        if job.untold:
            yield f"This could not be told: {escape(job.untold, 300)}"
        return
    word = state_word(job)
    yield f"**{word[0].upper()}{word[1:]}** · {_since(job)}"
    if job.unseen_since is not None:
        yield f"AWS has not answered since {relative(job.unseen_since)}: this is how it was then."
    elif job.stop_at is None and job.state is JobState.RUNNABLE:
        yield why(job)


def _since(job: Job) -> str:
    if job.stop_at is not None:
        return f"{escape(job.stop_by or 'somebody', 40)} asked {relative(job.stop_at)}"
    if job.state is JobState.RUNNING and job.started_at is not None:
        return f"started {relative(job.started_at)}"
    return f"asked {relative(job.created_at)}"


def _commit(job: Job) -> str:
    subject = f" {escape(job.commit.subject, 100)}" if job.commit.subject else ""
    return f"{code(job.commit.branch)} @ {code(job.commit.short)}{subject}"


def _parameters(job: Job) -> str:
    pieces = [f"{escape(name, 40)} **{escape(shown(value), VALUE) or ' '}**" for name, value in job.parameters.items()]
    return joined(pieces, " · ", PARAMETERS)


def _progress(job: Job) -> Iterator[str]:
    progress = job.progress
    if progress.epoch is None:
        return
    if progress.epochs is None:
        yield f"epoch **{progress.epoch}**"
        return
    end = expected_end(progress) if job.live else None
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


def _short_progress(job: Job, project: Project | None) -> str:
    progress = job.progress
    if not job.live and progress.best is not None and project is not None:
        return f", {escape(project.metric, 40)} {number(progress.best)}"
    if job.live and progress.epoch is not None:
        return f", epoch {progress.epoch}" + (f"/{progress.epochs}" if progress.epochs is not None else "")
    return ""


def _footer(job: Job) -> str:
    """Plain text at Discord: no markdown, no mention."""
    attempt = job.attempt_states + 1 if job.live else len(job.attempts)
    parts = [f"asked by {cut(one_line(job.asker_name), 80)}"]
    if attempt > 1:
        parts.append(f"attempt {attempt}")
    if job.retry_of:
        parts.append(f"retry of {job.retry_of}")
    return " · ".join(parts)
