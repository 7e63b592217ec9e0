"""How a job or a sweep is shown: its card, and its line in lists. Only this module tells the two apart."""

import discord

from bot.chat.cards import card_lines, job_card, sweep_card
from bot.chat.limits import CHOICE_CHARACTERS, EMBED_TITLE_CHARACTERS
from bot.domain.inert import EMPTY, Inert, code, cut, escape, listed, phrase, plain_line
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.project import Project
from bot.domain.texts.state_words import state_text


def card(job: Posted, project: Project | None) -> discord.Embed:
    """The embed, made from the job alone. `project` is None if it is no longer configured."""
    return sweep_card.card(job, project) if isinstance(job, Sweep) else job_card.card(job, project)


def title(job: Posted) -> str:
    """`mnist k7q2mx`, `mnist sweep k7q2mx`."""
    return plain_line(sweep_card.title(job) if isinstance(job, Sweep) else job_card.title(job), EMBED_TITLE_CHARACTERS)


def state_word(job: Posted) -> str:
    """`running`, `waiting`, `stopping`, `failed`, …"""
    return sweep_card.state_word(job) if isinstance(job, Sweep) else state_text(job.execution)


def summary(job: Posted, project: Project | None) -> Inert:
    """One line for lists: id, project, commit, state, and the best or how far it is."""
    run = job.run
    if isinstance(job, Sweep):
        so_far, kind = sweep_card.short_progress(job, project), phrase("sweep ")
    else:
        so_far, kind = job_card.short_progress(job, project), EMPTY
    line = phrase(
        "{name} {kind}{project} {branch}@{commit} — {state}",
        name=code(job.id),
        kind=kind,
        project=escape(run.project, 40),
        branch=escape(run.commit.branch, 40),
        commit=escape(run.commit.short, 40),
        state=escape(state_word(job), 40),
    )
    return listed(line, so_far)


def with_lost_places(job: Posted, project: Project | None) -> Inert:
    """The same, with what of it is not in Discord, and why."""
    return listed(summary(job, project), *card_lines.lost_places(job, 100), separator=". ")


def undelivered(job: Posted, project: Project | None) -> Inert:
    """The same for a job whose result could not be posted, with the reason."""
    why = card_lines.undeliverable(job.publication.result.undeliverable, 150)
    return phrase("{summary}. {why}", summary=summary(job, project), why=why)


def choice(job: Posted) -> str:
    """The same for autocomplete, which shows at most 100 characters of plain text."""
    what = "sweep " if isinstance(job, Sweep) else ""
    commit = job.run.commit
    return cut(f"{job.id}  {what}{job.run.project} {commit.branch}@{commit.short} {state_word(job)}", CHOICE_CHARACTERS)
