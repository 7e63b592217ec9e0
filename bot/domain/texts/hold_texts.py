"""What people read about a sweep that is held because its trials fail alike."""

from bot.domain.inert import EMPTY, Inert, escape, listed, phrase
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.money.hold import Continued, Hold
from bot.domain.texts.endings import ENDINGS

NAME, DETAIL = 40, 300
CONTINUE, CONTINUE_NEWEST, CANCEL = "Continue", "Continue at the newest commit", "Cancel"
"""The buttons."""


def held(sweep: Sweep, hold: Hold, engine: Inert) -> Inert:
    """The message in the channel, with the buttons below it."""
    return phrase(
        "<@{asker_id}> **{name}** is held: {how}. {choices}",
        asker_id=sweep.request.asker_id,
        name=escape(sweep.id, NAME),
        how=how(hold, engine),
        choices=choices(sweep, hold),
    )


def how(hold: Hold, engine: Inert) -> Inert:
    """`4 of 4 trials failed the same way: the command failed — ValueError: …`"""
    why = listed(
        phrase(ENDINGS[EndReason(hold.reason)].short, engine=engine), escape(hold.detail, DETAIL), separator=" — "
    )
    if hold.failed == 1:
        return phrase("its first trial failed: {why}", why=why)
    return phrase(
        "{failed:,} of {ended:,} trials failed the same way: {why}", failed=hold.failed, ended=hold.ended, why=why
    )


def choices(sweep: Sweep, hold: Hold) -> Inert:
    """What waits, what the buttons do, and until when."""
    waiting = max(0, sweep.plan.trials - sweep.tally.ended - sweep.tally.count(TrialState.RUNNING))
    return phrase(
        "{waiting:,} more {trials} for a decision: **{go_on}** runs them as they are, **{newest}** runs them and the "
        "failed ones with the code of now.{until}",
        waiting=waiting,
        trials=phrase("trial waits") if waiting == 1 else phrase("trials wait"),
        go_on=phrase(CONTINUE),
        newest=phrase(CONTINUE_NEWEST),
        until=phrase(" Without a decision the sweep ends <t:{at}:R>.", at=round(hold.until)) if hold.until else EMPTY,
    )


def pilot(sweep: Sweep) -> Inert:
    """On the card, while it runs."""
    return phrase("A pilot trial runs first; {others:,} wait for its first metric.", others=sweep.plan.runs - 1)


def continued(sweep: Sweep, done: Continued) -> Inert:
    """The note in the thread."""
    if not done.by:
        return phrase("A trial has succeeded, so the sweep goes on.")
    if done.from_commit:
        return phrase(
            "{by} let the sweep go on at {commit} ({before} before). The failed trials run again.",
            by=escape(done.by, NAME),
            commit=phrase("`{sha}`", sha=escape(sweep.run.commit.short, NAME)),
            before=phrase("`{sha}`", sha=escape(done.from_commit[:7], NAME)),
        )
    return phrase("{by} let the sweep go on as it is. It is not held again.", by=escape(done.by, NAME))


def continued_line(sweep: Sweep, done: Continued) -> Inert:
    """On the card."""
    if not done.from_commit:
        return phrase("continued by {by} <t:{at}:R>", by=escape(done.by, NAME), at=round(done.at)) if done.by else EMPTY
    return phrase(
        "continued at `{commit}` by {by} <t:{at}:R>; it had begun at `{before}`",
        commit=escape(sweep.run.commit.short, NAME),
        by=escape(done.by, NAME),
        at=round(done.at),
        before=escape(done.from_commit[:7], NAME),
    )


def unanswered(hours: float) -> str:
    """Why it ends, as plain text."""
    return f"its trials failed alike, and nobody continued it within {hours:g} h"


def held_over() -> str:
    return "held, as its trials fail alike"
