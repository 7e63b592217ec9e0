"""The messages that follow from a pass of the guard, and its counters for the metrics page."""

from collections.abc import Iterable

import structlog
from prometheus_client import Counter

from bot.domain.guard.watch import Turn, Warned
from bot.domain.model.rows import Posted
from bot.domain.posts import NewPost, PostKind
from bot.domain.texts import guard_texts

log = structlog.get_logger()

WARNED = Counter("signalbox_guard_warnings", "Warnings of the guard", ["condition"])
STOPPED = Counter("signalbox_guard_stops", "Jobs and trials that the guard has stopped", ["condition"])


def posts_of(posted: Posted, turn: Turn) -> tuple[NewPost, ...]:
    """One message for what began, one for what is over, one for what is stopped. Their keys make each appear once."""
    posts = []
    if turn.begun:
        text = guard_texts.warning(posted.id, turn.begun, posted.request.asker_id)
        posts.append(NewPost(_key(posted, "", turn.begun), PostKind.WARNING, posted.id, text=text))
    if turn.over:
        text = guard_texts.withdrawn(posted.id, turn.over)
        posts.append(NewPost(_key(posted, "well", turn.over), PostKind.NOTE, posted.id, text=text))
    if turn.due:
        posts.append(stop_note(posted, turn.due))
    return tuple(posts)


def stop_note(posted: Posted, due: tuple[Warned, ...]) -> NewPost:
    return NewPost(_key(posted, "stop", due), PostKind.NOTE, posted.id, text=guard_texts.stopped(posted.id, due))


def count(posted: Posted, turn: Turn) -> None:
    """For the metrics page and the bot's own log."""
    _count(posted, turn.begun, WARNED, "guard warns")
    _count(posted, turn.due, STOPPED, "guard stops")


def _count(posted: Posted, warned: Iterable[Warned], counter: Counter, event: str) -> None:
    for each in warned:
        counter.labels(each.condition).inc(len(each.trials))
        trials = [] if each.of_whole else list(each.trials)
        log.warning(event, job=posted.id, condition=each.condition, seconds=round(each.seconds), trials=trials)


def _key(posted: Posted, what: str, warned: tuple[Warned, ...]) -> str:
    first = warned[0]
    return f"guard{what}:{posted.id}:{first.number}:{first.trials[0]}"
