"""Follow the trials of the sweeps: how many are in which state comes with their part, which ones is asked here.

A trial by itself is told by its part alone. Of an array only what has changed is listed and described, and the more
trials it has the more seldom: 10,000 take some 30 calls a minute.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import structlog

from bot.domain.clock import passed
from bot.domain.job import Job
from bot.domain.states import JobState
from bot.domain.sweep import Trial
from bot.domain.trials import never_ran, numbers, observed, of_single
from bot.errors import ServiceError
from bot.ports import Batch, Store
from bot.services.bells import Bells
from bot.services.trials import Trials

log = structlog.get_logger()

SECONDS_PER_THOUSAND = 3.0
"""Between two looks at an array, for each thousand of its trials."""
DESCRIBED = 1_000
"""Trials that are described in one pass, before what was learned is kept."""


class Follow:
    def __init__(self, store: Store, batch: Batch, trials: Trials, bells: Bells, *, now: Callable[[], float]) -> None:
        self._store, self._batch, self._trials, self._bells, self._now = store, batch, trials, bells, now
        self._looked: dict[str, float] = {}

    async def once(self) -> None:
        """Brings the trials of each sweep up to what their parts tell. A part that cannot be read holds up no other."""
        failure: ServiceError | None = None
        for face in await self._store.open_jobs():
            if face.sweep is None or not face.live:
                continue
            known = await self._trials.all(face.id)
            for part in await self._store.parts(face.id):
                left = _left(part, known)
                try:
                    if left:
                        await self._part(face, part, left)
                except ServiceError as error:
                    failure = error
        if failure is not None:
            raise failure

    async def _part(self, face: Job, part: Job, left: Sequence[int]) -> None:
        """Of a part some of whose trials, `left`, have not ended as far as is known."""
        own = numbers(part)
        if len(own) == 1:
            await self._update(face, {own[0]: partial(of_single, part=part)})
            return
        if part.batch_id is not None:
            known = await self._trials.all(face.id)
            if self._news(part, known, own):
                await self._array(face, part, known, own)
                left = _left(part, await self._trials.all(face.id))
        if not part.live and left:
            at = part.ended_at or self._now()
            await self._update(face, dict.fromkeys(left, partial(never_ran, part=part, at=at)))

    def _news(self, part: Job, known: Mapping[int, Trial], own: Sequence[int]) -> bool:
        """Whether Batch counts otherwise than what is known, and the last look is long enough ago."""
        if not part.live:
            return True
        told = part.part.children if part.part is not None else {}
        counted = Counter(known[number].state for number in own if number in known)
        changed = any(told.get(state, 0) != counted[state] for state in _LISTED)
        interval = SECONDS_PER_THOUSAND * len(own) / 1_000
        return changed and (len(own) <= 100 or passed(self._looked.get(part.id, float("-inf")), interval, self._now()))

    async def _array(self, face: Job, part: Job, known: Mapping[int, Trial], own: Sequence[int]) -> None:
        """Describes the trials of which the lists say something new."""
        self._looked[part.id] = self._now()
        listed: set[str] = set()
        for state in _LISTED:
            listed |= set(await self._batch.children(part.batch_id or "", state))
        running = {t.batch_id for n in own if (t := known.get(n)) is not None and t.state is JobState.RUNNING}
        ended = {t.batch_id for n in own if (t := known.get(n)) is not None and t.ended}
        wanted = sorted((listed | {each for each in running if each}) - ended, key=_index)
        for start in range(0, len(wanted), DESCRIBED):
            seen = await self._batch.describe(wanted[start : start + DESCRIBED])
            changes = {
                own[_index(batch_id)]: partial(observed, seen=each, stop_at=face.stop_at)
                for batch_id, each in seen.items()
            }
            await self._update(face, changes)

    async def _update(self, face: Job, changes: Mapping[int, Callable[[Trial], Trial]]) -> None:
        before = face.revision
        face = await self._trials.update(face, changes)
        if face.revision != before:
            for bell in (
                *(self._bells.feed, self._bells.listen, self._bells.measure),
                *(self._bells.notify, self._bells.paint),
            ):
                bell.ring()


_LISTED = (JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED)


def _left(part: Job, known: Mapping[int, Trial]) -> list[int]:
    """The trials that have not ended as far as is known."""
    return [number for number in numbers(part) if number not in known or not known[number].ended]


def _index(batch_id: str) -> int:
    """Of a child: `parent:7`."""
    return int(batch_id.rpartition(":")[2])
