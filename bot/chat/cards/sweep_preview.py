"""What a sweep would be, before anything is spent: shown to the asker alone, with Confirm and Cancel."""

from collections.abc import Iterator

import discord

from bot.chat.cards import card_lines, sweep_card, sweep_words
from bot.chat.cards.units import duration, joined, plural, usd
from bot.domain.inert import escape
from bot.domain.model.sweep import Sweep
from bot.domain.project import Project
from bot.services.sweeps.propose import Proposal

AXES, PARAMETERS, REMARKS, REMARK = 1_000, 600, 1_000, 300
NOT_STARTED = "Nothing has been started. Confirm starts exactly this."


def embed(proposal: Proposal, project: Project | None) -> discord.Embed:
    """`project` is None where the config has lost it."""
    sweep = proposal.sweep
    lines = [card_lines.commit(sweep), *_plan(sweep)]
    lines += ["", _machines(proposal), _time(proposal), _cost(proposal, project)]
    lines += [joined(remarks(proposal), "\n", REMARKS)] if proposal.remarks else []
    return card_lines.embed(sweep_card.title(sweep), lines, card_lines.WAITING).set_footer(text=NOT_STARTED)


def remarks(proposal: Proposal) -> list[str]:
    """Inert; the services write them, with parts of what was typed in them."""
    return [escape(remark, REMARK).replace("\\`", "`") for remark in proposal.remarks]


def _plan(sweep: Sweep) -> Iterator[str]:
    yield f"**{sweep_words.plan(sweep.plan)}**"
    if axes := sweep.plan.space.varied:
        yield joined([sweep_words.axis(axis) for axis in axes], "\n", AXES)
    if fixed := {**sweep.plan.space.fixed, **sweep.run.parameters}:
        yield card_lines.parameters(fixed, PARAMETERS)


def _machines(proposal: Proposal) -> str:
    if proposal.machines is None:
        return "Machines: as many as AWS Batch gives"
    return f"Machines: **{proposal.machines:,}** at a time"


def _time(proposal: Proposal) -> str:
    most = f"at most {duration(proposal.most_seconds)} of machine time"
    if proposal.seconds is None:
        return f"Time: not known, as nothing like it has run yet; {most}"
    return f"Time: about **{duration(proposal.seconds)}**, {most}"


def _cost(proposal: Proposal, project: Project | None) -> str:
    if proposal.usd_most is None:
        name = f" of {escape(project.name, 40)}" if project is not None else ""
        return f"Cost: not known, as no price is set (`usd_per_hour`{name})"
    most = f"at most **{usd(proposal.usd_most)}**"
    if proposal.usd_expected is None:
        return f"Cost: {most}, if all {plural(proposal.sweep.plan.runs, 'trial')} ran into the time limit"
    return f"Cost: about **{usd(proposal.usd_expected)}**, {most}"
