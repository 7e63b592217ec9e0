"""Read the metrics that running trials report in their logs, before their `metrics.csv` settles them.

The lines are not stored: of each trial only the metric by epoch, so reading a line twice is harmless.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from bot.domain.clock import passed
from bot.domain.goal import Goal
from bot.domain.logs.log_lines import LogEvent
from bot.domain.metrics.progress_rows import parse_line
from bot.domain.model.plan import Plan
from bot.domain.model.states import JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.project import Project
from bot.domain.sweeps.reported_rows import MetricRow, row_for_sweep, with_rows
from bot.domain.sweeps.resumed_trials import in_attempt
from bot.ports.logs import Logs
from bot.services.logs.log_reader import LogReader
from bot.services.logs.streams import EARLY_MS, Stream, StreamReader
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.running.core import Core
from bot.services.running.for_each import for_each
from bot.services.running.pending import live
from bot.services.sweeps.trial_book import TrialBook

OVERLAP_MS = 10_000
"""Events come nearly in order: each read goes back this far."""
MAX_TRIALS = 200
"""Trials of a sweep whose logs are read, those that have run the longest first: two calls."""
MAX_COMPARED = 2_000
"""The same where losers are stopped, as each trial may be one."""
DRAIN_SECONDS = 60.0
"""Where losers are stopped, read a trial's log for this long after its end: others are compared with it."""
Step = Callable[[Trial], Trial]


class StreamMetrics:
    """Takes up live sweeps."""

    def __init__(self, core: Core, logs: Logs, trials: TrialBook, pace: AdaptivePace) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._trials = trials
        self._signs = core.signs
        self._reader = StreamReader(LogReader(logs, pace), now=core.now, signs=core.signs)
        self._streams: dict[str, Stream[int]] = {}

    async def once(self) -> None:
        """Read what is new of every live sweep. A failure holds up no other sweep."""
        current: dict[str, Stream[int]] = {}

        async def read(sweep: Sweep) -> None:
            chosen = self._chosen(sweep.plan, (await self._trials.all(sweep.id)).values())
            streams = [self._stream(trial) for trial in chosen]
            current.update({stream.name: stream for stream in streams})
            await self._read(sweep, streams)

        try:
            await for_each(live(await self._store.unfinished_sweeps()), read)
        finally:
            self._streams = current

    def _chosen(self, plan: Plan, trials: Iterable[Trial]) -> list[Trial]:
        readable = [trial for trial in trials if trial.streams and (_runs(trial) or self._drains(plan, trial))]
        most = MAX_COMPARED if plan.stop_losers else MAX_TRIALS
        return heapq.nsmallest(most, readable, key=lambda trial: trial.started_at or 0.0)

    def _drains(self, plan: Plan, trial: Trial) -> bool:
        """Its last lines become readable some seconds after its end."""
        return plan.stop_losers and trial.ended and not passed(trial.ended_at or 0.0, DRAIN_SECONDS, self._now())

    def _stream(self, trial: Trial) -> Stream[int]:
        """The stream of its last attempt; the ones before it have been read."""
        start = int((trial.started_at or 0.0) * 1000) - EARLY_MS
        name = trial.streams[-1]
        return self._streams.get(name) or Stream(name, trial.number, start)

    async def _read(self, sweep: Sweep, streams: Sequence[Stream[int]]) -> None:
        """Commit everything that could be read in one transaction, also if the read fails halfway."""
        project, rows = self._projects[sweep.run.project], dict[int, list[MetricRow]]()

        async def collect(events: Mapping[int, Sequence[LogEvent]]) -> int:
            for number, events_of_trial in events.items():
                rows.setdefault(number, []).extend(self._rows(events_of_trial, project))
            return 0

        try:
            await self._reader.read(project.log_group, streams, OVERLAP_MS, collect)
        finally:
            changed = {
                number: partial(
                    with_rows, rows=reported, plan=sweep.plan, goal=project.goal, fixed=sweep.run.parameters
                )
                for number, reported in rows.items()
                if reported
            }
            goal, names = project.goal, {stream.owner: stream.name for stream in streams}
            if changed:
                steps = {each: _resumed(add, names[each], rows[each], goal) for each, add in changed.items()}
                await self._trials.update(sweep, steps)

    def _rows(self, events: Iterable[LogEvent], project: Project) -> list[MetricRow]:
        rows = []
        for event in events:
            if (report := parse_line(event.message, project.columns)) is not None:
                self._signs.reported(event, report.values, project.metric, project.guard.diverged_factor)
                rows.append(row_for_sweep(report, project.metric))
        return rows


def _resumed(add: Step, stream: str, rows: Sequence[MetricRow], goal: Goal) -> Step:
    """Forget what a lost attempt reported, then add the rows."""
    return lambda trial: add(in_attempt(trial, stream, rows, goal))


def _runs(trial: Trial) -> bool:
    return trial.state is JobState.RUNNING
