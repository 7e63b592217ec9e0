"""Why a job waits for a machine, and what to do about it: one row for each cause.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.inert import Inert, capital, phrase
from bot.domain.model.execution import Execution


class WaitCause(StrEnum):
    """The values are beginnings of the engine's reason for a waiting job. They are part of the notes' keys."""

    NO_CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE"
    QUEUE_TOO_SMALL = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX"
    MACHINES_TOO_SMALL = "MISCONFIGURATION:JOB_RESOURCE"
    NO_PERMISSION = "MISCONFIGURATION:SERVICE_ROLE"
    UNKNOWN = "no reason"


@dataclass(frozen=True, slots=True)
class WaitText:
    """Templates for `phrase`; both may use {engine}."""

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
    WaitCause.NO_PERMISSION: WaitText(
        "{engine} may not start machines: it lacks a permission.",
        "Ask an admin to check the service role of the compute environment.",
    ),
    WaitCause.UNKNOWN: WaitText(
        "{engine} gives no reason. Most often no machine is free, or the queue's machines are disabled or invalid.",
        "Waiting costs nothing; `/stop` ends the job. An admin can look into it with `signalbox doctor`.",
    ),
}
NEXT_MACHINE = "The machine was taken away. The job continues on another one from its last checkpoint."
NORMAL_WAIT = "It starts as soon as a machine is free. Waiting costs nothing."


def wait_line(execution: Execution, engine: Inert) -> Inert:
    """For the card of a waiting job: one line."""
    cause = _cause(execution)
    if cause is WaitCause.UNKNOWN:
        return phrase(NEXT_MACHINE) if execution.attempts_ended else phrase(NORMAL_WAIT)
    return phrase(WAITS[cause].meaning, engine=capital(engine))


def wait_note(execution: Execution, minutes: int, engine: Inert) -> Inert:
    """For the thread of a job that has waited long."""
    text = WAITS[_cause(execution)]
    return phrase(
        "Waiting for a machine for {minutes:,} min. {meaning} {advice}",
        minutes=minutes,
        meaning=phrase(text.meaning, engine=capital(engine)),
        advice=phrase(text.advice),
    )


def note_key(execution: Execution) -> str:
    """Key of the note on why this job waits: one note per cause and attempt. Empty if it is not waiting."""
    return f"{execution.attempts_ended}:{_cause(execution)}" if execution.state.waiting else ""


def _cause(execution: Execution) -> WaitCause:
    return next((cause for cause in WaitCause if execution.status_reason.startswith(cause)), WaitCause.UNKNOWN)
