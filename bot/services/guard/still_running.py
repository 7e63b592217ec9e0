"""Name what was to be stopped and is still there: the engine took the request and has not carried it out.

`stop` and `prune` keep asking. This one says so every hour, as a machine may be billed meanwhile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from bot.domain.clock import MissingFor
from bot.domain.model.rows import Submitted
from bot.domain.posts import NewPost, PostKind, adding
from bot.domain.texts.engine import engine_title
from bot.domain.texts.guard_texts import still_running
from bot.services.running.core import Core
from bot.services.running.pending import live, to_end, to_stop
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()

FIRST_SECONDS = 900.0
"""Batch ends a job by SIGTERM, and 30 s later by SIGKILL.
https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html"""
STEP_SECONDS = 120.0
HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class _Stopping:
    """Something that is to end. `owner_id` is the job or the sweep whose thread it is named in."""

    name: str
    owner_id: str
    project: str
    engine_id: str


class StillRunning:
    """Takes up jobs, submissions and trials that are to end and have not."""

    def __init__(self, core: Core, trials: TrialBook) -> None:
        self._store, self._projects, self._now, self._trials = core.store, core.projects, core.now, trials
        self._since: dict[str, MissingFor] = {}

    async def once(self) -> None:
        """Say so for each of them, once an hour."""
        now = self._now()
        stopping = [*_submitted(to_stop(await self._store.unfinished())), *await self._trials_to_end()]
        since = {each.engine_id: self._since.get(each.engine_id) for each in stopping}
        self._since = {key: known or MissingFor(now, STEP_SECONDS) for key, known in since.items()}
        for each in stopping:
            seconds = self._since[each.engine_id].check(now)
            if seconds >= FIRST_SECONDS:
                await self._say(each, seconds, now)

    async def _say(self, stopping: _Stopping, seconds: float, now: float) -> None:
        """The key has the hour, so a restart within it says nothing twice."""
        engine = engine_title(self._projects.get(stopping.project))
        text = still_running(stopping.name, stopping.engine_id, round(seconds / 60), engine)
        key = f"still:{stopping.engine_id}:{int(now // HOUR)}"
        note = NewPost(key, PostKind.NOTE, stopping.owner_id, text=text)
        await self._store.change(stopping.owner_id, adding(note))
        log.error("stopped, and still there", job=stopping.name, engine_id=stopping.engine_id, seconds=round(seconds))

    async def _trials_to_end(self) -> list[_Stopping]:
        found = []
        for sweep in live(await self._store.unfinished_sweeps()):
            if sweep.execution.stop is None:
                for trial, engine_id in to_end((await self._trials.all(sweep.id)).values()):
                    name = f"{sweep.id}.{trial.number}"
                    found.append(_Stopping(name, sweep.id, sweep.run.project, engine_id))
        return found


def _submitted(requested: Sequence[tuple[object, object]]) -> Iterator[_Stopping]:
    for row, _ in requested:
        if isinstance(row, Submitted) and row.execution.engine_id is not None:
            yield _Stopping(row.id, row.thread_owner_id, row.run.project, row.execution.engine_id)
