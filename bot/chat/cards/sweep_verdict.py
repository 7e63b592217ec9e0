"""How a sweep ended; `bot/chat/cards/verdict.py` makes the message of it."""

from bot.chat.cards import card_lines, money_lines, sweep_lines
from bot.chat.cards.units import duration, plural
from bot.domain.inert import EMPTY, Inert, escape, listed, phrase
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.project import Project
from bot.domain.spending.costs import quote_of
from bot.domain.spending.costs import spent as spent_on
from bot.domain.texts.command_names import command, commands
from bot.domain.texts.endings import ENDINGS

DETAIL = 200
NOTHING_STARTED = "Nothing was started. Ask an admin to run `signalbox doctor`, then use Run the rest."
RETRY_FAILED = (
    "Retry failed repeats only the failed trials, with the same commit. If the code needs a fix, push it and use "
    "{sweep} again."
)


def sentence(sweep: Sweep, project: Project | None, took: float) -> Inert:
    """`finished 9 trials: val_accuracy 96.7 at lr 0.1, momentum 0.5 (k7q2mx.0), 4 min 31 s, $0.21`."""
    outcome = _outcome(sweep, brief=False)
    if outcome is None:
        return _nothing_ran(sweep, project)
    if sweep.execution.reason is EndReason.STOPPED:
        outcome = phrase("was {outcome}", outcome=outcome)
    quote = quote_of(sweep, project)
    price = spent_on(sweep).usd(quote) if quote is not None else 0.0
    spent = listed(duration(took), money_lines.about(price) if price else EMPTY)
    best = sweep_lines.best(sweep, project)
    if best and _partly(sweep):
        return phrase("{outcome}; best {best}, {spent}", outcome=outcome, best=best, spent=spent)
    if best:
        return phrase("{outcome}: {best}, {spent}", outcome=outcome, best=best, spent=spent)
    return _in_time(sweep, outcome, spent)


def card(sweep: Sweep, project: Project | None, took: float) -> Inert:
    """`finished 9 trials in 4 min 31 s`: metric, cost and other counts have lines of their own on the card."""
    outcome = _outcome(sweep, brief=True)
    if outcome is None:
        return _nothing_ran(sweep, project)
    return _in_time(sweep, outcome, duration(took))


def notes(sweep: Sweep, project: Project | None) -> list[Inert]:
    """Lines below the verdict: what failed and why, what has no metrics, what was saved."""
    tally = sweep.tally
    lines = [sweep_lines.failures(tally, project), sweep_lines.incomplete(sweep)]
    if missing := tally.count(TrialState.MISSING):
        trials = plural(sweep.plan.trials, "trial")
        metric = escape(project.metric, 40) if project is not None else phrase("metric")
        lines.append(
            phrase("{missing:,} of {trials} reported no {metric}.", missing=missing, trials=trials, metric=metric)
        )
    if saved := sweep_lines.saved(sweep, project):
        lines.append(phrase("{saved}.", saved=saved))
    quote, used = quote_of(sweep, project), spent_on(sweep)
    lines.append(money_lines.saved(quote, used.seconds, used.machines) if quote is not None else EMPTY)
    return lines


def advice(sweep: Sweep) -> Inert:
    """What to do about failures; empty if nothing failed."""
    if (reason := sweep.execution.reason) in (EndReason.NOT_APPROVED, EndReason.NOT_CONTINUED):
        return phrase(ENDINGS[reason].advice, **commands())
    if not sweep.tally.count(TrialState.FAILED):
        return phrase(NOTHING_STARTED) if sweep.execution.reason is EndReason.NOT_SUBMITTED else EMPTY
    numbers = [number for failure in sweep.tally.failures for number in failure.numbers]
    if not numbers:
        return phrase(RETRY_FAILED, **commands())
    look = phrase("{command} shows why.", command=command("logs", f"{sweep.id}.{numbers[0]}"))
    return listed(look, phrase(RETRY_FAILED, **commands()), separator=" ")


def _outcome(sweep: Sweep, *, brief: bool) -> Inert | None:
    """`finished 9 trials`, `stopped by mika after 4 of 9 trials`, …; None if no trial came to anything."""
    done, failed = _done(sweep), sweep.tally.count(TrialState.FAILED)
    if sweep.execution.reason is EndReason.NOT_CONTINUED:
        ending = ENDINGS[EndReason.NOT_CONTINUED]
        how, after = phrase(ending.card if brief else ending.sentence), _trials(sweep, done + failed)
        return phrase("{how}, after {after}", how=how, after=after)
    if sweep.execution.reason is EndReason.STOPPED:
        by = card_lines.by_request(sweep.execution.stop)
        return phrase("stopped{by} after {trials}", by=by, trials=_trials(sweep, done + failed))
    if done and failed:
        return phrase("finished: {counts}", counts=_succeeded(sweep) if brief else _counts(sweep))
    if done:
        return phrase("finished {trials}", trials=_trials(sweep, done))
    if failed > 1:
        return phrase("failed: all {trials} failed", trials=plural(failed, "trial"))
    return phrase("failed: its trial failed") if failed else None


def _counts(sweep: Sweep) -> Inert:
    """`2 of 6 trials succeeded, 1 stopped early, 3 failed`."""
    return listed(_succeeded(sweep), *sweep_lines.not_compared(sweep.tally))


def _succeeded(sweep: Sweep) -> Inert:
    trials, succeeded = plural(sweep.plan.trials, "trial"), sweep.tally.count(TrialState.SUCCEEDED)
    return phrase("{succeeded:,} of {trials} succeeded", succeeded=succeeded, trials=trials)


def _trials(sweep: Sweep, ended: int) -> Inert:
    """`9 trials`, `4 of 9 trials`."""
    trials = plural(sweep.plan.trials, "trial")
    return trials if ended >= sweep.plan.trials else phrase("{ended:,} of {trials}", ended=ended, trials=trials)


def _done(sweep: Sweep) -> int:
    return sweep.tally.count(*sweep_lines.NOT_FAILED)


def _partly(sweep: Sweep) -> bool:
    """True if some trials failed, and the sweep was not stopped."""
    return sweep.execution.reason is not EndReason.STOPPED and bool(sweep.tally.count(TrialState.FAILED))


def _in_time(sweep: Sweep, outcome: Inert, spent: Inert) -> Inert:
    if sweep.execution.reason is EndReason.STOPPED or sweep.tally.count(TrialState.FAILED):
        return phrase("{outcome}, {spent}", outcome=outcome, spent=spent)
    return phrase("{outcome} in {spent}", outcome=outcome, spent=spent)


def _nothing_ran(sweep: Sweep, project: Project | None) -> Inert:
    why = card_lines.why(sweep.execution.reason, sweep.execution.detail, DETAIL, project)
    if sweep.execution.reason is EndReason.NOT_APPROVED:
        return why
    return phrase("failed: {why}", why=why)
