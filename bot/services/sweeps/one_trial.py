"""Show, stop or plot one trial of a sweep, or train its point again as a job of its own."""

from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import nsmallest
from itertools import chain, islice

from bot.domain.access import Person
from bot.domain.job_names import parse
from bot.domain.logs.log_lines import LogEvent, readable
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.project import Project, configured
from bot.domain.sweeps.leaderboard import as_job
from bot.errors import BadInput, Missing, SignalboxError, UnknownName, UserError
from bot.ports.engine import Engine
from bot.ports.logs import Logs
from bot.services.jobs.find import Find, LogExcerpt, shortened
from bot.services.jobs.plot import MOST_JOBS, Picture, Plot
from bot.services.jobs.stop import Stop
from bot.services.jobs.submit import Submit, TrainRequest
from bot.services.logs.log_reader import LogReader
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.sweeps.trial_book import TrialBook

MAX_PAGES = 30
"""Pages to read of a trial's log, from its beginning."""

_INTEREST = tuple(dict.fromkeys((TrialState.RUNNING, TrialState.FAILED, *TrialState)))
"""The order in which autocomplete offers trials: those that run, those that failed, then the others."""


class OneTrial:
    """Called by the chat: commands on `<sweep>.<number>`."""

    def __init__(self, find: Find, trials: TrialBook, plot: Plot, submit: Submit, stop: Stop, log: "TrialLog") -> None:
        self._find, self._trials, self._plot, self._submit = find, trials, plot, submit
        self._stop, self._log = stop, log

    async def trial(self, sweep_id: str, number: int, person: Person) -> tuple[Sweep, Trial]:
        """The sweep and its trial, also one that nothing is known about yet; raises `UnknownName`."""
        sweep = await self._find.job(sweep_id, person)
        if not isinstance(sweep, Sweep):
            raise UserError(f"{sweep.id} is a single job. Leave out the dot and the number.")
        if not 0 <= number < sweep.plan.trials:
            last = sweep.plan.trials - 1
            raise UnknownName("trial", given=f"{sweep.id}.{number}", hint=f"It has {sweep.id}.0 to {sweep.id}.{last}.")
        known = await self._trials.read_once(sweep.id, [number])
        return sweep, known.get(number) or Trial(number)

    async def matching(self, sweep_id: str, digits: str, person: Person, limit: int = 25) -> list[tuple[Sweep, Trial]]:
        """Autocomplete: some trials whose number begins with `digits`, the best first, then running and failed ones.

        Never raises.
        """
        try:
            sweep = await self._find.job(sweep_id, person)
            if not isinstance(sweep, Sweep):
                return []
            likely = _likely(sweep, digits, limit)
            known = await self._trials.read_once(sweep.id, likely) if likely else {}
        except SignalboxError:
            return []
        best = [leader.number for leader in sweep.tally.leaders]
        found = [trial for trial in known.values() if str(trial.number).startswith(digits)]

        def interest(trial: Trial) -> tuple[int, int]:
            rank = best.index(trial.number) if trial.number in best else len(best)
            return rank, _INTEREST.index(trial.shown)

        return [(sweep, trial) for trial in nsmallest(limit, found, key=interest)]

    async def log(self, sweep_id: str, number: int, lines: int, person: Person) -> LogExcerpt:
        """The last `lines` lines that it printed, read from CloudWatch."""
        sweep, trial = await self.trial(sweep_id, number, person)
        return await self._log.read(sweep, trial, lines)

    async def stop(self, sweep_id: str, number: int, person: Person) -> Trial:
        """Commit the request; the first one counts. Raises `NotAllowed`, or `UserError` if it has ended already."""
        sweep, trial = await self.trial(sweep_id, number, person)
        self._stop.check_person(sweep, person)
        if trial.ended or not sweep.execution.live:
            raise UserError(f"{sweep.id}.{number} has already ended.")

        engine_id = await self._stop.child_id(sweep, number)

        def requested(stored: Trial) -> Trial:
            if stored.ended or stored.stop_by:
                return stored
            return replace(stored, stop_by=person.name, stop_by_id=person.id, engine_id=stored.engine_id or engine_id)

        await self._trials.update(sweep, {number: requested})
        await self._stop.single(sweep, number, person)
        return (await self._trials.all(sweep.id))[number]

    async def picture(self, names: Sequence[str], metrics: Sequence[str], person: Person) -> Picture:
        """One picture of 1 to 8 jobs and trials. Raises `BadInput` or `UnknownName`."""
        if not 1 <= len(names) <= MOST_JOBS:
            raise BadInput(f"Plot 1 to {MOST_JOBS} jobs or trials at once, not {len(names)}.")
        return await self._plot.draw_all([await self._named(name, person) for name in names], metrics, person)

    async def metric_names(self, name: str, person: Person) -> list[str]:
        """The metrics of a job or a trial; of a sweep, those of its best trial."""
        posted = await self._named(name, person)
        if isinstance(posted, Sweep):
            number = next((leader.number for leader in posted.tally.leaders), None)
            return [] if number is None else await self.metric_names(f"{posted.id}.{number}", person)
        return await self._plot.metric_names(posted, person)

    async def rerun(self, sweep_id: str, number: int, request: TrainRequest) -> Job:
        """Run its point as a job of its own, on the same commit; values in the request win."""
        sweep, trial = await self.trial(sweep_id, number, request.person)
        if not sweep.plan.point_of(trial, folds=True):
            if sweep.execution.live:
                raise UserError(f"{sweep.id}.{number} has no parameters yet: the sampler has not chosen them.")
            raise UserError(f"{sweep.id}.{number} has no parameters: the sweep ended before the sampler chose them.")
        job = as_job(sweep, trial)
        alone = {name: value for name, value in job.run.parameters.items() if name not in ("folds", "fold")}
        return await self._submit.rerun(replace(job, run=replace(job.run, parameters=alone)), request)

    async def _named(self, text: str, person: Person) -> Posted:
        name = parse(text)
        if name.trial is None:
            return await self._find.job(name.job_id, person)
        sweep, trial = await self.trial(name.job_id, name.trial, person)
        return as_job(sweep, trial)


class TrialLog:
    """The log of a trial. It is not in the store: it is read when somebody asks for it."""

    def __init__(self, engine: Engine, logs: Logs, projects: Mapping[str, Project], pace: AdaptivePace) -> None:
        self._engine, self._projects = engine, projects
        self._reader = LogReader(logs, pace)

    async def read(self, sweep: Sweep, trial: Trial, lines: int) -> LogExcerpt:
        last, total = deque[LogEvent](maxlen=lines), 0
        for stream in await self._streams(trial):
            async for event in self._events(configured(self._projects, sweep.run.project).log_group, stream):
                last.append(shortened(event))
                total += 1
        return LogExcerpt("\n".join(readable(last)), total - len(last), total)

    async def _streams(self, trial: Trial) -> tuple[str, ...]:
        """A trial that started a moment ago may not have been described yet."""
        if trial.streams or trial.engine_id is None:
            return trial.streams
        seen = (await self._engine.describe([trial.engine_id])).get(trial.engine_id)
        return tuple(attempt.log_stream for attempt in seen.attempts if attempt.log_stream) if seen else ()

    async def _events(self, group: str, stream: str) -> AsyncIterator[LogEvent]:
        try:
            async for page in self._reader.pages(group, [stream], 0, max_calls=MAX_PAGES):
                for event in page:
                    yield event
        except Missing:
            pass


def _likely(sweep: Sweep, digits: str, limit: int) -> list[int]:
    """Numbers that begin with `digits`: trials named on the card (the best and some failed ones), then the lowest."""
    named = [leader.number for leader in sweep.tally.leaders]
    named += [number for failure in sweep.tally.failures for number in failure.numbers]
    candidates = chain((n for n in named if str(n).startswith(digits)), _beginning_with(digits, sweep.plan.trials))
    return list(islice(dict.fromkeys(islice(candidates, len(named) + limit)), limit))


def _beginning_with(digits: str, below: int) -> Iterator[int]:
    """`12`, `120` to `129`, `1200` to `1299`, …"""
    if not digits:
        yield from range(below)
    elif digits.isdecimal() and digits == str(int(digits)):
        first, long = int(digits), 1
        while first < below:
            yield from range(first, min(below, first + long))
            first, long = first * 10 or below, long * 10
