"""Follow the trials of the sweeps: how many are in which state comes with their part, which ones is asked here.

A trial by itself is told by its part alone. Of an array only what has changed is listed and described, and the more
trials it has the more seldom (`python -m bench sweep` counts the calls).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial

import structlog

from bot.domain.clock import Absence, passed
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Trial
from bot.domain.posts import Change
from bot.domain.sweeps.trial_changes import never_ran, numbers, observed, of_single
from bot.errors import ServiceError
from bot.ports.engine import Engine
from bot.services.running.core import Core
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()

SECONDS_PER_THOUSAND = 1.5
"""Between two looks at an array, for each thousand of its trials."""
SMALL = 100
"""Trials of an array that is looked at as often as there is something new."""
DESCRIBED = 1_000
"""Trials that are described in one pass, before what was learned is kept."""
LOST_SECONDS = 300.0
"""For so long a trial of an array that is over is looked for, before it is told as lost: Batch's answers may lag."""
LOOK_SECONDS = 120.0
"""What the time from one such look to the next counts at most."""
OLD_SECONDS = 60.0
"""After so long without an answer the card says how old its state is."""


class TrackTrials:
    def __init__(self, core: Core, engine: Engine, trials: TrialBook) -> None:
        self._store, self._wakeups, self._now = core.store, core.wakeups, core.now
        self._engine, self._trials = engine, trials
        self._looked: dict[str, float] = {}
        self._absent: dict[str, Absence] = {}
        """By part: arrays that are over, while some of their trials are not."""
        self._silent: dict[str, float] = {}
        """By part: since when its trials cannot be read."""

    async def once(self) -> None:
        """Brings the trials of each sweep up to what their parts tell. A part that cannot be read holds up no other."""
        failure: ServiceError | None = None
        going_on: set[str] = set()
        for face in await self._store.open_jobs():
            if face.sweep is None or not face.live:
                continue
            parts, known = await self._store.parts(face.id), await self._trials.all(face.id)
            for part in parts:
                left = _left(part, known)
                try:
                    if left:
                        going_on.add(part.id)
                        await self._part(face, part, left)
                except ServiceError as error:
                    failure = error
                    self._silent.setdefault(part.id, self._now())
            await self._age(face, parts)
        self._forget_all_but(going_on)
        if failure is not None:
            raise failure

    async def _part(self, face: Job, part: Job, left: Sequence[int]) -> None:
        """Of a part some of whose trials, `left`, have not ended as far as is known."""
        own = numbers(part)
        if len(own) == 1:
            await self._update(face, {own[0]: partial(of_single, part=part)})
        elif part.engine_id is None or part.reason is EndReason.LOST:
            if not part.live:
                await self._without(face, part, left)
        elif self._due(part, own):
            known = await self._trials.all(face.id)
            if not part.live:
                await self._over(face, part, own, left)
            elif _news(part, known, own):
                await self._array(face, part, known, own)
            else:
                self._silent.pop(part.id, None)

    def _due(self, part: Job, own: Sequence[int]) -> bool:
        """Whether the last look at the array is long enough ago."""
        last = self._looked.get(part.id, float("-inf"))
        return len(own) <= SMALL or passed(last, SECONDS_PER_THOUSAND * len(own) / 1_000, self._now())

    async def _array(self, face: Job, part: Job, known: Mapping[int, Trial], own: Sequence[int]) -> None:
        """Describes the trials of which the lists say something new."""
        listed: set[str] = set()
        for state in _LISTED:
            listed |= set(await self._engine.children(part.engine_id or "", state))
        running = {t.engine_id for n in own if (t := known.get(n)) is not None and t.state is JobState.RUNNING}
        ended = {t.engine_id for n in own if (t := known.get(n)) is not None and t.ended}
        await self._describe(face, part, own, sorted((listed | {each for each in running if each}) - ended, key=_index))

    async def _over(self, face: Job, part: Job, own: Sequence[int], left: Sequence[int]) -> None:
        """Describes what is left of an array that has ended; what Batch's answers lag behind with is waited for."""
        missing = set(left)
        wanted = [f"{part.engine_id}:{index}" for index, number in enumerate(own) if number in missing]
        await self._describe(face, part, own, wanted)
        left = _left(part, await self._trials.all(face.id))
        now = self._now()
        if left and self._absent.setdefault(part.id, Absence(now, LOOK_SECONDS)).look(now) >= LOST_SECONDS:
            await self._without(face, part, left)

    async def _describe(self, face: Job, part: Job, own: Sequence[int], wanted: Sequence[str]) -> None:
        self._looked[part.id] = self._now()
        for start in range(0, len(wanted), DESCRIBED):
            seen = await self._engine.describe(wanted[start : start + DESCRIBED])
            changes = {
                own[_index(engine_id)]: partial(observed, seen=each, stop_at=face.stop_at)
                for engine_id, each in seen.items()
            }
            await self._update(face, changes)
        self._silent.pop(part.id, None)

    async def _without(self, face: Job, part: Job, left: Sequence[int]) -> None:
        """Ends the trials that are left of a part that Batch did not take, or does not know any more."""
        self._silent.pop(part.id, None)
        at = part.ended_at or self._now()
        await self._update(face, dict.fromkeys(left, partial(never_ran, part=part, at=at)))

    def _forget_all_but(self, part_ids: Set[str]) -> None:
        for known in (self._looked, self._absent, self._silent):
            for part_id in known.keys() - part_ids:
                del known[part_id]

    async def _age(self, face: Job, parts: Sequence[Job]) -> None:
        """The card says since when the state of a part, or those of its trials, cannot be had."""
        now = self._now()
        times = [part.unseen_since for part in parts if part.live and part.unseen_since is not None]
        silent = [self._silent[part.id] for part in parts if part.id in self._silent]
        times += [min(since, now) for since in silent if passed(since, OLD_SECONDS, now)]
        since = min(times, default=None)

        def step(stored: Job) -> Change | None:
            if not stored.live or (stored.unseen_since is None) is (since is None):
                return None
            return Change(replace(stored, unseen_since=since, revision=stored.revision + 1))

        if (face.unseen_since is None) is not (since is None):
            await self._store.change(face.id, step)
            self._wakeups.deliver.wake()

    async def _update(self, face: Job, changes: Mapping[int, Callable[[Trial], Trial]]) -> None:
        before = face.revision
        face = await self._trials.update(face, changes)
        if face.revision != before:
            for wakeup in (
                *(self._wakeups.dispatch, self._wakeups.stream_metrics, self._wakeups.collect_results),
                *(self._wakeups.deliver, self._wakeups.refresh_board),
            ):
                wakeup.wake()


_LISTED = (JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED)


def _news(part: Job, known: Mapping[int, Trial], own: Sequence[int]) -> bool:
    """Whether Batch counts otherwise than what is known."""
    told = part.part.children if part.part is not None else {}
    counted = Counter(known[number].state for number in own if number in known)
    return any(told.get(state, 0) != counted[state] for state in _LISTED)


def _left(part: Job, known: Mapping[int, Trial]) -> list[int]:
    """The trials that have not ended as far as is known."""
    return [number for number in numbers(part) if number not in known or not known[number].ended]


def _index(engine_id: str) -> int:
    """Of a child: `parent:7`."""
    return int(engine_id.rpartition(":")[2])
