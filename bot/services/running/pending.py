"""What makes each service take up a job, a sweep or a trial: the state machine of the bot, written once.

Every loop reads the unfinished rows and picks its own with one of these functions. What it then does changes the row
so that it is not picked again.
"""

from collections.abc import Iterable

from bot.domain.model.execution import Lifecycle, Stop
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted, Row, Submitted
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.money.hold import Hold, HoldKind
from bot.domain.texts.waits import note_key


# ---- jobs, sweeps and submissions ------------------------------------------------------------------------
def to_launch(rows: Iterable[Row]) -> list[Submitted]:
    """The engine has not taken it yet, and nothing holds it; or an answer of the engine was lost, so it may have."""
    intents = [row for row in rows if isinstance(row, Submitted) and row.execution.state is JobState.INTENT]
    return [row for row in intents if row.execution.hold is None or not row.execution.never_submitted]


def awaiting_approval(rows: Iterable[Row]) -> list[tuple[Posted, Hold]]:
    """A second person is asked, nobody has asked to stop it, and it surely is not at the engine."""
    waiting = [(row, hold) for row in rows if isinstance(row, Posted) and (hold := row.execution.hold) is not None]
    return [
        (row, hold)
        for row, hold in waiting
        if hold.kind is HoldKind.APPROVAL
        and row.execution.live
        and row.execution.stop is None
        and (isinstance(row, Sweep) or row.execution.never_submitted)
    ]


def awaiting_price(rows: Iterable[Row]) -> list[tuple[Job, Hold]]:
    """It waits for a spot price, nobody has asked to stop it, and it surely is not at the engine."""
    waiting = [(row, hold) for row in rows if isinstance(row, Job) and (hold := row.execution.hold) is not None]
    return [
        (job, hold)
        for job, hold in waiting
        if hold.kind is HoldKind.PRICE
        and job.execution.live
        and job.execution.stop is None
        and job.execution.never_submitted
    ]


def held_for_failures(row: Row) -> Hold | None:
    """The hold of a sweep whose trials failed alike, while somebody may still decide about it."""
    hold, execution = row.execution.hold, row.execution
    waits = isinstance(row, Sweep) and execution.live and execution.stop is None
    return hold if waits and hold is not None and hold.kind is HoldKind.FAILURES else None


def to_track(rows: Iterable[Row]) -> list[Submitted]:
    """The engine has taken it, and it has not ended."""
    return [row for row in rows if isinstance(row, Submitted) and row.execution.live and row.execution.engine_id]


def to_stop(rows: Iterable[Row]) -> list[tuple[Row, Stop]]:
    """Somebody has asked to stop it, and it has not ended."""
    return [(row, stop) for row in rows if row.execution.live and (stop := row.execution.stop) is not None]


def to_tail(rows: Iterable[Row]) -> list[Job]:
    """It has a log, which is not archived yet. The logs of trials are not stored."""
    jobs = [row for row in rows if isinstance(row, Job)]
    return [job for job in jobs if job.execution.streams and job.publication.archived_at is None]


def to_announce(rows: Iterable[Row]) -> list[Job]:
    """It has ended, and its result is not committed yet."""
    return [row for row in rows if isinstance(row, Job) and not row.execution.live and unannounced(row)]


def to_archive(rows: Iterable[Row]) -> list[Posted]:
    """Its result is committed, and its log is not archived yet."""
    posted = [row for row in rows if isinstance(row, Posted)]
    return [row for row in posted if not unannounced(row) and row.publication.archived_at is None]


def waiting_alone(rows: Iterable[Row]) -> list[Submitted]:
    """It waits for a machine. An array does not show that by itself: see `waiting_arrays`."""
    return [row for row in rows if isinstance(row, Submitted) and waits(row)]


def waiting_arrays(rows: Iterable[Row]) -> list[Submission]:
    """Some of its trials wait for a machine, and none has one."""
    return [row for row in rows if isinstance(row, Submission) and all_wait(row)]


def waits(job: Submitted) -> bool:
    return bool(note_key(job.execution)) and _undisturbed(job.execution)


def all_wait(array: Submission) -> bool:
    if not array.execution.live or not _undisturbed(array.execution):
        return False
    found = [state for state, count in array.children.items() if count]
    return any(state.waiting for state in found) and not any(state.on_a_machine for state in found)


def _undisturbed(execution: Lifecycle) -> bool:
    """Nobody has asked to stop it, and the engine answers for it."""
    return execution.stop is None and execution.unanswered_since is None


# ---- sweeps and their trials -----------------------------------------------------------------------------
def live(sweeps: Iterable[Sweep]) -> list[Sweep]:
    """Its trials are tracked, measured while they run, stopped and reported."""
    return [sweep for sweep in sweeps if sweep.execution.live]


def to_dispatch(sweeps: Iterable[Sweep]) -> list[Sweep]:
    """It may still need submissions."""
    return [sweep for sweep in live(sweeps) if sweep.execution.stop is None and sweep.execution.hold is None]


def unannounced(posted: Posted) -> bool:
    """Its result is not committed yet. Of a sweep, trials may still be measured."""
    return posted.publication.result.committed_at is None


def board_outdated(sweep: Sweep) -> bool:
    """Its picture is older than its card. There is none of a sweep that waits for approval or was not approved."""
    never_ran = awaiting_approval([sweep]) or sweep.execution.reason is EndReason.NOT_APPROVED
    return not never_ran and sweep.board.painted_revision < sweep.publication.revision


def to_collect(trials: Iterable[Trial]) -> list[Trial]:
    """It has ended, and its results have not been read yet."""
    return [trial for trial in trials if trial.ended and not trial.measured]


def to_report(trials: Iterable[Trial]) -> list[Trial]:
    """It is settled and not reported in the thread yet. Trials of an earlier sweep were reported there."""
    return [trial for trial in trials if trial.settled and not trial.announced and not trial.source]


def to_end(trials: Iterable[Trial]) -> list[tuple[Trial, str]]:
    """Successive halving or a person has stopped it, or its sweep is held before it has started, and it has not ended.
    With its engine id."""
    stopped = [trial for trial in trials if not trial.ended and (trial.pruned_at or trial.stop_by or trial.leaving)]
    return [(trial, trial.engine_id) for trial in stopped if trial.engine_id is not None]
