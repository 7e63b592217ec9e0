"""Explain in the thread why a job waits for a machine: once for each cause, after it has waited long.

A cause that passes quickly is not reported: one MISCONFIGURATION is normal while a queue scales from zero. An array
does not show its cause, so one of its trials is described for all of them, as long as none is on a machine.
"""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.domain.model.execution import Execution
from bot.domain.model.rows import Submitted
from bot.domain.model.submission import Submission
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.texts.engine import engine_title
from bot.domain.texts.waits import note_key, wait_note
from bot.errors import ServiceError
from bot.ports.engine import Engine
from bot.ports.store import Step
from bot.services.running.core import Core
from bot.services.running.pending import all_wait, waiting_alone, waiting_arrays, waits
from bot.services.running.timers import Timers

log = structlog.get_logger()

CHECK_SECONDS = 60.0
"""Describe trials of a waiting array this often."""
DESCRIBED = 100
"""Trials of an array that are described each time: one call."""


class ExplainWait:
    """Takes up jobs and arrays that wait for a machine.

    `dwell_seconds` is how long a cause must have been seen: right after a start, what the store holds is old.
    """

    def __init__(self, core: Core, engine: Engine, dwell_seconds: float) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._engine, self._dwell = engine, dwell_seconds
        self._causes: Timers[tuple[str, str]] = Timers(core.now)
        """By job and cause: since when it has been seen."""
        self._noted: set[tuple[str, str]] = set()
        self._checked: Timers[str] = Timers(core.now)
        """By array: when its trials were described."""
        self._representatives: dict[str, Submission] = {}
        """By array: the array as if it were one of its waiting trials."""

    async def once(self) -> None:
        """Commit the notes that are due. The note's key makes it appear once; `_noted` only saves the transaction."""
        rows = await self._store.unfinished()
        arrays = await self._arrays(waiting_arrays(rows))
        waiting = {(job.id, note_key(job.execution)): job for job in [*waiting_alone(rows), *arrays]}
        self._causes.keep(waiting)
        self._noted &= waiting.keys()
        for key, job in waiting.items():
            if self._causes.waited(key, self._dwell) and key not in self._noted:
                await self._store.change(job.id, self._note(job))
                self._noted.add(key)

    async def _arrays(self, waiting: Sequence[Submission]) -> list[Submission]:
        """Each as if it were one of its waiting trials. If that cannot be read now, the last answer counts."""
        ids = [array.id for array in waiting]
        self._checked.keep(ids)
        self._representatives = {each: self._representatives[each] for each in ids if each in self._representatives}
        for array in waiting:
            if array.id in self._representatives and not self._checked.due(array.id, CHECK_SECONDS):
                continue
            try:
                representative = await self._representative(array)
            except ServiceError as error:
                log.warning("could not read why an array waits", submission=array.id, error=str(error))
                continue
            if representative is None:
                self._representatives.pop(array.id, None)
            else:
                self._checked.start(array.id)
                self._representatives[array.id] = representative
        return list(self._representatives.values())

    async def _representative(self, array: Submission) -> Submission | None:
        """The array as if it were one of its waiting trials, with that trial's cause. Only the last few trials are
        described, in one call: to list all that wait would take 100 calls for an array of 10,000."""
        indices = range(max(0, array.size - DESCRIBED), array.size)
        last = [self._engine.child_id(array.execution.engine_id or "", index) for index in indices]
        seen = (await self._engine.describe(last)).values()
        waiting = next((each for each in seen if each.state.waiting), None)
        if waiting is None:
            return None
        why = replace(
            array.execution,
            state=waiting.state,
            status_reason=waiting.status_reason,
            wait=waiting.wait,
            state_since=self._now(),
        )
        return replace(array, execution=why)

    def _note(self, waiting: Submitted) -> Step[Submitted]:
        """Build the note, unless the job has stopped waiting by commit time."""

        def step(job: Submitted) -> Change | None:
            if isinstance(job, Submission) and all_wait(job):
                since = self._causes.since((waiting.id, note_key(waiting.execution)))
                why: Execution = replace(waiting.execution, state_since=since)
            elif waits(job):
                why = job.execution
            else:
                return None
            minutes = max(1, round((self._now() - (why.state_since or self._now())) / 60))
            engine = engine_title(self._projects.get(job.run.project))
            text, thread = wait_note(why, minutes, engine), job.thread_owner_id
            return Change(job, (NewPost(f"waits:{thread}:{note_key(why)}", PostKind.NOTE, thread, text=text),))

        return step
