"""Explain in the thread why a job waits for a machine, once for each cause, when it has waited long.

A passing cause gets no note: one MISCONFIGURATION is normal while a queue scales from zero. An array
says nothing of it, so one of its trials is asked for all of them, while none is on a machine.
"""

from collections.abc import Iterable
from dataclasses import replace

import structlog

from bot.domain.clock import passed
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

log = structlog.get_logger()

LOOK_SECONDS = 60.0
"""Between two looks at an array that waits."""
LAST = 100
"""Trials of it that are described in such a look."""


class ExplainWait:
    """`dwell_seconds` is how long a cause must have been looked at: what the store says right after a start is old."""

    def __init__(self, core: Core, engine: Engine, dwell_seconds: float) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._engine, self._dwell = engine, dwell_seconds
        self._since: dict[tuple[str, str], float] = {}
        self._noted: set[tuple[str, str]] = set()
        self._asked: dict[str, tuple[float, Submission]] = {}
        """By array: when one of its trials was asked, and the array as if it were that trial."""

    async def once(self) -> None:
        """Commits the notes that are due. The note's key makes it once; `_noted` only saves the attempt."""
        rows = [row for row in await self._store.unfinished() if isinstance(row, Submitted)]
        alone = [row for row in rows if _waits(row)]
        waiting = {(job.id, note_key(job.execution)): job for job in [*alone, *await self._arrays(rows)]}
        self._since = {key: self._since.get(key, self._now()) for key in waiting}
        self._noted &= waiting.keys()
        for key, job in waiting.items():
            if key not in self._noted and passed(self._since[key], self._dwell, self._now()):
                await self._store.change(job.id, self._note(job))
                self._noted.add(key)

    async def _arrays(self, jobs: Iterable[Submitted]) -> list[Submission]:
        """Those whose trials all wait. One that cannot be asked about now is as it was."""
        waiting = [job for job in jobs if isinstance(job, Submission) and _all_wait(job)]
        self._asked = {job.id: self._asked[job.id] for job in waiting if job.id in self._asked}
        for job in waiting:
            if job.id in self._asked and not passed(self._asked[job.id][0], LOOK_SECONDS, self._now()):
                continue
            try:
                trial = await self._trial(job)
            except ServiceError as error:
                log.warning("why an array waits could not be asked", submission=job.id, error=str(error))
                continue
            if trial is None:
                self._asked.pop(job.id, None)
            else:
                self._asked[job.id] = self._now(), trial
        return [trial for _, trial in self._asked.values()]

    async def _trial(self, array: Submission) -> Submission | None:
        """The array, as if it were one of its trials that wait: with that one's reason. The last few are looked at, in
        one call; to list all that wait would be 100 calls of an array of 10,000."""
        indices = range(max(0, array.size - LAST), array.size)
        last = [self._engine.child_id(array.execution.engine_id or "", index) for index in indices]
        seen = (await self._engine.describe(last)).values()
        waiting = next((each for each in seen if each.state.waiting), None)
        if waiting is None:
            return None
        why = replace(
            array.execution, state=waiting.state, status_reason=waiting.status_reason, state_since=self._now()
        )
        return replace(array, execution=why)

    def _note(self, waiting: Submitted) -> Step[Submitted]:
        """Build the note, unless the job has stopped waiting by commit time."""

        def step(job: Submitted) -> Change | None:
            if isinstance(job, Submission) and _all_wait(job):
                since = self._since[waiting.id, note_key(waiting.execution)]
                why: Execution = replace(waiting.execution, state_since=since)
            elif _waits(job):
                why = job.execution
            else:
                return None
            minutes = max(1, round((self._now() - (why.state_since or self._now())) / 60))
            engine = engine_title(self._projects.get(job.run.project))
            text, thread = wait_note(why, minutes, engine), job.thread_owner_id
            return Change(job, (NewPost(f"waits:{thread}:{note_key(why)}", PostKind.NOTE, thread, text=text),))

        return step


def _waits(job: Submitted) -> bool:
    """True if it waits for a machine, and the engine answers for it."""
    execution = job.execution
    return bool(note_key(execution)) and execution.stop is None and execution.unanswered_since is None


def _all_wait(array: Submission) -> bool:
    """The same for an array: some of its trials wait, and none is on a machine."""
    execution = array.execution
    if not execution.live or execution.stop is not None or execution.unanswered_since is not None:
        return False
    found = [state for state, count in array.children.items() if count]
    return any(state.waiting for state in found) and not any(state.on_a_machine for state in found)
