"""Submit a sweep's trials: all at once as arrays, or one by one as others end.

The submissions are committed here; `launch` makes exactly one Batch job of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import structlog

from bot.domain.model.execution import Execution
from bot.domain.model.plan import Plan, Search
from bot.domain.model.states import JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.money.hold import Hold, HoldKind
from bot.domain.parameters import Value
from bot.domain.posts import Change, NewPost, PostKind, adding
from bot.domain.sweeps.failing_alike import failing_alike, undecided
from bot.domain.sweeps.taken_back import anew, next_number, to_submit_again
from bot.domain.sweeps.trial_changes import chunks, pilot_of, to_run
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
        if self._may_be_held(sweep, known):
            return
        again = to_submit_again(known, submissions)
        pilot = pilot_of(sweep, known)
        if sweep.plan.incremental:
            new = await self._singles(sweep, submissions, known, again, pilot)
        else:
            new = self._arrays_due(sweep, submissions, known, again, pilot)
        if not new and pilot is None:
            return
        try:
            await self._store.add_submissions(sweep.id, new, partial(_under_way, hold=self._pilot_hold(pilot)))
        except (_NotWantedError, Paused):
            return  # after a pause, the next pass chooses anew
        log.info(
            "trials submitted", sweep=sweep.id, submissions=len(new), trials=sum(submission.size for submission in new)
        )

    def _may_be_held(self, sweep: Sweep, known: Mapping[int, Trial]) -> bool:
        """Whether its failures hold it, or may do so once they have been read: `hold_sweeps` decides."""
        if not sweep.tally.count(TrialState.FAILED) or (sweep.continued is not None and sweep.continued.as_it_is):
            return False
        after = self._projects[sweep.run.project].hold_after
        return undecided(known.values(), after) or failing_alike(known.values(), after) is not None

    def _pilot_hold(self, pilot: int | None) -> Hold | None:
        return None if pilot is None else Hold(HoldKind.PILOT, self._now())

    def _arrays_due(
        self,
        sweep: Sweep,
        submissions: Sequence[Submission],
        known: Mapping[int, Trial],
        again: Sequence[int],
        pilot: int | None,
    ) -> list[Submission]:
        if pilot is not None and pilot in again:
            return self._anew(sweep, submissions, [pilot])
        planned = sum(each.size for each in submissions if each.number < sweep.plan.trials)
        new = [] if planned >= sweep.plan.runs else _missing(self._arrays(sweep, known), submissions)
        if pilot is not None:
            return [each for each in new if each.trials == [pilot]]
        return [*new, *self._anew(sweep, submissions, again)]

    def _arrays(self, sweep: Sweep, known: Mapping[int, Trial]) -> list[Submission]:
        """All that the plan makes, in the order of their ids: a pilot apart."""
        numbers, most = to_run(sweep.plan, known), self._engine.capabilities.array_size
        alone = 1 if sweep.plan.pilot else 0
        parts = [*chunks(numbers[:alone], most), *chunks(numbers[alone:], most)]
        return [self._chunk(sweep, index, numbers, size) for index, (numbers, size) in enumerate(parts)]

    def _anew(self, sweep: Sweep, submissions: Sequence[Submission], again: Sequence[int]) -> list[Submission]:
        """Of trials that earlier submissions have lost. Their files have a place of their own."""
        first = next_number(sweep.plan, submissions)
        parts = enumerate(chunks(again, self._engine.capabilities.array_size), first)
        return [_elsewhere(self._chunk(sweep, index, numbers, size)) for index, (numbers, size) in parts]

    def _chunk(self, sweep: Sweep, index: int, numbers: str, size: int) -> Submission:
        return self._submission(sweep, index, numbers, size, sweep.plan.space.point(int(numbers)) if size == 1 else {})

    async def _singles(
        self,
        sweep: Sweep,
        submissions: Sequence[Submission],
        known: Mapping[int, Trial],
        again: Sequence[int],
        pilot: int | None,
    ) -> list[Submission]:
        """One submission for each trial that may run now. A sampler chooses the points that no trial has yet."""
        taken = {number for submission in submissions for number in submission.trials}
        capacity = sweep.plan.parallel - sum(submission.execution.live for submission in submissions)
        due = [*again, *(number for number in to_run(sweep.plan, known) if number not in taken)]
        wanted = [number for number in due if pilot in (None, number)][: max(0, capacity)]
        if not wanted:
            return []
        points = await self._points(sweep, submissions, known, wanted)
        first = next_number(sweep.plan, submissions)
        anew = {number: first + place for place, number in enumerate(each for each in wanted if each in taken)}
        singles = [
            self._submission(sweep, anew.get(number, number), str(number), 1, points[number]) for number in wanted
        ]
        return [_elsewhere(each) if each.number in anew.values() else each for each in singles]

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


def _under_way(sweep: Sweep, hold: Hold | None) -> Change | None:
    """Marks the sweep as begun; with a hold, nothing more is submitted until it is lifted."""
    execution = sweep.execution
    if not execution.live or execution.stop is not None or execution.hold is not None:
        raise _NotWantedError
    begun = execution if execution.state is JobState.RUNNING else execution.begun()
    after = begun if hold is None else begun.held(hold)
    return None if after is execution else Change(replace(sweep, execution=after))


def _elsewhere(submission: Submission) -> Submission:
    """What an earlier run of its trials has stored stays as it is, and is not taken for theirs."""
    run = submission.run
    return replace(submission, run=replace(run, results=anew(run.results, submission.id)))


def _swept(parameters: Mapping[str, Value], names: set[str]) -> dict[str, Value]:
    return {name: value for name, value in parameters.items() if name in names}


def _fold(plan: Plan, number: int) -> dict[str, Value]:
    return {"folds": plan.folds, "fold": number % plan.folds} if plan.folds > 1 else {}
