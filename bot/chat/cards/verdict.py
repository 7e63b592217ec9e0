"""How a job ended, in words: the first line of the message that tells it, and what to do about it."""

from bot.chat.cards import sweep_verdict
from bot.chat.cards.inert import cut_blocks, escape
from bot.chat.cards.units import duration, number
from bot.chat.limits import CONTENT_CHARACTERS
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.project import Project

DETAIL = 300

_FAILURES: dict[EndReason, str] = {
    EndReason.COMMAND_FAILED: "failed: {how} after {took}",
    EndReason.SETUP_FAILED: "failed before the training began, after {took}",
    EndReason.STOPPED: "was stopped{by} after {took}",
    EndReason.TIMED_OUT: "failed: it reached its time limit of {limit}",
    EndReason.HOST_LOST: "failed: AWS took its machine away{times}, after {took} in all",
    EndReason.OUT_OF_MEMORY: "failed: it ran out of memory after {took}",
    EndReason.IMAGE_NOT_PULLED: "failed: its image could not be pulled",
    EndReason.NOT_STARTED: "failed: its container did not start",
    EndReason.NOT_SUBMITTED: "failed: AWS Batch did not take it",
    EndReason.LOST: "is lost: AWS Batch does not know it any more",
}
_ADVICE: dict[EndReason, str] = {
    EndReason.SUCCEEDED: "",
    EndReason.COMMAND_FAILED: "The thread has the whole log. Push a fix and `/train` again; Retry runs this commit.",
    EndReason.SETUP_FAILED: "The training never began: its code could not be fetched, or what it needs not installed. "
    "The thread has the log.",
    EndReason.STOPPED: "What it had done is kept: `/artifacts`. Retry begins anew.",
    EndReason.TIMED_OUT: "What it had done is kept: `/artifacts`. Train for fewer epochs, or have an admin raise the "
    "project's `timeout_minutes`.",
    EndReason.HOST_LOST: "AWS took the machine back each time. Retry when there is more room, or have an admin move "
    "the queue to on-demand machines.",
    EndReason.OUT_OF_MEMORY: "A smaller batch needs less memory; an admin can give the job definition more.",
    EndReason.IMAGE_NOT_PULLED: "An admin should look at the job definition's image, and whether the machines may "
    "pull it.",
    EndReason.NOT_STARTED: "Retry may help. If it does not, an admin should look at the job definition.",
    EndReason.NOT_SUBMITTED: "Nothing was started. An admin should run `signalbox doctor`; then Retry.",
    EndReason.LOST: "How it ended was not seen. What it left is in `/artifacts`; Retry runs it again.",
}


def content(job: Job, project: Project | None, body: str) -> str:
    """The whole message on an end: the verdict, who asked, `body` (inert already) and what to do."""
    head = "\n".join([f"{verdict(job, project)} <@{job.asker_id}>", *_notes(job, project)])
    advice = _advice(job)
    room = CONTENT_CHARACTERS - len(head) - len(advice) - 2
    return "\n".join(filter(None, (head, cut_blocks(body.strip(), room), advice)))


def verdict(job: Job, project: Project | None) -> str:
    """One line: `k7q2mx succeeded: val_accuracy 96.7 at epoch 6 of 10, 4 min 31 s`."""
    return f"{job.id} {ending(job, project)}"


def ending(job: Job, project: Project | None) -> str:
    """The verdict without the job's id: `failed: exit code 1 after 12 s — ValueError: …`."""
    if job.sweep is not None:
        return sweep_verdict.ending(job, job.sweep, project, ran_seconds(job))
    if _reason(job) is EndReason.SUCCEEDED:
        best = _best(job, project)
        return f"succeeded: {best}, {_took(job)}" if best else f"succeeded in {_took(job)}"
    detail = escape(job.detail, DETAIL)
    return f"{_failure(job)} — {detail}" if detail else _failure(job)


def ran_seconds(job: Job) -> float:
    """How long it ran; from the command on where it never ran, and 0 while it is not known."""
    return max(0.0, (job.ended_at or job.created_at) - (job.started_at or job.created_at))


def _notes(job: Job, project: Project | None) -> list[str]:
    return sweep_verdict.notes(job.sweep, project) if job.sweep is not None else []


def _advice(job: Job) -> str:
    return sweep_verdict.advice(job, job.sweep) if job.sweep is not None else _ADVICE[_reason(job)]


def _failure(job: Job) -> str:
    times = len(job.attempts)
    return _FAILURES[_reason(job)].format(
        how="the command failed" if job.exit_code is None else f"exit code {job.exit_code}",
        took=_took(job),
        by=f" by {escape(job.stop_by, 40)}" if job.stop_by else "",
        limit=duration(job.timeout_seconds),
        times=f" {times} times" if times > 1 else "",
    )


def _best(job: Job, project: Project | None) -> str:
    progress = job.progress
    if project is None or progress.best is None:
        return ""
    at = f" at epoch {progress.best_epoch}" if progress.best_epoch is not None else ""
    of = f" of {progress.epochs}" if at and progress.epochs is not None else ""
    return f"{escape(project.metric, 40)} {number(progress.best)}{at}{of}"


def _took(job: Job) -> str:
    return duration(ran_seconds(job))


def _reason(job: Job) -> EndReason:
    return job.reason or EndReason.LOST
