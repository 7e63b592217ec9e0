"""What the guard says: one row for each condition, and the sentences around them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.guard.signs import Condition
from bot.domain.guard.watch import Warned
from bot.domain.inert import EMPTY, Inert, capital, code, escape, joined, listed, phrase, stacked
from bot.domain.numbers import written
from bot.domain.texts.command_names import command

GUARD = "the guard"
"""Who stopped it, in place of a person's name."""
NAME, TRIALS = 40, 300


@dataclass(frozen=True, slots=True)
class GuardText:
    """Templates for `phrase`. `found` may use {minutes}, {name} and {value}."""

    short: str
    """On the card, and as the reason of a stop: `silent for 31 min`."""
    found: str
    """In the warning: what was seen."""
    advice: str
    """What it may be, and where to look."""
    well: str
    """Why a warning is withdrawn."""


GUARD_TEXTS: dict[Condition, GuardText] = {
    Condition.SILENT: GuardText(
        "silent for {minutes:,} min",
        "no log line, no metric and no new file for {minutes:,} min",
        "It may hang: in a deadlock, or waiting for data.",
        "there are signs of life again",
    ),
    Condition.LOSS_NOT_FINITE: GuardText(
        "{name} is {value}",
        "{name} is {value}, row after row, for {minutes:,} min",
        "It has most likely diverged: try a smaller learning rate.",
        "its losses are finite again",
    ),
    Condition.LOSS_DIVERGED: GuardText(
        "{name} is far above its best",
        "{name} is {value}, far above its best, for {minutes:,} min",
        "It may have diverged.",
        "its loss is back near its best",
    ),
    Condition.GPU_IDLE: GuardText(
        "GPU idle for {minutes:,} min",
        "its GPU has done nothing for {minutes:,} min",
        "It may train on the CPU, or wait for data.",
        "its GPU works again",
    ),
    Condition.OVERTIME: GuardText(
        "beyond its time limit",
        "it runs beyond its time limit, for {minutes:,} min in all",
        "The engine should have ended it.",
        "",
    ),
    Condition.NO_MACHINE: GuardText(
        "without a machine for {minutes:,} min",
        "it has waited for a machine for {minutes:,} min",
        "The note above says what keeps it waiting. Waiting costs nothing.",
        "it has a machine now",
    ),
    Condition.NOT_STARTING: GuardText(
        "starting for {minutes:,} min",
        "it has a machine, and its container has not started for {minutes:,} min",
        "The machine is billed meanwhile. The image may be very large, or the machine out of order.",
        "it has started",
    ),
}


def short(warned: Warned) -> Inert:
    """`silent for 31 min`, `train_loss is nan`."""
    return phrase(GUARD_TEXTS[warned.condition].short, **_fields(warned))


def why_stopped(warned: Warned, grace_minutes: int) -> str:
    """As plain text, for the stop request, the audit and the engine: `silent for 61 min`.

    A name of a metric is the job's own text, and made inert where it is shown.
    """
    minutes = round(warned.seconds / 60) + grace_minutes
    template = GUARD_TEXTS[warned.condition].short
    return template.format(minutes=minutes, name=warned.name[:NAME], value=written(warned.value))


def overtime_why(seconds: float) -> str:
    """Why a job is ended without a warning: its time limit was the warning."""
    return f"{GUARD_TEXTS[Condition.OVERTIME].short}, after {round(seconds / 60):,} min"


def warning(owner: str, warned: Sequence[Warned], asker_id: int) -> Inert:
    """The message in the thread. All of them began in one pass, so they end together."""
    lines = [_warning_line(owner, each) for each in warned]
    end = phrase(
        "I stop {it} at {at} unless somebody clicks **Leave it**.",
        it=phrase("it") if all(len(each.trials) == 1 for each in warned) else phrase("them"),
        at=clock_time(min(each.ends_at for each in warned)),
    )
    return stacked(phrase("<@{asker_id}> {first}", asker_id=asker_id, first=lines[0]), *lines[1:], end)


def withdrawn(owner: str, over: Sequence[Warned]) -> Inert:
    sentences = [
        phrase(
            "{name}: {why}. The warning is withdrawn.",
            name=_names(owner, each),
            why=phrase(GUARD_TEXTS[each.condition].well),
        )
        for each in over
    ]
    return stacked(*sentences)


def left(owner: str, warned: Sequence[Warned], by: str) -> Inert:
    what = joined([listed(_names(owner, each), short(each), separator=" ") for each in warned], ", ", TRIALS)
    return phrase(
        "{by} said to leave it ({what}). I don't stop it for that, nor warn of it again in this attempt.",
        by=escape(by, NAME),
        what=what,
    )


def stopped(owner: str, due: Sequence[Warned]) -> Inert:
    what = joined([listed(_names(owner, each), short(each), separator=" ") for each in due], ", ", TRIALS)
    return phrase("Nobody said to leave it, so I stop it ({what}).", what=what)


def over_its_limit(minutes: int, engine: Inert) -> Inert:
    return phrase(
        "This attempt has had a machine for {minutes:,} min, over its time limit, and {engine} has not ended it. I do.",
        minutes=minutes,
        engine=engine,
    )


def card_line(warned: Warned) -> Inert:
    """`**silent for 31 min** · ends at 14:20 unless somebody clicks Leave it`."""
    trials = EMPTY if warned.of_whole else phrase("{trials}: ", trials=_numbers(warned))
    return phrase(
        "{trials}**{what}** · ends at {at} unless somebody clicks Leave it",
        trials=trials,
        what=short(warned) if trials or warned.name else capital(short(warned)),
        at=clock_time(warned.ends_at),
    )


def still_running(name: str, engine_id: str, minutes: int, engine: Inert) -> Inert:
    """Every hour, of a stop that the engine accepts and does not carry out."""
    return phrase(
        "{name} was to be stopped {minutes:,} min ago, and {engine} still has it: {engine_id}. Its machine may be "
        "billed. Ask an admin to look at it there; I keep asking {engine} to end it.",
        name=escape(name, NAME),
        minutes=minutes,
        engine=engine,
        engine_id=code(engine_id),
    )


def orphan_found(name: str, engine_id: str, why: str, minutes: int, engine: Inert) -> Inert:
    """In the first channel. `why` is one of the bot's own."""
    return phrase(
        "{engine} runs {name} ({engine_id}) under this bot's name, and I can't take it over: {why}. Nobody can see or "
        "stop it here. I end it in {minutes:,} min. To keep it, put its project back into the config.",
        engine=engine,
        name=code(name, 120),
        engine_id=code(engine_id),
        why=escape(why, 100),
        minutes=minutes,
    )


def orphan_ended(name: str, engine_id: str, engine: Inert) -> Inert:
    return phrase(
        "I asked {engine} to end {name} ({engine_id}), which nobody could see or stop.",
        engine=engine,
        name=code(name, 120),
        engine_id=code(engine_id),
    )


def trial_names(owner: str, numbers: Sequence[int]) -> str:
    """`k7q2mx.3 and 11 more`, as plain text."""
    more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
    return f"{owner}.{numbers[0]}{more}"


def nothing_to_leave(name: str) -> str:
    return f"{name} has no warning that stands."


def clock_time(at: float) -> Inert:
    """In each reader's own time zone. https://docs.discord.com/developers/reference#message-formatting"""
    return phrase("<t:{at}:t>", at=round(at))


def _warning_line(owner: str, warned: Warned) -> Inert:
    text = GUARD_TEXTS[warned.condition]
    more = len(warned.trials) > 1
    return phrase(
        "**{name}** {needs} a look: {found}. {advice}{waits}",
        name=_names(owner, warned),
        needs=phrase("need") if more else phrase("needs"),
        found=phrase(text.found, **_fields(warned)),
        advice=phrase(text.advice),
        waits=phrase(" {status} shows more.", status=command("status", f"job:{owner}")) if more else EMPTY,
    )


def _names(owner: str, warned: Warned) -> Inert:
    """`k7q2mx`, `k7q2mx.3`, `12 trials of k7q2mx (.3 .4 …)`."""
    if warned.of_whole:
        return escape(owner, NAME)
    if len(warned.trials) == 1:
        return escape(f"{owner}.{warned.trials[0]}", NAME)
    return phrase(
        "{count:,} trials of {owner} ({trials})",
        count=len(warned.trials),
        owner=escape(owner, NAME),
        trials=_numbers(warned),
    )


def _numbers(warned: Warned) -> Inert:
    return joined([phrase(".{number}", number=number) for number in warned.trials], " ", 80)


def _fields(warned: Warned) -> dict[str, Inert | float]:
    return {
        "minutes": max(1, round(warned.seconds / 60)),
        "name": escape(warned.name, NAME),
        "value": escape(written(warned.value), NAME),
    }
