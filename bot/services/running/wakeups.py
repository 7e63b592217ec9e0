"""Wake loops early: one table from what a commit changed to the loops that it concerns.

Wake-ups are hints. Without them every loop would still find its work, because it reads the store every few seconds.
"""

import asyncio
from collections.abc import Iterator, Mapping
from enum import StrEnum

from bot.domain.model.publication import Publication
from bot.domain.model.rows import Posted, Row, Submitted
from bot.domain.model.states import JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.ports.store import Written


class Changed(StrEnum):
    """What a commit, or a call to the engine, may change."""

    JOB_REQUESTED = "a job or a submission waits to be handed to the engine"
    SWEEP_CONFIRMED = "a sweep was confirmed"
    SUBMITTED = "the engine has taken a job or a submission"
    STATE = "a job or a submission has moved to another state or attempt"
    ENDED = "a job has ended"
    STOP_REQUESTED = "somebody asked to stop a job or a sweep"
    TERMINATED = "the engine was asked to end a job or a trial"
    LINES_STORED = "new log lines are in the store"
    LINES_POSTED = "log lines are on their way to the thread"
    THREAD_STARTED = "a thread is there"
    TRIAL_STOPPED = "somebody asked to stop one trial"
    TRIAL_RUNS = "a trial is on a machine"
    TRIAL_REPORTED = "a running trial has reported its metric"
    TRIAL_ENDED = "a trial has ended, and its results have not been read"
    TRIAL_SETTLED = "a trial has ended, and its results have been read"
    HELD = "nothing more of a sweep is to be submitted"
    RELEASED = "a sweep may go on"
    TRIAL_LEAVES = "a trial is to be taken back before it starts"
    MESSAGE = "a message waits to be sent, or a card is out of date"


WAKES: Mapping[Changed, tuple[str, ...]] = {
    Changed.JOB_REQUESTED: ("launch",),
    Changed.SWEEP_CONFIRMED: ("dispatch", "refresh_board"),
    Changed.SUBMITTED: ("track_jobs", "stop"),
    Changed.STATE: ("tail", "track_trials"),
    Changed.ENDED: ("announce_result",),
    Changed.STOP_REQUESTED: ("stop", "announce_sweep"),
    Changed.TERMINATED: ("track_jobs",),
    Changed.LINES_STORED: ("post_lines",),
    Changed.LINES_POSTED: ("archive",),
    Changed.THREAD_STARTED: ("post_lines",),
    Changed.TRIAL_STOPPED: ("prune",),
    Changed.TRIAL_RUNS: ("stream_metrics", "refresh_board"),
    Changed.TRIAL_REPORTED: ("prune", "hold_sweeps"),
    Changed.TRIAL_ENDED: ("collect_results", "dispatch", "refresh_board"),
    Changed.TRIAL_SETTLED: ("hold_sweeps", "dispatch", "announce_sweep", "refresh_board"),
    Changed.HELD: ("hold_sweeps",),
    Changed.RELEASED: ("dispatch",),
    Changed.TRIAL_LEAVES: ("prune",),
    Changed.MESSAGE: ("deliver",),
}
LOOPS = tuple(sorted({name for names in WAKES.values() for name in names}))


class Wakeup:
    """Ends a loop's wait early. Any number of wakes before a wait count as one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Returns when woken, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()


class Wakeups:
    """One wake-up for each loop of `WAKES`."""

    def __init__(self) -> None:
        self._by_loop = {name: Wakeup() for name in LOOPS}

    def of(self, loop: str) -> Wakeup:
        """KeyError for a loop that nothing wakes."""
        return self._by_loop[loop]

    def changed(self, *changes: Changed) -> None:
        for loop in {loop for change in changes for loop in WAKES[change]}:
            self._by_loop[loop].wake()

    def committed(self, written: Written) -> None:
        """Wake the loops that a commit concerns. The store calls it after each one."""
        self.changed(*changes(written))


def changes(written: Written) -> set[Changed]:
    found = {change for before, after in written.rows for change in _row_changes(before, after)}
    found |= {change for trial in written.trials if (change := _trial_change(trial)) is not None}
    if written.posts:
        found.add(Changed.MESSAGE)
    if written.lines:
        found.add(Changed.LINES_STORED)
    return found


def _row_changes(before: Row | None, after: Row) -> Iterator[Changed]:
    if before is None:
        yield _added(after)
        return
    old, new = before.execution, after.execution
    if new.stop is not None and old.stop is None:
        yield Changed.STOP_REQUESTED
    if old.live and not new.live:
        yield Changed.ENDED
    if isinstance(after, Sweep) and new.hold != old.hold:
        yield Changed.HELD if new.hold is not None else Changed.RELEASED
    if isinstance(before, Submitted) and isinstance(after, Submitted):
        yield from _engine_changes(before, after)
    if isinstance(before, Posted) and isinstance(after, Posted):
        yield from _publication_changes(before.publication, after.publication)


def _added(row: Row) -> Changed:
    if isinstance(row, Sweep):
        return Changed.SWEEP_CONFIRMED
    return Changed.JOB_REQUESTED if row.execution.engine_id is None else Changed.SUBMITTED


def _engine_changes(before: Submitted, after: Submitted) -> Iterator[Changed]:
    old, new = before.execution, after.execution
    if new.engine_id != old.engine_id:
        yield Changed.SUBMITTED
    if (new.state, new.attempts, _children(after)) != (old.state, old.attempts, _children(before)):
        yield Changed.STATE


def _children(row: Submitted) -> Mapping[JobState, int]:
    return row.children if isinstance(row, Submission) else {}


def _publication_changes(old: Publication, new: Publication) -> Iterator[Changed]:
    if new.outdated:
        yield Changed.MESSAGE
    if new.thread_id and not old.thread_id:
        yield Changed.THREAD_STARTED
    if new.lines_posted > old.lines_posted:
        yield Changed.LINES_POSTED


def _trial_change(trial: Trial) -> Changed | None:
    """What a trial, as it was just written, means for other services."""
    if trial.ended:
        return Changed.TRIAL_SETTLED if trial.measured else Changed.TRIAL_ENDED
    if trial.stop_by is not None:
        return Changed.TRIAL_STOPPED
    if trial.leaving:
        return Changed.TRIAL_LEAVES
    if trial.state is not JobState.RUNNING:
        return None
    return Changed.TRIAL_REPORTED if trial.reports else Changed.TRIAL_RUNS
