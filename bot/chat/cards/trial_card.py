"""One trial of a sweep, for whoever asks about it. It has no card in the channel: the sweep's stands for all."""

from collections.abc import Iterator

import discord

from bot.chat.cards import card_lines
from bot.chat.cards.inert import cut, escape, one_line
from bot.chat.cards.units import bar, duration, number, relative
from bot.domain.model.plan import Search
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Value, shown
from bot.domain.project import Project

PARAMETERS = 1_000
DETAIL = 300
CHOICE = 100
_COLOURS = {
    TrialState.WAITING: card_lines.WAITING,
    TrialState.RUNNING: card_lines.RUNNING,
    TrialState.SUCCEEDED: card_lines.SUCCEEDED,
    TrialState.FAILED: card_lines.FAILED,
}
_ENDS = {
    TrialState.SUCCEEDED: "succeeded in {took}",
    TrialState.MISSING: "ended in {took} and left no metrics",
    TrialState.PRUNED: "stopped early after {took}, as it could not win any more",
    TrialState.STOPPED: "stopped{by} after {took}",
    TrialState.FAILED: "failed after {took}: {why}",
}


def card(sweep: Sweep, trial: Trial, project: Project | None) -> discord.Embed:
    """`project` is None where the config has lost it."""
    lines = [*_state(sweep, trial), card_lines.commit(sweep), *_parameters(sweep, trial), "", *_progress(trial)]
    lines += _value(trial, project)
    title = f"{sweep.run.project} {name(sweep, trial)}"
    return card_lines.embed(title, lines, _COLOURS.get(trial.shown, card_lines.STOPPED)).set_footer(
        text=card_lines.footer(sweep)
    )


def name(sweep: Sweep, trial: Trial) -> str:
    """`k7q2mx.3`."""
    return f"{sweep.id}.{trial.number}"


def choice(sweep: Sweep, trial: Trial) -> str:
    """For autocomplete, which shows plain text of 100 characters at most."""
    point = " ".join(f"{key} {shown(value)}" for key, value in (_point(sweep, trial) or {}).items())
    best = f" {number(trial.value)}" if trial.value is not None else ""
    return cut(one_line(" · ".join(filter(None, (name(sweep, trial), f"{trial.shown}{best}", point)))), CHOICE)


def _state(sweep: Sweep, trial: Trial) -> Iterator[str]:
    yield _ended(sweep, trial) if trial.ended else _going(sweep, trial)
    if trial.source:
        yield f"It is the run of {escape(trial.source, 40)}.{trial.number}, which needed no retry."


def _going(sweep: Sweep, trial: Trial) -> str:
    if trial.stop_by or sweep.execution.stop is not None:
        return f"{card_lines.headline('stopping')} · {escape(_stopped_by(sweep, trial) or 'somebody', 40)} asked"
    started = f" · started {relative(trial.started_at)}" if trial.started_at is not None else ""
    return f"{card_lines.headline(trial.shown)}{started}"


def _stopped_by(sweep: Sweep, trial: Trial) -> str | None:
    whole = sweep.execution.stop
    return trial.stop_by or (whole.by if whole is not None else None)


def _ended(sweep: Sweep, trial: Trial) -> str:
    by = _stopped_by(sweep, trial)
    words = _ENDS[trial.shown].format(
        took=duration(trial.seconds),
        why=_why(trial) if trial.shown is TrialState.FAILED else "",
        by=f" by {escape(by, 40)}" if by else "",
    )
    return card_lines.headline(words)


def _why(trial: Trial) -> str:
    """With the exit code, which says more than that the command failed."""
    if trial.reason is not EndReason.COMMAND_FAILED or trial.exit_code is None:
        return card_lines.why(trial.reason, trial.detail, DETAIL)
    detail = escape(trial.detail, DETAIL)
    return f"exit code {trial.exit_code}{f' — {detail}' if detail else ''}"


def _parameters(sweep: Sweep, trial: Trial) -> Iterator[str]:
    point = _point(sweep, trial)
    if point is None:
        yield "Its point is chosen from what the trials before it have told, when its turn comes."
    elif values := {**point, **sweep.run.parameters}:
        yield card_lines.parameters(values, PARAMETERS)


def _point(sweep: Sweep, trial: Trial) -> dict[str, Value] | None:
    """None where it is not chosen yet."""
    if sweep.plan.search is Search.TPE and trial.parameters is None:
        return None
    return sweep.plan.point_of(trial, folds=True)


def _progress(trial: Trial) -> Iterator[str]:
    if not trial.reports:
        return
    epoch = trial.reports[-1][0]
    yield f"epoch **{epoch}**" + (f"/{trial.epochs} {bar(epoch, trial.epochs)}" if trial.epochs else "")


def _value(trial: Trial, project: Project | None) -> list[str]:
    if project is None or trial.value is None:
        return []
    latest = f"**{number(trial.reports[-1][1])}**, " if trial.reports and not trial.ended else ""
    at = f" at epoch {trial.epoch}" if trial.epoch is not None else ""
    return [f"{escape(project.metric, 40)} {latest}best **{number(trial.value)}**{at}"]
