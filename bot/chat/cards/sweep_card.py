"""The card of a sweep: one embed for all its trials, made from its job alone.

Short lines, the important first: it is read on phones. The picture is a file beside it, `PICTURE`.
"""

from collections.abc import Iterator
from pathlib import Path

import discord

from bot.chat.cards import card_lines, sweep_words, verdict
from bot.chat.cards.units import bar, duration, joined, relative, usd
from bot.domain.inert import escape, fenced, one_line
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Leader
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Value, shown
from bot.domain.project import Project

PICTURE = "board.png"
AXES, PARAMETERS, IMPORTANCE = 600, 400, 200
BAR = 1_000
"""Steps of the progress."""
WIDTH = 36
"""Characters of a line of code on a phone."""
CELL = 12


def card(sweep: Sweep, project: Project | None) -> discord.Embed:
    """The embed; its picture is what the message has, or gets with it."""
    lines = [*_state(sweep), *_plan(sweep), "", *_best(sweep, project)]
    lines += [*_failures(sweep), *_money(sweep, project)]
    embed = card_lines.embed(title(sweep), lines, card_lines.colour(sweep.execution))
    if sweep.board.picture or sweep.board.shown_picture:
        embed.set_image(url=f"attachment://{PICTURE}")
    retry_of = sweep.request.retry_of
    return embed.set_footer(text=card_lines.footer(sweep, f"retries what failed of {retry_of}" if retry_of else ""))


def picture(sweep: Sweep) -> discord.File | None:
    """The board's file as it is now; None where there is none, or a machine that was lost has taken it along."""
    path = sweep.board.picture
    return discord.File(path, PICTURE) if path and Path(path).exists() else None


def title(sweep: Sweep) -> str:
    """`mnist sweep k7q2mx`."""
    return f"{sweep.run.project} sweep {sweep.id}"


def state_word(sweep: Sweep) -> str:
    """`running`, `waiting for machines`, `stopping`, `succeeded`, …"""
    execution = sweep.execution
    if not execution.live:
        ended = "succeeded" if execution.state is JobState.SUCCEEDED else "failed"
        return "stopped" if execution.reason is EndReason.STOPPED else ended
    if execution.stop is not None:
        return "stopping"
    if execution.state is JobState.INTENT:
        return "on its way"
    begun = sweep.tally.ended or sweep.tally.count(TrialState.RUNNING)
    return "running" if begun else "waiting for machines"


def short_progress(sweep: Sweep, project: Project | None) -> str:
    """For lists: how many have ended, and the best so far."""
    leaders = sweep.tally.leaders
    top = f"{escape(project.metric, 40)} {sweep_words.value(leaders[0])}" if leaders and project is not None else ""
    count = f"{sweep.tally.ended:,}/{sweep.plan.trials:,} trials" if sweep.execution.live else ""
    return ", ".join(filter(None, (count, top)))


def _state(sweep: Sweep) -> Iterator[str]:
    execution = sweep.execution
    if execution.live:
        yield f"{card_lines.headline(state_word(sweep))} · {card_lines.since(sweep)}"
    else:
        yield card_lines.headline(verdict.ending(sweep, None).removeprefix("was ").removeprefix("is "))
    if why_not := sweep.publication.result.undeliverable:
        yield f"This could not be told: {escape(why_not, 150)}"
    if execution.live and execution.unanswered_since is not None:
        yield f"AWS has not answered since {relative(execution.unanswered_since)}: this is how it was then."
    tally, trials = sweep.tally, sweep.plan.trials
    if execution.live or tally.ended < trials:
        most = BAR if tally.ended == trials else BAR - 1  # the last epoch is not the end
        yield f"{bar(min(most, int(tally.progress * BAR)), BAR)} **{tally.ended:,}**/{trials:,} ended"
    if counts := list(_counts(sweep)):
        yield " · ".join(counts)


def _counts(sweep: Sweep) -> Iterator[str]:
    if running := sweep.tally.count(TrialState.RUNNING):
        yield f"{running:,} running"
    if waiting := sweep_words.waiting(sweep):
        yield f"{waiting:,} {'waiting' if sweep.execution.live else 'never began'}"
    yield from sweep_words.not_compared(sweep.tally)


def _plan(sweep: Sweep) -> Iterator[str]:
    yield card_lines.commit(sweep)
    yield sweep_words.plan(sweep.plan)
    if axes := sweep.plan.space.varied:
        yield joined([sweep_words.axis(axis) for axis in axes], "\n", AXES)
    if fixed := {**sweep.plan.space.fixed, **sweep.run.parameters}:
        yield card_lines.parameters(fixed, PARAMETERS)


def _best(sweep: Sweep, project: Project | None) -> Iterator[str]:
    leaders = sweep.tally.leaders
    if not leaders or project is None:
        return
    yield sweep_words.best(sweep, project, bold=True)
    if len(leaders) > 1:
        yield _table(leaders, project.metric, [axis.name for axis in sweep.plan.space.varied])
    if sweep.board.importance:
        shares = sorted(sweep.board.importance.items(), key=lambda share: -share[1])
        named = [f"{escape(name, 40)} {round(share * 100)} %" for name, share in shares]
        yield f"What matters: {joined(named, ', ', IMPORTANCE)}"


def _table(leaders: tuple[Leader, ...], metric: str, names: list[str]) -> str:
    """The best few, a line each, with as many of their parameters as a phone has room for."""
    columns = [["", *(f".{leader.number}" for leader in leaders)]]
    columns.append([_cell(metric), *(sweep_words.value(leader) for leader in leaders)])
    for name in names:
        column = [_cell(name), *(_cell(_shown(leader.parameters.get(name))) for leader in leaders)]
        if sum(_width(each) + 1 for each in (*columns, column)) > WIDTH + 1:
            break
        columns.append(column)
    padded = [[cell.ljust(_width(column)) for cell in column] for column in columns]
    return fenced("\n".join(" ".join(row).rstrip() for row in zip(*padded, strict=True)))


def _width(column: list[str]) -> int:
    return max(len(cell) for cell in column)


def _cell(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= CELL else f"{line[: CELL - 1]}…"


def _shown(value: Value | None) -> str:
    return "" if value is None else shown(value)


def _failures(sweep: Sweep) -> Iterator[str]:
    if text := sweep_words.failures(sweep.tally):
        yield text


def _money(sweep: Sweep, project: Project | None) -> Iterator[str]:
    """Spent so far, what it can come to, and what was saved."""
    if sweep.tally.seconds:
        spent = sweep_words.cost(sweep.tally.seconds, project)
        most = sweep_words.cost(sweep.plan.runs * sweep.run.timeout_seconds, project)
        so_far = f" so far, at most {usd(most)}" if sweep.execution.live and most is not None else ""
        money = f"**{usd(spent)}**{so_far} · " if spent is not None else ""
        yield f"{money}{duration(sweep.tally.seconds)} of machine time"
    if saved := sweep_words.saved(sweep.tally, project):
        yield saved
