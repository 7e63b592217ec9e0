"""The card of a job: one embed, made from the job alone.

Short lines, the important first: it is read on phones. Running times are Discord's
own relative timestamps, so a card needs no edit just because time passes.
"""

from collections.abc import Iterator

import discord

from bot.chat.cards import card_lines, hold_lines, money_lines, verdict
from bot.chat.cards.remedies import remedy_lines
from bot.chat.cards.units import at_epoch, axis, bar, grouped, number, relative
from bot.domain.inert import EMPTY, Inert, escape, joined, listed, phrase
from bot.domain.jobs.pace import expected_end
from bot.domain.model.job import Job
from bot.domain.project import Project
from bot.domain.texts.engine import engine_title
from bot.domain.texts.state_words import state_text
from bot.domain.texts.waits import wait_line

PARAMETERS = 700
METRICS = 500


def card(job: Job, project: Project | None) -> discord.Embed:
    """The embed. `project` is None if it is no longer configured."""
    parameters = card_lines.parameters(job.run.parameters, PARAMETERS, project)
    lines = [*_state(job, project), card_lines.commit(job), *filter(None, [parameters, remedy_lines.changed(job)])]
    lines += [EMPTY, *_progress(job), *filter(None, (*_metrics(job, project), money_lines.card(job, project)))]
    lines += card_lines.lost_places(job, 200)
    return card_lines.embed(title(job), lines, card_lines.colour(job.execution)).set_footer(text=_footer(job))


def title(job: Job) -> str:
    """`mnist k7q2mx`."""
    return f"{job.run.project} {job.id}"


def short_progress(job: Job, project: Project | None) -> Inert:
    """For lists: the epoch while it runs, the best after that."""
    progress, live = job.progress, job.execution.live
    if not live and progress.best is not None and project is not None:
        return listed(escape(project.metric, 40), number(progress.best), separator=" ")
    if live and progress.epoch is not None:
        of = phrase("/{epochs}", epochs=grouped(progress.epochs)) if progress.epochs is not None else EMPTY
        return phrase("{unit} {epoch}{of}", unit=axis(progress.unit), epoch=grouped(progress.epoch), of=of)
    return EMPTY


def _state(job: Job, project: Project | None) -> Iterator[Inert]:
    """The state, and below it what explains it."""
    execution = job.execution
    if not execution.live:
        yield verdict.card_headline(job, project)
        if why_not := job.publication.result.undeliverable:
            yield card_lines.undeliverable(why_not, 300)
        if job.offer is not None and job.offer.retried_as:
            yield remedy_lines.retried(job.offer)
        return
    now = card_lines.headline(escape(state_text(execution), 40))
    yield listed(now, card_lines.since(job), separator=" · ")
    yield from hold_lines.lines(job)
    yield from card_lines.warnings(job.watch)
    if execution.unanswered_since is not None:
        yield from card_lines.unanswered(execution, project)
    elif execution.stop is None and execution.state.waiting:
        yield wait_line(execution, engine_title(project))


def _progress(job: Job) -> Iterator[Inert]:
    progress = job.progress
    if progress.epoch is None:
        return
    if progress.epochs is None:
        yield phrase("{unit} **{epoch}**", unit=axis(progress.unit), epoch=grouped(progress.epoch))
        return
    end = expected_end(progress) if job.execution.live else None
    yield phrase(
        "{unit} **{epoch}**/{epochs} {done}{eta}",
        unit=axis(progress.unit),
        epoch=grouped(progress.epoch),
        epochs=grouped(progress.epochs),
        done=bar(progress.epoch, progress.epochs),
        eta=phrase(" · ETA {end}", end=relative(end)) if end is not None else EMPTY,
    )


def _metrics(job: Job, project: Project | None) -> Iterator[Inert]:
    """The project's metric with its best, then the others."""
    latest = dict(job.progress.latest)
    name = project.metric if project is not None else ""
    yield _main_metric(job, name, latest.pop(name, None))
    others = [listed(escape(other, 40), number(value), separator=" ") for other, value in latest.items()]
    if others:
        yield joined(others, " · ", METRICS)


def _main_metric(job: Job, name: str, latest: float | None) -> Inert:
    best, best_epoch = job.progress.best, job.progress.best_epoch
    if not name or (latest is None and best is None):
        return EMPTY
    parts = [phrase("**{latest}**", latest=number(latest))] if latest is not None else []
    if best is not None:
        at = at_epoch(job.progress.unit, best_epoch)
        parts.append(phrase("best **{best}**{at}", best=number(best), at=at))
    return listed(escape(name, 40), listed(*parts), separator=" ")


def _footer(job: Job) -> str:
    execution, retry_of = job.execution, job.request.retry_of
    attempt = execution.attempts_ended + 1 if execution.live else len(execution.attempts)
    return card_lines.footer(
        job, f"attempt {attempt}" if attempt > 1 else "", f"retry of {retry_of}" if retry_of else ""
    )
