"""Lines that the cards of jobs, of sweeps and of trials share."""

from collections.abc import Iterable, Iterator, Mapping

import discord

from bot.chat.cards.units import relative
from bot.chat.limits import EMBED_DESCRIPTION_CHARACTERS, EMBED_TITLE_CHARACTERS
from bot.domain.guard.watch import Watch
from bot.domain.inert import EMPTY, Inert, capital, code, cut, escape, escape_value, joined, listed, phrase, plain_line
from bot.domain.model.execution import Execution, Lifecycle, Stop
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason, JobState
from bot.domain.parameters import Value, shown
from bot.domain.project import Project
from bot.domain.texts.endings import ENDINGS
from bot.domain.texts.engine import engine_title
from bot.domain.texts.guard_texts import card_line

VALUE = 60
NAME = 40
WHY = 120
SEPARATOR = " · "
SOMEBODY = phrase("somebody")

WAITING, STARTING, RUNNING = 0x80848E, 0xF0B232, 0x5865F2
SUCCEEDED, PARTLY, FAILED, STOPPED = 0x23A55A, 0xFAA61A, 0xF23F43, 0x4E5058
COLOURS: dict[JobState, int] = {
    JobState.INTENT: WAITING,
    JobState.SUBMITTED: WAITING,
    JobState.PENDING: WAITING,
    JobState.RUNNABLE: WAITING,
    JobState.STARTING: STARTING,
    JobState.RUNNING: RUNNING,
    JobState.SUCCEEDED: SUCCEEDED,
    JobState.FAILED: FAILED,
}


def embed(title: str, lines: Iterable[Inert], colour: int) -> discord.Embed:
    """Discord reads no markup in a title."""
    return discord.Embed(
        title=plain_line(title, EMBED_TITLE_CHARACTERS),
        description=cut("\n".join(lines).strip(), EMBED_DESCRIPTION_CHARACTERS),
        colour=colour,
    )


def colour(execution: Lifecycle) -> int:
    if execution.reason is EndReason.SUCCEEDED and execution.detail:
        return PARTLY  # not all of its results are stored
    return STOPPED if execution.reason is EndReason.STOPPED else COLOURS[execution.state]


def headline(text: Inert) -> Inert:
    """`**Running**`: the first word that is read."""
    return phrase("**{text}**", text=capital(text))


def since(job: Posted) -> Inert:
    """Since when a live job has been in its state."""
    execution = job.execution
    if execution.stop is not None:
        by = escape(execution.stop.by, NAME) or SOMEBODY
        why = phrase(" ({why})", why=escape(execution.stop.why, WHY)) if execution.stop.why else EMPTY
        return phrase("requested by {by} {at}{why}", by=by, at=relative(execution.stop.at), why=why)
    if execution.state is JobState.RUNNING and execution.started_at is not None:
        return phrase("started {at}", at=relative(execution.started_at))
    return phrase("requested {at}", at=relative(job.request.created_at))


def warnings(watch: Watch) -> Iterator[Inert]:
    """What the guard warns of, and when it acts."""
    yield from map(card_line, watch.warned)


def unanswered(execution: Lifecycle, project: Project | None) -> Iterator[Inert]:
    """Says that the card may be out of date."""
    if execution.unanswered_since is None:
        return
    engine, at = engine_title(project), relative(execution.unanswered_since)
    if execution.credentials_expired:
        yield phrase(
            "The bot's credentials for {engine} expired {at}. This is the last known state. Ask an admin to run "
            "{doctor}, which says how to renew them.",
            engine=engine,
            at=at,
            doctor=code("signalbox doctor"),
        )
        return
    unknown = phrase("This is the last known state.")
    if isinstance(execution, Execution) and execution.state is JobState.INTENT:
        unknown = phrase("The job is not submitted yet. I keep trying.")
        if execution.submit_called_at is not None:
            unknown = phrase("I don't know yet whether the job is submitted. I keep looking for it.")
    yield phrase("{engine} has not answered since {at}. {unknown}", engine=capital(engine), at=at, unknown=unknown)


def lost_places(job: Posted, limit: int) -> Iterator[Inert]:
    """What of the job is not in Discord, and why."""
    publication, again = job.publication, phrase(" I keep trying.")
    if publication.card_lost:
        why = escape(publication.card_lost.rstrip("."), limit)
        trying = again if publication.card_may_come else EMPTY
        yield phrase("There is no card in the channel: {why}.{again}", why=why, again=trying)
    closed = publication.closed
    if closed.why and closed.why != publication.card_lost:
        why = escape(closed.why.rstrip("."), limit)
        yield phrase("I can't post in the thread: {why}.{again}", why=why, again=EMPTY if closed.gone else again)


def undeliverable(why: str, limit: int) -> Inert:
    return phrase("The result could not be posted: {why}", why=escape(why, limit))


def commit(job: Posted) -> Inert:
    commit = job.run.commit
    branch, sha, subject = code(commit.branch), code(commit.short), escape(commit.subject, 100)
    machine = phrase("machine **{name}**", name=escape(job.run.machine, NAME)) if job.run.machine else EMPTY
    line = listed(phrase("{branch} @ {sha}", branch=branch, sha=sha), subject, separator=" ")
    return listed(line, machine, separator=SEPARATOR)


def parameters(values: Mapping[str, Value], limit: int, project: Project | None) -> Inert:
    """`lr **0.1** · epochs **10**`; where there is no room for all, those first that differ from their defaults."""
    pairs = {name: _pair(name, shown(value)) for name, value in values.items()}
    ordered = list(pairs)
    if project is not None and len(SEPARATOR.join(pairs.values())) > limit - 20:
        defaults = {parameter.name: parameter.default for parameter in project.parameters}
        ordered.sort(key=lambda name: defaults.get(name) == values[name])
    return joined([pairs[name] for name in ordered], SEPARATOR, limit)


def _pair(name: str, value: str) -> Inert:
    shown_value = escape_value(name, value, VALUE) or phrase(" ")
    return phrase("{name} **{value}**", name=escape(name, NAME), value=shown_value)


def with_detail(text: Inert, detail: str, limit: int) -> Inert:
    """`the command failed — ValueError: …`; `limit` is the detail's."""
    return listed(text, escape(detail, limit), separator=" — ")


def why(reason: EndReason | None, detail: str, limit: int, project: Project | None) -> Inert:
    """Why one trial among many failed, with at most `limit` characters of the detail."""
    short = phrase(ENDINGS[reason or EndReason.LOST].short, engine=engine_title(project))
    return with_detail(short, detail, limit)


def by_whom(name: str | None, why: str = "") -> Inert:
    """` by mika`, ` by the guard (silent for 61 min)`, or nothing."""
    if not name:
        return EMPTY
    reason = phrase(" ({why})", why=escape(why, WHY)) if why else EMPTY
    return phrase(" by {name}{why}", name=escape(name, NAME), why=reason)


def by_request(stop: Stop | None) -> Inert:
    return EMPTY if stop is None else by_whom(stop.by, stop.why)


def footer(job: Posted, *more: str) -> str:
    """Discord reads no markup in a footer."""
    return " · ".join(filter(None, (f"asked by {plain_line(job.request.asker_name, 80)}", *more)))
