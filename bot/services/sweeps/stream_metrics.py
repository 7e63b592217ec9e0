"""Listen to the trials that run: what they tell of the metric, before their `metrics.csv` settles it.

The lines are kept nowhere: of each trial only the metric by epoch, so that reading a line twice is harmless.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from bot.domain.clock import passed
from bot.domain.logs.log_lines import LogEvent
from bot.domain.metrics.progress_rows import parse_line
from bot.domain.model.plan import Plan
from bot.domain.model.states import JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.sweeps.reported_rows import Word, heard, word
from bot.errors import ServiceError
from bot.ports.logs import Logs
from bot.services.logs.streams import EARLY_MS, Reader, Stream
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.running.core import Core
from bot.services.sweeps.trial_book import TrialBook

OVERLAP_MS = 10_000
"""Events come nearly in order: how far each read goes back."""
MOST = 200
"""Trials of a sweep that are listened to, those that have run the longest first: two calls."""
MOST_COMPARED = 2_000
"""The same where losers are stopped, each of which may be one."""
DRAIN_SECONDS = 60.0
"""For how long after its end a trial is listened to that others are compared with."""


class StreamMetrics:
    def __init__(self, core: Core, logs: Logs, trials: TrialBook, pace: AdaptivePace) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._trials = trials
        self._reader = Reader(logs, pace, now=core.now)
        self._places: dict[str, Stream[int]] = {}

    async def once(self) -> None:
        """Reads what is new of every live sweep. One that cannot be read holds up no other."""
        failure: ServiceError | None = None
        places: dict[str, Stream[int]] = {}
        for sweep in await self._store.unfinished_sweeps():
            if not sweep.execution.live:
                continue
            try:
                chosen = self._chosen(sweep.plan, (await self._trials.all(sweep.id)).values())
                streams = [self._place(trial) for trial in chosen]
                places.update({stream.name: stream for stream in streams})
                await self._sweep(sweep, streams)
            except ServiceError as error:
                failure = error
        self._places = places
        if failure is not None:
            raise failure

    def _chosen(self, plan: Plan, trials: Iterable[Trial]) -> list[Trial]:
        heard = [trial for trial in trials if trial.streams and (_runs(trial) or self._drains(plan, trial))]
        most = MOST_COMPARED if plan.stop_losers else MOST
        return heapq.nsmallest(most, heard, key=lambda trial: trial.started_at or 0.0)

    def _drains(self, plan: Plan, trial: Trial) -> bool:
        """Its last lines become readable some seconds after its end."""
        return plan.stop_losers and trial.ended and not passed(trial.ended_at or 0.0, DRAIN_SECONDS, self._now())

    def _place(self, trial: Trial) -> Stream[int]:
        """Of its last attempt; what those before it told has been heard."""
        begin = int((trial.started_at or 0.0) * 1000) - EARLY_MS
        name = trial.streams[-1]
        return self._places.get(name) or Stream(name, trial.number, begin)

    async def _sweep(self, sweep: Sweep, streams: Sequence[Stream[int]]) -> None:
        """One transaction, of all that could be read."""
        project, words = self._projects[sweep.run.project], dict[int, list[Word]]()

        async def keep(events: Mapping[int, Sequence[LogEvent]]) -> int:
            for number, theirs in events.items():
                words.setdefault(number, []).extend(_words(theirs, project.metric))
            return 0

        try:
            await self._reader.read(project.log_group, streams, OVERLAP_MS, keep)
        finally:
            changed = {
                number: partial(heard, words=told, plan=sweep.plan, goal=project.goal)
                for number, told in words.items()
                if told
            }
            if changed:
                await self._trials.update(sweep, changed)


def _runs(trial: Trial) -> bool:
    return trial.state is JobState.RUNNING


def _words(events: Iterable[LogEvent], metric: str) -> list[Word]:
    rows = (parse_line(event.message) for event in events if event.message.startswith("@"))
    return [word(row, metric) for row in rows if row is not None]
