"""The card of a sweep: one embed for all its trials, made from the sweep alone.

Short lines, the important first: it is read on phones. The picture is a file beside it, `PICTURE`.
"""

from collections.abc import Iterator
from pathlib import Path

import discord

from bot.chat.alt_text import attachment_at
from bot.chat.cards import card_lines, hold_lines, money_lines, sweep_lines, verdict
from bot.chat.cards.units import bar, duration
from bot.domain.inert import EMPTY, Inert, escape, fenced, joined, listed, phrase, plain_line
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.project import Project
from bot.domain.texts import hold_texts
from bot.domain.texts.state_words import (
    HELD,
    JOB_STATES,
    PARTLY_FAILED,
    TRIAL_STATES,
    WAITING_FOR_MACHINES,
    state_text,
)
from bot.services.running.pending import awaiting_approval

PICTURE = "board.png"
AXES, PARAMETERS, IMPORTANCE = 600, 400, 200
BAR = 1_000
"""Steps of the progress."""
WIDTH = 36
"""Characters of a line of code on a phone."""
CELL = 12


def card(sweep: Sweep, project: Project | None) -> discord.Embed:
    """The embed. Its picture is the file that the message has, or that is sent with it."""
    lines = [*_state(sweep, project), *_plan(sweep, project), EMPTY, *_best(sweep, project)]
    troubles = [sweep_lines.failures(sweep.tally, project), sweep_lines.incomplete(sweep)]
    lines += filter(None, [*troubles, *_money(sweep, project)])
    lines += card_lines.lost_places(sweep, 150)
    colour = card_lines.PARTLY if _partly_failed(sweep) else card_lines.colour(sweep.execution)
    embed = card_lines.embed(title(sweep), lines, colour)
    if sweep.board.picture or sweep.board.shown_picture:
        embed.set_image(url=f"attachment://{PICTURE}")
    retry_of = sweep.request.retry_of
    return embed.set_footer(text=card_lines.footer(sweep, f"repeats failed trials of {retry_of}" if retry_of else ""))


def picture(sweep: Sweep) -> discord.File | None:
    """The newest board file; None if there is none, or it was lost with its machine."""
    path = sweep.board.picture
    return attachment_at(path, PICTURE) if path and Path(path).exists() else None


def title(sweep: Sweep) -> str:
    """`mnist sweep k7q2mx`."""
    return f"{sweep.run.project} sweep {sweep.id}"


def state_word(sweep: Sweep) -> str:
    """`running`, `waiting for machines`, `stopping`, `succeeded`, `partly failed`, …"""
    execution = sweep.execution
    if _partly_failed(sweep):
        return PARTLY_FAILED
    if not execution.live or execution.stop is not None or execution.state is JobState.INTENT:
        return state_text(execution)
    if execution.hold is not None:
        return HELD[execution.hold.kind]
    if sweep.tally.ended or sweep.tally.count(TrialState.RUNNING):
        return JOB_STATES[JobState.RUNNING].card
    unknown = execution.unanswered_since is not None  # perhaps nothing of it is submitted
    return TRIAL_STATES[TrialState.WAITING].card if unknown else WAITING_FOR_MACHINES


def _partly_failed(sweep: Sweep) -> bool:
    """True if it has ended with trials that succeeded and trials that failed."""
    return sweep.execution.reason is EndReason.SUCCEEDED and sweep.tally.count(TrialState.FAILED) > 0


def short_progress(sweep: Sweep, project: Project | None) -> Inert:
    """For lists: how many have ended, and the best so far."""
    leaders, top, count = sweep.tally.leaders, EMPTY, EMPTY
    if leaders and project is not None:
        top = listed(escape(project.metric, 40), sweep_lines.value(leaders[0]), separator=" ")
    if sweep.execution.live:
        count = phrase("{ended:,}/{trials:,} trials", ended=sweep.tally.ended, trials=sweep.plan.trials)
    return listed(count, top)


def _state(sweep: Sweep, project: Project | None) -> Iterator[Inert]:
    execution = sweep.execution
    if execution.live:
        now = card_lines.headline(escape(state_word(sweep), 40))
        yield listed(now, card_lines.since(sweep), separator=" · ")
        yield from hold_lines.lines(sweep)
    else:
        yield verdict.card_headline(sweep, project)
    if why_not := sweep.publication.result.undeliverable:
        yield card_lines.undeliverable(why_not, 150)
    if execution.live:
        yield from card_lines.warnings(sweep.watch)
        yield from card_lines.unanswered(execution, project)
    if awaiting_approval([sweep]):
        return
    tally, trials = sweep.tally, sweep.plan.trials
    if execution.live or tally.ended < trials:
        most = BAR if tally.ended == trials else BAR - 1  # the last epoch is not the end
        done = bar(min(most, int(tally.progress * BAR)), BAR)
        yield phrase("{done} **{ended:,}**/{trials:,} ended", done=done, ended=tally.ended, trials=trials)
    if counts := list(_counts(sweep)):
        yield listed(*counts, separator=" · ")


def _counts(sweep: Sweep) -> Iterator[Inert]:
    if running := sweep.tally.count(TrialState.RUNNING):
        yield phrase("{running:,} running", running=running)
    if waiting := sweep_lines.waiting(sweep):
        yield phrase("{waiting:,} waiting" if sweep.execution.live else "{waiting:,} never started", waiting=waiting)
    yield from sweep_lines.not_compared(sweep.tally)


def _plan(sweep: Sweep, project: Project | None) -> Iterator[Inert]:
    yield card_lines.commit(sweep)
    if sweep.continued is not None and (line := hold_texts.continued_line(sweep, sweep.continued)):
        yield line
    yield sweep_lines.plan(sweep.plan)
    if axes := sweep.plan.space.varied:
        yield joined([sweep_lines.axis(axis) for axis in axes], "\n", AXES)
    if fixed := {**sweep.plan.space.fixed, **sweep.run.parameters}:
        yield card_lines.parameters(fixed, PARAMETERS, project)


def _best(sweep: Sweep, project: Project | None) -> Iterator[Inert]:
    leaders = sweep.tally.leaders
    if not leaders or project is None:
        return
    yield sweep_lines.best(sweep, project, bold=True)
    if len(leaders) > 1:
        yield _table(sweep, project.metric)
    names = {axis.name for axis in sweep.plan.space.varied}
    weighed = {name: share for name, share in sweep.board.importance.items() if name in names}
    if weighed:
        shares = sorted(weighed.items(), key=lambda share: -share[1])
        named = [
            phrase("{name} {percent} %", name=escape(name, 40), percent=round(share * 100)) for name, share in shares
        ]
        yield phrase("Importance: {shares}", shares=joined(named, ", ", IMPORTANCE))


def _table(sweep: Sweep, metric: str) -> Inert:
    """The best few, a line each, with as many of their parameters as a phone has room for."""
    leaders, names = sweep.tally.leaders, [axis.name for axis in sweep.plan.space.varied]
    points = [sweep_lines.point_texts(leader, sweep) for leader in leaders]
    columns = [["", *(f".{leader.number}" for leader in leaders)]]
    columns.append([_cell(metric), *(sweep_lines.value(leader) for leader in leaders)])
    for name in names:
        column = [_cell(name), *(_cell(point.get(name, "")) for point in points)]
        if sum(_width(each) + 1 for each in (*columns, column)) > WIDTH + 1:
            break
        columns.append(column)
    padded = [[cell.ljust(_width(column)) for cell in column] for column in columns]
    return fenced("\n".join(" ".join(row).rstrip() for row in zip(*padded, strict=True)))


def _width(column: list[str]) -> int:
    return max(len(cell) for cell in column)


def _cell(text: str) -> str:
    return plain_line(text, CELL)


def _money(sweep: Sweep, project: Project | None) -> Iterator[Inert]:
    """Spent so far, what it can come to, and what was saved."""
    time = EMPTY
    if sweep.tally.seconds:
        time = phrase("{time} of machine time", time=duration(sweep.tally.seconds))
    yield listed(money_lines.card(sweep, project), time, separator=" · ")
    yield sweep_lines.saved(sweep, project)
