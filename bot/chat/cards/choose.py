"""How a job is shown, be it a single one or a sweep: its card, and its line in lists. The choice is made here alone."""

import discord

from bot.chat.cards import job_card, sweep_card
from bot.chat.cards.inert import code, cut, escape, one_line
from bot.chat.limits import CHOICE_CHARACTERS, EMBED_TITLE_CHARACTERS
from bot.domain.model.job import Job
from bot.domain.project import Project


def card(job: Job, project: Project | None) -> discord.Embed:
    """The embed, made from the job alone. `project` is None where the config has lost it."""
    return sweep_card.card(job, job.sweep, project) if job.sweep is not None else job_card.card(job, project)


def title(job: Job) -> str:
    """`mnist k7q2mx`, `mnist sweep k7q2mx`."""
    return cut(
        one_line(sweep_card.title(job) if job.sweep is not None else job_card.title(job)), EMBED_TITLE_CHARACTERS
    )


def state_word(job: Job) -> str:
    """`running`, `waiting`, `stopping`, `failed`, …"""
    return sweep_card.state_word(job, job.sweep) if job.sweep is not None else job_card.state_word(job)


def summary(job: Job, project: Project | None) -> str:
    """One line for lists: id, project, commit, state, and the best or how far it is."""
    what = "sweep " if job.sweep is not None else ""
    where = f"{code(job.id)} {what}{escape(job.project, 40)} {escape(job.commit.branch, 40)}@{job.commit.short}"
    if job.sweep is not None:
        so_far = sweep_card.short_progress(job, job.sweep, project)
    else:
        so_far = job_card.short_progress(job, project)
    return ", ".join(filter(None, (f"{where} — {state_word(job)}", so_far)))


def untold(job: Job, project: Project | None) -> str:
    """The same for a job whose end could not be told, with the reason."""
    return f"{summary(job, project)}. Its end could not be told: {escape(job.untold, 150)}"


def choice(job: Job) -> str:
    """The same for autocomplete, which shows plain text of 100 characters at most."""
    what = "sweep " if job.sweep is not None else ""
    return cut(
        f"{job.id}  {what}{job.project} {job.commit.branch}@{job.commit.short} {state_word(job)}", CHOICE_CHARACTERS
    )
