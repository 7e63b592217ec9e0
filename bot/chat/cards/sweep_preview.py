"""What a sweep would be, before anything is spent: shown only to the asker, with Confirm and Cancel."""

from collections.abc import Iterator

import discord

from bot.chat.cards import card_lines, money_lines, sweep_card, sweep_lines
from bot.chat.cards.units import duration
from bot.chat.limits import CHOICE_CHARACTERS
from bot.domain.inert import EMPTY, Inert, code, cut, escape, joined, phrase
from bot.domain.model.sweep import Sweep
from bot.domain.project import Project
from bot.domain.texts.command_names import command, plain
from bot.domain.texts.engine import engine_title
from bot.services.sweeps.preview import Proposal

AXES, PARAMETERS, REMARKS = 1_000, 600, 1_000
NOT_STARTED = "Nothing has been started. Confirm starts exactly this sweep."
AGAIN = "If this message is gone, {status} job:{id} shows it again."
"""Discord drops such a message when the client restarts: https://support.discord.com/hc/en-us/articles/1500000580222.
It may go earlier: https://github.com/discord/discord-api-docs/issues/4818."""


def embed(proposal: Proposal, project: Project | None) -> discord.Embed:
    """`project` is None if it is no longer configured."""
    sweep = proposal.sweep
    lines = [card_lines.commit(sweep), *plan(sweep, project, AXES, PARAMETERS)]
    lines += [EMPTY, _machines(proposal, project), _time(proposal), *money_lines.preview(sweep, project)]
    lines += [joined(proposal.remarks, "\n", REMARKS)] if proposal.remarks else []
    return card_lines.embed(sweep_card.title(sweep), lines, card_lines.WAITING).set_footer(text=_footer(sweep))


def waiting(sweep: Sweep) -> Inert:
    """Its line in the list of what is live."""
    commit = sweep.run.commit
    return phrase(
        "{name} sweep {project} {branch}@{commit}, {plan} — not started; {status} shows its preview again",
        name=code(sweep.id),
        project=escape(sweep.run.project, 40),
        branch=escape(commit.branch, 40),
        commit=escape(commit.short, 40),
        plan=sweep_lines.plan(sweep.plan),
        status=command("status", f"job:{sweep.id}"),
    )


def choice(sweep: Sweep) -> str:
    """The same for autocomplete."""
    commit = sweep.run.commit
    text = f"{sweep.id}  sweep {sweep.run.project} {commit.branch}@{commit.short} not started: show its preview"
    return cut(text, CHOICE_CHARACTERS)


def _footer(sweep: Sweep) -> str:
    return f"{NOT_STARTED}\n{AGAIN.format(status=plain('status'), id=sweep.id)}"


def plan(sweep: Sweep, project: Project | None, axes_limit: int, fixed_limit: int) -> Iterator[Inert]:
    """What runs: the search, the axes and the fixed parameters."""
    yield phrase("**{plan}**", plan=sweep_lines.plan(sweep.plan))
    if axes := sweep.plan.space.varied:
        yield joined([sweep_lines.axis(axis) for axis in axes], "\n", axes_limit)
    if fixed := {**sweep.plan.space.fixed, **sweep.run.parameters}:
        yield card_lines.parameters(fixed, fixed_limit, project)


def _machines(proposal: Proposal, project: Project | None) -> Inert:
    if proposal.machines is None:
        return phrase("Machines: as many as {engine} provides", engine=engine_title(project))
    return phrase("Machines: **{machines:,}** at a time", machines=proposal.machines)


def _time(proposal: Proposal) -> Inert:
    most = phrase("at most {most} of machine time", most=duration(proposal.most_seconds))
    if proposal.seconds is None:
        return phrase("Time: unknown, because no similar job has run yet; {most}", most=most)
    return phrase("Time: about **{seconds}**, {most}", seconds=duration(proposal.seconds), most=most)
