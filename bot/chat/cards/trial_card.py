"""One trial of a sweep, for whoever asks about it. It has no card in the channel: the sweep has one for all."""

from collections.abc import Iterator

import discord

from bot.chat.cards import card_lines
from bot.chat.cards.units import at_epoch, axis, bar, duration, grouped, number, relative
from bot.chat.limits import CHOICE_CHARACTERS
from bot.domain.inert import EMPTY, Inert, cut, escape, one_line, phrase
from bot.domain.model.plan import Search
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Value, shown
from bot.domain.project import Project
from bot.domain.texts.endings import TRIAL_ENDINGS
from bot.domain.texts.state_words import STOPPING, TRIAL_STATES

PARAMETERS = 1_000
DETAIL = 300
COLOURS: dict[TrialState, int] = {
    TrialState.WAITING: card_lines.WAITING,
    TrialState.RUNNING: card_lines.RUNNING,
    TrialState.SUCCEEDED: card_lines.SUCCEEDED,
    TrialState.MISSING: card_lines.STOPPED,
    TrialState.FAILED: card_lines.FAILED,
    TrialState.PRUNED: card_lines.STOPPED,
    TrialState.STOPPED: card_lines.STOPPED,
}


def card(sweep: Sweep, trial: Trial, project: Project | None) -> discord.Embed:
    """`project` is None if it is no longer configured."""
    lines = [*_state(sweep, trial, project), card_lines.commit(sweep), *_parameters(sweep, trial, project), EMPTY]
    lines += [*_progress(trial), *_value(trial, project)]
    title = f"{sweep.run.project} {name(sweep, trial)}"
    return card_lines.embed(title, lines, COLOURS[trial.shown]).set_footer(text=card_lines.footer(sweep))


def name(sweep: Sweep, trial: Trial) -> str:
    """`k7q2mx.3`."""
    return f"{sweep.id}.{trial.number}"


def choice(sweep: Sweep, trial: Trial) -> str:
    """For autocomplete, which shows at most 100 characters of plain text."""
    point = " ".join(f"{key} {shown(value)}" for key, value in (_point(sweep, trial) or {}).items())
    state, best = TRIAL_STATES[trial.shown].card, f" {number(trial.value)}" if trial.value is not None else ""
    return cut(one_line(" · ".join(filter(None, (name(sweep, trial), f"{state}{best}", point)))), CHOICE_CHARACTERS)


def _state(sweep: Sweep, trial: Trial, project: Project | None) -> Iterator[Inert]:
    yield _ended(sweep, trial, project) if trial.ended else _live(sweep, trial)
    if trial.source:
        run = escape(f"{trial.source}.{trial.number}", 60)
        yield phrase("Carried over from {run}, which needed no retry.", run=run)


def _live(sweep: Sweep, trial: Trial) -> Inert:
    if trial.stop_by or sweep.execution.stop is not None:
        by = card_lines.by_whom(_stopped_by(sweep, trial), _stop_why(sweep, trial)) or phrase(" by somebody")
        return phrase("{state} · requested{by}", state=card_lines.headline(escape(STOPPING, 40)), by=by)
    state = card_lines.headline(escape(TRIAL_STATES[trial.shown].card, 40))
    if trial.started_at is None:
        return state
    return phrase("{state} · started {at}", state=state, at=relative(trial.started_at))


def _stopped_by(sweep: Sweep, trial: Trial) -> str | None:
    whole = sweep.execution.stop
    return trial.stop_by or (whole.by if whole is not None else None)


def _stop_why(sweep: Sweep, trial: Trial) -> str:
    whole = sweep.execution.stop
    return trial.stop_why or (whole.why if whole is not None and not trial.stop_by else "")


def _ended(sweep: Sweep, trial: Trial, project: Project | None) -> Inert:
    text = phrase(
        TRIAL_ENDINGS[trial.shown],
        took=duration(trial.seconds),
        why=_why(trial, project) if trial.shown is TrialState.FAILED else EMPTY,
        by=card_lines.by_whom(_stopped_by(sweep, trial), _stop_why(sweep, trial)),
    )
    return card_lines.headline(card_lines.with_detail(text, trial.detail, DETAIL) if trial.incomplete else text)


def _why(trial: Trial, project: Project | None) -> Inert:
    """With the exit code, which says more than that the command failed."""
    if trial.reason is not EndReason.COMMAND_FAILED or trial.exit_code is None:
        return card_lines.why(trial.reason, trial.detail, DETAIL, project)
    return card_lines.with_detail(phrase("exit code {code}", code=trial.exit_code), trial.detail, DETAIL)


def _parameters(sweep: Sweep, trial: Trial, project: Project | None) -> Iterator[Inert]:
    point = _point(sweep, trial)
    if point is None:
        yield phrase("The sampler chooses its parameters when its turn comes, from the results so far.")
    elif values := {**point, **sweep.run.parameters}:
        yield card_lines.parameters(values, PARAMETERS, project)


def _point(sweep: Sweep, trial: Trial) -> dict[str, Value] | None:
    """None if it is not chosen yet."""
    if sweep.plan.search is Search.TPE and trial.parameters is None:
        return None
    return sweep.plan.point_of(trial, folds=True)


def _progress(trial: Trial) -> Iterator[Inert]:
    if not trial.reports:
        return
    epoch = trial.reports[-1][0]
    done = bar(epoch, trial.epochs) if trial.epochs else EMPTY
    of = phrase("/{epochs} {done}", epochs=grouped(trial.epochs), done=done) if trial.epochs else EMPTY
    yield phrase("{unit} **{epoch}**{of}", unit=axis(trial.unit), epoch=grouped(epoch), of=of)


def _value(trial: Trial, project: Project | None) -> Iterator[Inert]:
    if project is None or trial.value is None:
        return
    running = bool(trial.reports) and not trial.ended
    yield phrase(
        "{metric} {latest}best **{best}**{at}",
        metric=escape(project.metric, 40),
        latest=phrase("**{value}**, ", value=number(trial.reports[-1][1])) if running else EMPTY,
        best=number(trial.value),
        at=at_epoch(trial.unit, trial.epoch),
    )
