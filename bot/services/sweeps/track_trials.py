"""Follow the trials of the sweeps: how many are in which state comes with their submission, which ones is asked here.

A trial by itself is told by its part alone. Of an array only what has changed is listed and described, and the more
trials it has the more seldom (`python -m bench sweep` counts the calls).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial

import structlog

from bot.domain.clock import Absence, passed
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.posts import Change
from bot.domain.sweeps.trial_changes import observed, of_single, submission_lost
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
        self._store, self._now = core.store, core.now
        self._engine, self._trials = engine, trials
        self._looked: dict[str, float] = {}
        self._absent: dict[str, Absence] = {}
        """By submission: arrays that are over, while some of their trials are not."""
        self._silent: dict[str, float] = {}
        """By submission: since when its trials cannot be read."""

    async def once(self) -> None:
        """Brings the trials of each sweep up to what their parts tell. A part that cannot be read holds up no other."""
        failure: ServiceError | None = None
        going_on: set[str] = set()
        for sweep in await self._store.unfinished_sweeps():
            if not sweep.execution.live:
                continue
            submissions, known = await self._store.submissions(sweep.id), await self._trials.all(sweep.id)
            for submission in submissions:
                left = _left(submission, known)
                try:
                    if left:
                        going_on.add(submission.id)
                        await self._submission(sweep, submission, left)
                except ServiceError as error:
                    failure = error
                    self._silent.setdefault(submission.id, self._now())
            await self._age(sweep, submissions)
        self._forget_all_but(going_on)
        if failure is not None:
            raise failure

    async def _submission(self, sweep: Sweep, submission: Submission, left: Sequence[int]) -> None:
        """Bring its trials up to date; `left` are those that have not ended as far as is known."""
        own, execution = submission.trials, submission.execution
        if len(own) == 1:
            await self._update(sweep, {own[0]: partial(of_single, submission=submission)})
        elif execution.engine_id is None or execution.reason is EndReason.LOST:
            if not execution.live:
                await self._without(sweep, submission, left)
        elif self._due(submission, own):
            known = await self._trials.all(sweep.id)
            if not execution.live:
                await self._over(sweep, submission, own, left)
            elif _counts_differ(submission, known, own):
                await self._array(sweep, submission, known, own)
            else:
                self._silent.pop(submission.id, None)

    def _due(self, submission: Submission, own: Sequence[int]) -> bool:
        """Whether the last look at the array is long enough ago."""
        last = self._looked.get(submission.id, float("-inf"))
        return len(own) <= SMALL or passed(last, SECONDS_PER_THOUSAND * len(own) / 1_000, self._now())

    async def _array(
        self, sweep: Sweep, submission: Submission, known: Mapping[int, Trial], own: Sequence[int]
    ) -> None:
        """Describes the trials of which the lists say something new."""
        listed: set[str] = set()
        for state in _LISTED:
            listed |= set(await self._engine.children(submission.execution.engine_id or "", state))
        running = {t.engine_id for n in own if (t := known.get(n)) is not None and t.state is JobState.RUNNING}
        ended = {t.engine_id for n in own if (t := known.get(n)) is not None and t.ended}
        await self._describe(
            sweep,
            submission,
            own,
            sorted((listed | {each for each in running if each}) - ended, key=self._engine.child_index),
        )

    async def _over(self, sweep: Sweep, submission: Submission, own: Sequence[int], left: Sequence[int]) -> None:
        """Describes what is left of an array that has ended; what Batch's answers lag behind with is waited for."""
        missing = set(left)
        array = submission.execution.engine_id or ""
        wanted = [self._engine.child_id(array, index) for index, number in enumerate(own) if number in missing]
        await self._describe(sweep, submission, own, wanted)
        left = _left(submission, await self._trials.all(sweep.id))
        now = self._now()
        if left and self._absent.setdefault(submission.id, Absence(now, LOOK_SECONDS)).look(now) >= LOST_SECONDS:
            await self._without(sweep, submission, left)

    async def _describe(self, sweep: Sweep, submission: Submission, own: Sequence[int], wanted: Sequence[str]) -> None:
        self._looked[submission.id] = self._now()
        for start in range(0, len(wanted), DESCRIBED):
            seen = await self._engine.describe(wanted[start : start + DESCRIBED])
            changes = {
                own[self._engine.child_index(engine_id)]: partial(observed, seen=each, stop=sweep.execution.stop)
                for engine_id, each in seen.items()
            }
            await self._update(sweep, changes)
        self._silent.pop(submission.id, None)

    async def _without(self, sweep: Sweep, submission: Submission, left: Sequence[int]) -> None:
        """Ends the trials that are left of a part that Batch did not take, or does not know any more."""
        self._silent.pop(submission.id, None)
        at = submission.execution.ended_at or self._now()
        await self._update(sweep, dict.fromkeys(left, partial(submission_lost, submission=submission, at=at)))

    def _forget_all_but(self, submission_ids: Set[str]) -> None:
        for known in (self._looked, self._absent, self._silent):
            for submission_id in known.keys() - submission_ids:
                del known[submission_id]

    async def _age(self, sweep: Sweep, submissions: Sequence[Submission]) -> None:
        """The card says since when the state of a submission, or those of its trials, cannot be had."""
        now = self._now()
        executions = [submission.execution for submission in submissions]
        times = [each.unanswered_since for each in executions if each.live and each.unanswered_since is not None]
        silent = [self._silent[submission.id] for submission in submissions if submission.id in self._silent]
        times += [min(since, now) for since in silent if passed(since, OLD_SECONDS, now)]
        since = min(times, default=None)

        def step(stored: Sweep) -> Change | None:
            execution = stored.execution
            if not execution.live or (execution.unanswered_since is None) is (since is None):
                return None
            return Change(replace(stored, execution=execution.unanswered(since)))

        if (sweep.execution.unanswered_since is None) is not (since is None):
            await self._store.change(sweep.id, step)

    async def _update(self, sweep: Sweep, changes: Mapping[int, Callable[[Trial], Trial]]) -> None:
        await self._trials.update(sweep, changes)


_LISTED = (JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED)


def _counts_differ(submission: Submission, known: Mapping[int, Trial], own: Sequence[int]) -> bool:
    """True if the engine's per-state counts differ from what is stored."""
    counted = Counter(known[number].state for number in own if number in known)
    return any(submission.children.get(state, 0) != counted[state] for state in _LISTED)


def _left(submission: Submission, known: Mapping[int, Trial]) -> list[int]:
    """The trials that have not ended as far as is known."""
    return [number for number in submission.trials if number not in known or not known[number].ended]
