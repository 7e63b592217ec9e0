"""How a job is shown, be it a single one or a sweep: its card, and its line in lists. The choice is made here alone."""

import discord

from bot.chat.cards import job_card, sweep_card
from bot.chat.cards.card_lines import TITLE
from bot.domain.inert import code, cut, escape, one_line
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.project import Project


def card(job: Posted, project: Project | None) -> discord.Embed:
    """The embed, made from the job alone. `project` is None where the config has lost it."""
    return sweep_card.card(job, project) if isinstance(job, Sweep) else job_card.card(job, project)


def title(job: Posted) -> str:
    """`mnist k7q2mx`, `mnist sweep k7q2mx`."""
    return cut(one_line(sweep_card.title(job) if isinstance(job, Sweep) else job_card.title(job)), TITLE)


def state_word(job: Posted) -> str:
    """`running`, `waiting`, `stopping`, `failed`, …"""
    return sweep_card.state_word(job) if isinstance(job, Sweep) else job_card.state_word(job)


def summary(job: Posted, project: Project | None) -> str:
    """One line for lists: id, project, commit, state, and the best or how far it is."""
    what = "sweep " if isinstance(job, Sweep) else ""
    commit = job.run.commit
    where = f"{code(job.id)} {what}{escape(job.run.project, 40)} {escape(commit.branch, 40)}@{commit.short}"
    if isinstance(job, Sweep):
        so_far = sweep_card.short_progress(job, project)
    else:
        so_far = job_card.short_progress(job, project)
    return ", ".join(filter(None, (f"{where} — {state_word(job)}", so_far)))


def undelivered(job: Posted, project: Project | None) -> str:
    """The same for a job whose end could not be told, with the reason."""
    return f"{summary(job, project)}. Its end could not be told: {escape(job.publication.result.undeliverable, 150)}"


def choice(job: Posted) -> str:
    """The same for autocomplete, which shows plain text of 100 characters at most."""
    what = "sweep " if isinstance(job, Sweep) else ""
    commit = job.run.commit
    return cut(f"{job.id}  {what}{job.run.project} {commit.branch}@{commit.short} {state_word(job)}", 100)
