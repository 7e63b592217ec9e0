"""Look at one trial of a sweep, stop it, plot it, or train its point again as a job of its own."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import nsmallest
from itertools import chain, islice

from bot.domain.access import Person
from bot.domain.logs.log_lines import LogEvent, readable
from bot.domain.model.job import Job
from bot.domain.model.names import parse
from bot.domain.model.sweep import Sweep, Trial, TrialState
from bot.domain.project import Project
from bot.domain.sweeps.leaderboard import as_job, point
from bot.errors import BadInput, Missing, SignalboxError, UnknownName, UserError
from bot.ports.engine import Engine
from bot.ports.logs import Logs
from bot.services.jobs.find import Find, LogExcerpt
from bot.services.jobs.plot import MOST_JOBS, Picture, Plot
from bot.services.jobs.stop import Stop
from bot.services.jobs.submit import Submit, TrainRequest
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.sweeps.trial_book import TrialBook

PAGES = 30
"""Of a log that is read from its beginning."""

_INTEREST = tuple(dict.fromkeys((TrialState.RUNNING, TrialState.FAILED, *TrialState)))
"""Which trials somebody may mean: those that run, those that failed, then the others."""


class OneTrial:
    """What people ask of `<sweep>.<number>`."""

    def __init__(self, show: Find, trials: TrialBook, plot: Plot, submit: Submit, stop: Stop, log: "TrialLog") -> None:
        self._show, self._trials, self._plot, self._submit = show, trials, plot, submit
        self._stop, self._log = stop, log

    async def trial(self, sweep_id: str, number: int) -> tuple[Job, Trial]:
        """The sweep and its trial, also one that nothing is known of yet; raises `UnknownName`."""
        face = await self._show.job(sweep_id)
        if face.sweep is None:
            raise UserError(f"{face.id} is a single job and has no trials: leave out the dot and what follows it.")
        if not 0 <= number < face.sweep.plan.trials:
            last = face.sweep.plan.trials - 1
            raise UnknownName("trial", given=f"{face.id}.{number}", hint=f"It has {face.id}.0 to {face.id}.{last}.")
        known = await self._trials.peek(face.id, [number])
        return face, known.get(number) or Trial(number)

    async def matching(self, sweep_id: str, digits: str, limit: int = 25) -> list[tuple[Job, Trial]]:
        """For autocomplete, some whose number begins with `digits`: the best, then what runs and what failed. Never
        raises."""
        try:
            face = await self._show.job(sweep_id)
            likely = _likely(face.sweep, digits, limit) if face.sweep is not None else []
            known = await self._trials.peek(face.id, likely) if likely else {}
        except SignalboxError:
            return []
        if face.sweep is None:
            return []
        best = [leader.number for leader in face.sweep.tally.leaders]
        found = [trial for trial in known.values() if str(trial.number).startswith(digits)]

        def interest(trial: Trial) -> tuple[int, int]:
            rank = best.index(trial.number) if trial.number in best else len(best)
            return rank, _INTEREST.index(trial.shown)

        return [(face, trial) for trial in nsmallest(limit, found, key=interest)]

    async def log(self, sweep_id: str, number: int, lines: int) -> LogExcerpt:
        """The last `lines` lines that it printed, read at CloudWatch."""
        face, trial = await self.trial(sweep_id, number)
        return await self._log.read(face, trial, lines)

    async def stop(self, sweep_id: str, number: int, person: Person) -> Trial:
        """Commits the wish; the first one is kept. `NotAllowed`, or `UserError` where it has ended already."""
        face, trial = await self.trial(sweep_id, number)
        self._stop.check_person(face, person)
        if trial.ended or not face.live:
            raise UserError(f"{face.id}.{number} has ended already: there is nothing to stop.")

        engine_id = await self._stop.child_id(face, number)

        def wish(stored: Trial) -> Trial:
            if stored.ended or stored.stop_by:
                return stored
            return replace(stored, stop_by=person.name, engine_id=stored.engine_id or engine_id)

        await self._trials.update(face, {number: wish})
        await self._stop.single(face, number, person)
        return (await self._trials.all(face.id))[number]

    async def picture(self, names: Sequence[str]) -> Picture:
        """One picture of 1 to 8 jobs and trials; those without metrics are named. Raises `UnknownName`."""
        if not 1 <= len(names) <= MOST_JOBS:
            raise BadInput("jobs", given=len(names), expected=f"1 to {MOST_JOBS} jobs or trials")
        jobs = [await self._named(name) for name in names]
        files = await asyncio.gather(*(self._csv(job) for job in jobs))
        missing = [f"{job.id} has no metrics yet." for job, csv in zip(jobs, files, strict=True) if csv is None]
        drawn = [(job, csv) for job, csv in zip(jobs, files, strict=True) if csv is not None]
        if not drawn:
            return Picture(None, " ".join(missing))
        picture = await self._plot.draw(drawn)
        return Picture(picture.png, " ".join([*missing, picture.words]).strip())

    async def again(self, sweep_id: str, number: int, request: TrainRequest) -> Job:
        """Its point as a job of its own, on the same commit; the values of the request win."""
        face, trial = await self.trial(sweep_id, number)
        if not point(_swept(face), trial):
            raise UserError(f"{face.id}.{number} has no point: none was chosen for it so far.")
        job = as_job(face, _swept(face), trial)
        alone = {name: value for name, value in job.parameters.items() if name not in ("folds", "fold")}
        return await self._submit.again(replace(job, parameters=alone), request)

    async def _named(self, text: str) -> Job:
        name = parse(text)
        if name.trial is None:
            return await self._show.job(name.job_id)
        face, trial = await self.trial(name.job_id, name.trial)
        return as_job(face, _swept(face), trial)

    async def _csv(self, job: Job) -> bytes | None:
        try:
            return await self._plot.metrics_csv(job)
        except Missing:
            return None


class TrialLog:
    """The log of a trial. No line of it is in the store: it is read when somebody asks."""

    def __init__(self, engine: Engine, logs: Logs, projects: Mapping[str, Project], pace: AdaptivePace) -> None:
        self._engine, self._logs, self._projects, self._pace = engine, logs, projects, pace

    async def read(self, face: Job, trial: Trial, lines: int) -> LogExcerpt:
        events: list[LogEvent] = []
        for stream in await self._streams(trial):
            events += await self._events(self._projects[face.project].log_group, stream)
        last = events[-lines:]
        return LogExcerpt("\n".join(readable(last)), len(events) - len(last), len(events))

    async def _streams(self, trial: Trial) -> tuple[str, ...]:
        """One that started a moment ago may not have been described yet."""
        if trial.streams or trial.engine_id is None:
            return trial.streams
        seen = (await self._engine.describe([trial.engine_id])).get(trial.engine_id)
        return tuple(attempt.log_stream for attempt in seen.attempts if attempt.log_stream) if seen else ()

    async def _events(self, group: str, stream: str) -> list[LogEvent]:
        events: list[LogEvent] = []
        token: str | None = None
        for _ in range(PAGES):
            await self._pace.turn()
            try:
                page = await self._logs.read(group, [stream], 0, token)
            except Missing:
                break
            events += page.events
            token = page.token
            if token is None:
                break
        return events


def _likely(sweep: Sweep, digits: str, limit: int) -> list[int]:
    """Numbers that begin with `digits`: of the best and of the failed ones that are told, then the lowest."""
    told = [leader.number for leader in sweep.tally.leaders]
    told += [number for failure in sweep.tally.failures for number in failure.numbers]
    begun = chain((n for n in told if str(n).startswith(digits)), _beginning_with(digits, sweep.plan.trials))
    return list(islice(dict.fromkeys(islice(begun, len(told) + limit)), limit))


def _beginning_with(digits: str, below: int) -> Iterator[int]:
    """`12`, `120` to `129`, `1200` to `1299`, …"""
    if not digits:
        yield from range(below)
    elif digits.isdecimal() and digits == str(int(digits)):
        first, long = int(digits), 1
        while first < below:
            yield from range(first, min(below, first + long))
            first, long = first * 10 or below, long * 10


def _swept(face: Job) -> Sweep:
    if face.sweep is None:
        raise UserError(f"{face.id} is no sweep.")
    return face.sweep
