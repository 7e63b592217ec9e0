"""Give a sweep's trials to Batch: all at once as arrays, or one by one as others end.

What is to be submitted is committed here, as parts of the sweep; `launch` makes exactly one Batch job of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.domain.clock import passed
from bot.domain.logs.log_lines import inert
from bot.domain.model.job import Job
from bot.domain.model.states import JobState
from bot.domain.model.sweep import Part, Plan, Search, Trial
from bot.domain.parameters import Value
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.sweeps.trial_changes import chunks, to_run
from bot.domain.sweeps.trial_changes import numbers as numbers_of
from bot.errors import ServiceError
from bot.ports.sampler import Sampler
from bot.services.running.core import Core
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()

REST_SECONDS = 10.0
"""After a sampler that failed."""
TOLD_SECONDS = 300.0
"""A sampler that has failed for so long is told of."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """When a sampler failed first without a success since, and last."""

    first: float
    last: float


class Dispatch:
    def __init__(self, core: Core, trials: TrialBook, sampler: Sampler) -> None:
        self._store, self._trials, self._sampler = core.store, trials, sampler
        self._projects, self._wakeups, self._now = core.projects, core.wakeups, core.now
        self._failed: dict[str, _Failed] = {}

    async def once(self) -> None:
        """The next parts of each sweep that has room for them."""
        faces = await self._store.open_jobs()
        self._failed = {face.id: self._failed[face.id] for face in faces if face.id in self._failed}
        for face in faces:
            if face.sweep is None or not face.live or face.stop_at is not None or self._rests(face):
                continue
            try:
                await self._feed(face, face.sweep.plan)
            except ServiceError as error:
                log.warning("the next points could not be had", sweep=face.id, error=str(error))
                await self._later(face, error)
            else:
                self._failed.pop(face.id, None)

    def _rests(self, face: Job) -> bool:
        failed = self._failed.get(face.id)
        return failed is not None and not passed(failed.last, REST_SECONDS, self._now())

    async def _later(self, face: Job, error: ServiceError) -> None:
        """What lasts is told in the thread, once: somebody may want to stop a sweep that gets no further."""
        now = self._now()
        failed = self._failed.get(face.id) or _Failed(now, now)
        self._failed[face.id] = replace(failed, last=now)
        if not passed(failed.first, TOLD_SECONDS, now):
            return
        text = f"The next points cannot be found ({inert(str(error))}). I keep trying; `/stop` ends the sweep."
        note = NewPost(f"no-points:{face.id}", PostKind.NOTE, face.id, text=text)
        await self._store.change(face.id, lambda stored: Change(stored, (note,)))
        self._wakeups.deliver.wake()

    async def _feed(self, face: Job, plan: Plan) -> None:
        parts = await self._store.parts(face.id)
        known = await self._trials.all(face.id)
        if plan.fed:
            new = await self._singles(face, plan, parts, known)
        else:
            given = sum(part.part.size for part in parts if part.part is not None)
            complete = given if face.found_at is None else given >= len(to_run(plan, known))
            new = [] if complete else _missing(self._arrays(face, plan, known), parts)
        if not new:
            return
        try:
            await self._store.add_parts(face.id, new, _under_way)
        except _NotWantedError:
            return
        log.info("fed", sweep=face.id, parts=len(new), trials=sum(part.part.size for part in new if part.part))
        for wakeup in (self._wakeups.launch, self._wakeups.deliver):
            wakeup.wake()

    def _arrays(self, face: Job, plan: Plan, known: Mapping[int, Trial]) -> list[Job]:
        return [
            self._part(face, place, numbers, size, plan.space.point(int(numbers)) if size == 1 else {})
            for place, (numbers, size) in enumerate(chunks(to_run(plan, known)))
        ]

    async def _singles(self, face: Job, plan: Plan, parts: Sequence[Job], known: Mapping[int, Trial]) -> list[Job]:
        """As many as there is room for; a sampler is asked for the points that no trial has yet."""
        taken = {part.part.number for part in parts if part.part is not None}
        room = plan.parallel - sum(part.live for part in parts)
        wanted = [number for number in to_run(plan, known) if number not in taken][: max(0, room)]
        if not wanted:
            return []
        points = await self._points(face, plan, parts, known, wanted)
        return [self._part(face, number, str(number), 1, points[number]) for number in wanted]

    async def _points(
        self,
        face: Job,
        plan: Plan,
        parts: Sequence[Job],
        known: Mapping[int, Trial],
        numbers: Sequence[int],
    ) -> dict[int, Mapping[str, Value]]:
        if plan.search is not Search.TPE:
            return {number: plan.space.point(number) for number in numbers}
        names = set(plan.space.names)
        asked = {number: _swept(trial.parameters or {}, names) for number, trial in known.items()}
        asked |= {int(p.part.numbers): _swept(p.parameters, names) for p in parts if p.part is not None}
        by_point = {number // plan.folds: point for number, point in asked.items() if point}
        missing = sorted({number // plan.folds for number in numbers} - by_point.keys())
        if missing:
            under_way = [known.get(number) or Trial(number, parameters=point) for number, point in asked.items()]
            maximize = self._projects[face.project].maximize
            new = await self._sampler.ask(plan, under_way, len(missing), maximize=maximize)
            by_point |= dict(zip(missing, new, strict=True))
        return {number: {**by_point[number // plan.folds], **_fold(plan, number)} for number in numbers}

    def _part(self, face: Job, place: int, numbers: str, size: int, point: Mapping[str, Value]) -> Job:
        """A face that was found again may have had this part before: `launch` looks for it first."""
        at = self._now()
        return Job(
            id=f"{face.id}-{place}",
            project=face.project,
            commit=face.commit,
            parameters={**face.parameters, **point},
            asker_id=face.asker_id,
            asker_name=face.asker_name,
            channel_id=face.channel_id,
            interaction_id=face.interaction_id,
            created_at=at,
            timeout_seconds=face.timeout_seconds,
            retry_of=face.retry_of,
            submit_tried_at=None if face.found_at is None else face.created_at,
            told_at=at,
            archived_at=at,
            part=Part(face.id, place, numbers, size),
        )


def _missing(parts: Sequence[Job], had: Sequence[Job]) -> list[Job]:
    """Of a sweep that was found again, the parts that are not there: none of a trial that any part has."""
    ids = {part.id for part in had}
    taken = {number for part in had for number in numbers_of(part)}
    return [part for part in parts if part.id not in ids and taken.isdisjoint(numbers_of(part))]


class _NotWantedError(Exception):
    """The sweep was stopped, and may be over, while its next points were looked for: none is added."""


def _under_way(face: Job) -> Change | None:
    if not face.live or face.stop_at is not None:
        raise _NotWantedError
    if face.state is JobState.RUNNING:
        return None
    return Change(replace(face, state=JobState.RUNNING, started_at=None, revision=face.revision + 1))


def _swept(parameters: Mapping[str, Value], names: set[str]) -> dict[str, Value]:
    return {name: value for name, value in parameters.items() if name in names}


def _fold(plan: Plan, number: int) -> dict[str, Value]:
    return {"folds": plan.folds, "fold": number % plan.folds} if plan.folds > 1 else {}
