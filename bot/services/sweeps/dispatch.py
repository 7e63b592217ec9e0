"""Submit a sweep's trials: all at once as arrays, or one by one as others end.

The submissions are committed here; `launch` makes exactly one Batch job of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from bot.domain.model.execution import Execution
from bot.domain.model.plan import Plan, Search
from bot.domain.model.states import JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value
from bot.domain.posts import Change, NewPost, PostKind, adding
from bot.domain.sweeps.trial_changes import chunks, to_run
from bot.domain.texts import notes
from bot.errors import Paused, ServiceError
from bot.ports.engine import Engine
from bot.ports.sampler import Sampler
from bot.services.running.core import Core
from bot.services.running.pending import to_dispatch
from bot.services.running.timers import Timers
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()

REST_SECONDS = 10.0
"""Rest this long after the sampler failed."""
NOTE_SECONDS = 300.0
"""Post a note in the thread if the sampler has failed for this long."""


class Dispatch:
    """Takes up live sweeps that nobody has asked to stop."""

    def __init__(self, core: Core, engine: Engine, trials: TrialBook, sampler: Sampler) -> None:
        self._engine = engine
        self._store, self._trials, self._sampler = core.store, trials, sampler
        self._projects, self._now = core.projects, core.now
        self._failing: Timers[str] = Timers(core.now)
        """By sweep: since when the sampler has failed without a success."""
        self._failed: Timers[str] = Timers(core.now)
        """By sweep: the last failure."""

    async def once(self) -> None:
        """Submit the next trials of each sweep that has capacity for them."""
        pause = await self._store.pause()
        if pause is not None and pause.paused:
            return
        sweeps = to_dispatch(await self._store.unfinished_sweeps())
        for timers in (self._failing, self._failed):
            timers.keep([sweep.id for sweep in sweeps])
        for sweep in sweeps:
            if not self._failed.due(sweep.id, REST_SECONDS):
                continue
            try:
                await self._submit_next(sweep)
            except ServiceError as error:
                log.warning("could not find the next points", sweep=sweep.id, error=str(error))
                await self._note_if_lasting(sweep, error)
            else:
                self._failing.drop(sweep.id)
                self._failed.drop(sweep.id)

    async def _note_if_lasting(self, sweep: Sweep, error: ServiceError) -> None:
        """Post one note if the failure lasts: somebody may want to stop a sweep that gets no further."""
        self._failed.start(sweep.id)
        if not self._failing.waited(sweep.id, NOTE_SECONDS):
            return
        note = NewPost(f"no-points:{sweep.id}", PostKind.NOTE, sweep.id, text=notes.no_points(str(error)))
        await self._store.change(sweep.id, adding(note))

    async def _submit_next(self, sweep: Sweep) -> None:
        submissions = await self._store.submissions(sweep.id)
        known = await self._trials.all(sweep.id)
        if sweep.plan.incremental:
            new = await self._singles(sweep, submissions, known)
        else:
            submitted = sum(submission.size for submission in submissions)
            recovered = sweep.publication.recovered_at is not None
            complete = submitted >= len(to_run(sweep.plan, known)) if recovered else submitted > 0
            new = [] if complete else _missing(self._arrays(sweep, known), submissions)
        if not new:
            return
        try:
            await self._store.add_submissions(sweep.id, new, _under_way)
        except (_NotWantedError, Paused):
            return  # after a pause, the next pass chooses anew
        log.info(
            "trials submitted", sweep=sweep.id, submissions=len(new), trials=sum(submission.size for submission in new)
        )

    def _arrays(self, sweep: Sweep, known: Mapping[int, Trial]) -> list[Submission]:
        space = sweep.plan.space
        return [
            self._submission(sweep, index, numbers, size, space.point(int(numbers)) if size == 1 else {})
            for index, (numbers, size) in enumerate(
                chunks(to_run(sweep.plan, known), self._engine.capabilities.array_size)
            )
        ]

    async def _singles(
        self, sweep: Sweep, submissions: Sequence[Submission], known: Mapping[int, Trial]
    ) -> list[Submission]:
        """One submission for each trial that may run now. A sampler chooses the points that no trial has yet."""
        taken = {submission.number for submission in submissions}
        capacity = sweep.plan.parallel - sum(submission.execution.live for submission in submissions)
        wanted = [number for number in to_run(sweep.plan, known) if number not in taken][: max(0, capacity)]
        if not wanted:
            return []
        points = await self._points(sweep, submissions, known, wanted)
        return [self._submission(sweep, number, str(number), 1, points[number]) for number in wanted]

    async def _points(
        self,
        sweep: Sweep,
        submissions: Sequence[Submission],
        known: Mapping[int, Trial],
        numbers: Sequence[int],
    ) -> dict[int, Mapping[str, Value]]:
        plan = sweep.plan
        if plan.search is not Search.TPE:
            return {number: plan.space.point(number) for number in numbers}
        names = set(plan.space.names)
        chosen = {number: _swept(trial.parameters or {}, names) for number, trial in known.items()}
        chosen |= {int(each.numbers): _swept(each.run.parameters, names) for each in submissions}
        by_point = {number // plan.folds: point for number, point in chosen.items() if point}
        missing = sorted({number // plan.folds for number in numbers} - by_point.keys())
        if missing:
            under_way = [known.get(number) or Trial(number, parameters=point) for number, point in chosen.items()]
            goal = self._projects[sweep.run.project].goal
            new = await self._sampler.ask(plan, under_way, len(missing), goal)
            by_point |= dict(zip(missing, new, strict=True))
        return {number: {**by_point[number // plan.folds], **_fold(plan, number)} for number in numbers}

    def _submission(self, sweep: Sweep, index: int, numbers: str, size: int, point: Mapping[str, Value]) -> Submission:
        """If the sweep was recovered, this submission may have been made before: `launch` looks for it first."""
        recovered = sweep.publication.recovered_at is not None
        return Submission(
            id=f"{sweep.id}-{index}",
            sweep_id=sweep.id,
            number=index,
            numbers=numbers,
            size=size,
            run=replace(sweep.run, parameters={**sweep.run.parameters, **point}),
            created_at=self._now(),
            execution=Execution(submit_called_at=sweep.request.created_at if recovered else None),
        )


def _missing(submissions: Sequence[Submission], existing: Sequence[Submission]) -> list[Submission]:
    """The submissions that a recovered sweep lacks: none with a trial that another one has."""
    ids = {submission.id for submission in existing}
    taken = {number for submission in existing for number in submission.trials}
    return [each for each in submissions if each.id not in ids and taken.isdisjoint(each.trials)]


class _NotWantedError(Exception):
    """The sweep was stopped or held, and may have ended, while its next points were chosen: nothing is added."""


def _under_way(sweep: Sweep) -> Change | None:
    execution = sweep.execution
    if not execution.live or execution.stop is not None or execution.hold is not None:
        raise _NotWantedError
    if execution.state is JobState.RUNNING:
        return None
    return Change(replace(sweep, execution=execution.begun()))


def _swept(parameters: Mapping[str, Value], names: set[str]) -> dict[str, Value]:
    return {name: value for name, value in parameters.items() if name in names}


def _fold(plan: Plan, number: int) -> dict[str, Value]:
    return {"folds": plan.folds, "fold": number % plan.folds} if plan.folds > 1 else {}
