"""Lines that the cards of jobs, of sweeps and of trials share. All of them are inert."""

from collections.abc import Mapping

import discord

from bot.chat.cards.inert import code, cut, escape, one_line
from bot.chat.cards.units import joined, relative
from bot.chat.limits import EMBED_DESCRIPTION_CHARACTERS, EMBED_TITLE_CHARACTERS
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.parameters import Value, shown

VALUE = 60

WAITING, STARTING, RUNNING = 0x80848E, 0xF0B232, 0x5865F2
SUCCEEDED, FAILED, STOPPED = 0x23A55A, 0xF23F43, 0x4E5058
_COLOURS = {JobState.STARTING: STARTING, JobState.RUNNING: RUNNING, JobState.SUCCEEDED: SUCCEEDED}

REASONS = {
    EndReason.SUCCEEDED: "nothing to compare it by",
    EndReason.COMMAND_FAILED: "the command failed",
    EndReason.SETUP_FAILED: "failed before the training began",
    EndReason.STOPPED: "stopped",
    EndReason.TIMED_OUT: "reached the time limit",
    EndReason.HOST_LOST: "AWS took the machine away",
    EndReason.OUT_OF_MEMORY: "ran out of memory",
    EndReason.IMAGE_NOT_PULLED: "the image could not be pulled",
    EndReason.NOT_STARTED: "the container did not start",
    EndReason.NOT_SUBMITTED: "AWS Batch did not take it",
    EndReason.LOST: "AWS Batch does not know it any more",
}
"""Of one trial among many, where there is room for a few words."""


def embed(title: str, lines: list[str], colour: int) -> discord.Embed:
    return discord.Embed(
        title=cut(one_line(title), EMBED_TITLE_CHARACTERS),
        description=cut("\n".join(lines).strip(), EMBED_DESCRIPTION_CHARACTERS),
        colour=colour,
    )


def colour(job: Job) -> int:
    if job.state is JobState.FAILED:
        return STOPPED if job.reason is EndReason.STOPPED else FAILED
    return _COLOURS.get(job.state, WAITING)


def headline(text: str) -> str:
    """`**Running**`: the first word that is read."""
    return f"**{text[:1].upper()}{text[1:]}**"


def since(job: Job) -> str:
    """Since when a live job is as it is."""
    if job.stop_at is not None:
        return f"{escape(job.stop_by or 'somebody', 40)} asked {relative(job.stop_at)}"
    if job.state is JobState.RUNNING and job.started_at is not None:
        return f"started {relative(job.started_at)}"
    return f"asked {relative(job.created_at)}"


def commit(job: Job) -> str:
    subject = f" {escape(job.commit.subject, 100)}" if job.commit.subject else ""
    return f"{code(job.commit.branch)} @ {code(job.commit.short)}{subject}"


def parameters(values: Mapping[str, Value], limit: int) -> str:
    """`lr **0.1** · epochs **10**`."""
    pieces = [f"{escape(name, 40)} **{escape(shown(value), VALUE) or ' '}**" for name, value in values.items()]
    return joined(pieces, " · ", limit)


def why(reason: EndReason | None, detail: str, limit: int) -> str:
    """`the command failed — ValueError: …`; `limit` is of the detail."""
    words, said = REASONS[reason or EndReason.LOST], escape(detail, limit)
    return f"{words} — {said}" if said else words


def footer(job: Job, *more: str) -> str:
    """Plain text at Discord: no markdown, no mention."""
    return " · ".join(filter(None, (f"asked by {cut(one_line(job.asker_name), 80)}", *more)))
