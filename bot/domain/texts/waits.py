"""Why a job waits for a machine, and what to do about it: one row for each cause."""

from dataclasses import dataclass

from bot.domain.inert import EMPTY, Inert, capital, code, phrase
from bot.domain.model.execution import Execution
from bot.domain.model.states import WaitCause
from bot.domain.texts.command_names import commands

REASON_LENGTH = 300
"""Characters shown of the engine's own words."""


@dataclass(frozen=True, slots=True)
class WaitText:
    """Templates for `phrase`; both may use {engine}, and `advice` {stop} and the other `commands`."""

    meaning: str
    advice: str
    """What to do if it stays so."""


WAITS: dict[WaitCause, WaitText] = {
    WaitCause.NO_CAPACITY: WaitText(
        "No machine of this kind is free right now. {engine} keeps trying.",
        "If it takes too long, an admin can allow more instance types, or move the queue to on-demand machines.",
    ),
    WaitCause.QUEUE_TOO_SMALL: WaitText(
        "The job asks for more vCPUs than this queue may have, so it cannot start.",
        "Ask an admin to lower the job definition's vCPUs, or to raise the queue's maximum.",
    ),
    WaitCause.MACHINES_TOO_SMALL: WaitText(
        "No machine of this queue is large enough, so the job cannot start.",
        "Ask an admin to lower the memory or the number of GPUs in the job definition.",
    ),
    WaitCause.MACHINES_UNSUPPORTED: WaitText(
        "{engine} cannot start this kind of machine: the region or its zones may not have it.",
        "Ask an admin to check the queue's instance types, zones and launch template.",
    ),
    WaitCause.NO_PERMISSION: WaitText(
        "{engine} may not start machines: it lacks a permission.",
        "Ask an admin to check the service role of the compute environment.",
    ),
    WaitCause.QUEUE_INVALID: WaitText(
        "The queue's compute environments are invalid, so no job of this queue can start.",
        "Ask an admin to run `signalbox doctor`: it shows what is wrong with them.",
    ),
    WaitCause.UNDETERMINED: WaitText(
        "{engine} cannot tell why the job does not start.",
        "An admin can look into it with `signalbox doctor`. Often the account's quota is used up.",
    ),
    WaitCause.OTHER: WaitText(
        "The job has not started for another reason.",
        "An admin can look into it with `signalbox doctor`.",
    ),
    WaitCause.NO_REASON: WaitText(
        "{engine} gives no reason. Most often no machine is free, or the account's quota or its Free plan allows none.",
        "Waiting costs nothing; {stop} ends the job. `signalbox doctor` shows an admin quota and plan.",
    ),
}
NEXT_MACHINE = "The machine was taken away. The job continues on another one from its last checkpoint."
NORMAL_WAIT = "It starts as soon as a machine is free. Waiting costs nothing."


def wait_line(execution: Execution, engine: Inert) -> Inert:
    """For the card of a waiting job: one line."""
    cause = _cause(execution)
    if cause is WaitCause.NO_REASON:
        return phrase(NEXT_MACHINE) if execution.attempts_ended else phrase(NORMAL_WAIT)
    if cause is WaitCause.OTHER:
        return _own_words(execution, engine)
    return phrase(WAITS[cause].meaning, engine=capital(engine))


def wait_note(execution: Execution, minutes: int, engine: Inert) -> Inert:
    """For the thread of a job that has waited long. The engine's own words are the last line, for an admin."""
    cause = _cause(execution)
    text, silent = WAITS[cause], cause is WaitCause.NO_REASON or not execution.status_reason
    return phrase(
        "Waiting for a machine for {minutes:,} min. {meaning} {advice}{reason}",
        minutes=minutes,
        meaning=phrase(text.meaning, engine=capital(engine)),
        advice=phrase(text.advice, **commands()),
        reason=EMPTY if silent else phrase("\n{words}", words=_own_words(execution, engine)),
    )


def note_key(execution: Execution) -> str:
    """Key of the note on why this job waits: one note per cause and attempt. Empty if it is not waiting."""
    return f"{execution.attempts_ended}:{_cause(execution)}" if execution.state.waiting else ""


def _own_words(execution: Execution, engine: Inert) -> Inert:
    reason = code(execution.status_reason, REASON_LENGTH)
    return phrase("{engine} says: {reason}", engine=capital(engine), reason=reason)


def _cause(execution: Execution) -> WaitCause:
    """A row that an older version wrote has a reason without a cause, until the engine is asked again."""
    return execution.wait or (WaitCause.OTHER if execution.status_reason else WaitCause.NO_REASON)
