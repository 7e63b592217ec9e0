"""Keep the state of every trial up to date.

The submission of an array only carries counts per state; which trials they are is read here. The submission of a single
trial carries everything. Only what has changed in an array is listed and described, and large arrays less often
(`python -m bench sweep` counts the calls).
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from functools import partial

import structlog

from bot.domain.clock import MissingFor, passed
from bot.domain.model.execution import Lifecycle
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.posts import Change
from bot.domain.sweeps.taken_back import in_submission
from bot.domain.sweeps.trial_changes import observed, of_single, submission_lost
from bot.errors import ServiceError
from bot.ports.engine import Engine
from bot.services.running.core import Core
from bot.services.running.for_each import for_each
from bot.services.running.pending import live
from bot.services.running.timers import Timers
from bot.services.sweeps.trial_book import Step, TrialBook

log = structlog.get_logger()

SECONDS_PER_THOUSAND = 1.5
"""Seconds between two reads of an array, for each thousand of its trials."""
SMALL = 100
"""Arrays of up to this many trials are read whenever something is new."""
DESCRIBED = 1_000
"""Describe this many trials, then commit what was learned."""
LOST_SECONDS = 300.0
"""Look for a trial of an ended array this long before it counts as lost: Batch's answers may lag."""
CHECK_SECONDS = 120.0
"""Each check adds at most this much to the time that a trial has been missing."""
OLD_SECONDS = 60.0
"""After this long without an answer, the card shows how old its state is."""


class TrackTrials:
    """Takes up the submissions of live sweeps with trials that have not ended."""

    def __init__(self, core: Core, engine: Engine, trials: TrialBook) -> None:
        self._store, self._now = core.store, core.now
        self._engine, self._trials = engine, trials
        self._read: Timers[str] = Timers(core.now)
        """By submission: when its trials were last described."""
        self._missing: dict[str, MissingFor] = {}
        """By submission: arrays that have ended while some of their trials have not."""
        self._unanswered: Timers[str] = Timers(core.now)
        """By submission: since when its trials cannot be read."""

    async def once(self) -> None:
        """Update the trials of each submission. A failure holds up no other."""
        unsettled: set[str] = set()

        async def track(sweep: Sweep) -> None:
            submissions, known = await self._store.submissions(sweep.id), await self._trials.all(sweep.id)

            async def update(submission: Submission) -> None:
                left = _left(submission, known)
                if not left:
                    return
                unsettled.add(submission.id)
                try:
                    await self._submission(sweep, submission, left)
                except ServiceError:
                    self._unanswered.since(submission.id)
                    raise

            try:
                await for_each(submissions, update)
            finally:
                await self._show_age(sweep, submissions)

        try:
            await for_each(live(await self._store.unfinished_sweeps()), track)
        finally:
            self._keep(unsettled)

    async def _submission(self, sweep: Sweep, submission: Submission, left: Sequence[int]) -> None:
        """Update its trials; `left` are those that have not ended as far as is known."""
        own, execution = submission.trials, submission.execution
        if len(own) == 1:
            await self._update(sweep, submission, {own[0]: partial(of_single, submission=submission)})
        elif execution.engine_id is None or execution.reason is EndReason.LOST:
            if not execution.live:
                await self._lose(sweep, submission, left)
        elif self._due(submission, own):
            known = await self._trials.all(sweep.id)
            if not execution.live:
                await self._ended_array(sweep, submission, own, left)
            elif _counts_differ(submission, known, own):
                await self._array(sweep, submission, known, own)
            else:
                self._unanswered.drop(submission.id)

    def _due(self, submission: Submission, own: Sequence[int]) -> bool:
        """True if the array was last read long enough ago."""
        return len(own) <= SMALL or self._read.due(submission.id, SECONDS_PER_THOUSAND * len(own) / 1_000)

    async def _array(
        self, sweep: Sweep, submission: Submission, known: Mapping[int, Trial], own: Sequence[int]
    ) -> None:
        """Describe the trials that the lists show in a new state."""
        listed, array = set[str](), submission.execution.engine_id or ""
        for state in _LISTED:
            if state is not JobState.STARTING or submission.children.get(state):
                listed |= set(await self._engine.children(array, state))
        running = {t.engine_id for n in own if (t := known.get(n)) is not None and t.state.on_a_machine}
        ended = {t.engine_id for n in own if (t := known.get(n)) is not None and t.ended}
        ended |= {self._engine.child_id(array, index) for index in _taken_back(submission, known, own)}
        await self._describe(
            sweep,
            submission,
            own,
            sorted((listed | {each for each in running if each}) - ended, key=self._engine.child_index),
        )

    async def _ended_array(self, sweep: Sweep, submission: Submission, own: Sequence[int], left: Sequence[int]) -> None:
        """Describe the trials left in an ended array. Wait for those that Batch's answers lag behind with."""
        missing = set(left)
        array = submission.execution.engine_id or ""
        wanted = [self._engine.child_id(array, index) for index, number in enumerate(own) if number in missing]
        await self._describe(sweep, submission, own, wanted)
        left = _left(submission, await self._trials.all(sweep.id))
        now = self._now()
        if left and self._missing.setdefault(submission.id, MissingFor(now, CHECK_SECONDS)).check(now) >= LOST_SECONDS:
            await self._lose(sweep, submission, left)

    async def _describe(self, sweep: Sweep, submission: Submission, own: Sequence[int], wanted: Sequence[str]) -> None:
        self._read.start(submission.id)
        for start in range(0, len(wanted), DESCRIBED):
            seen = await self._engine.describe(wanted[start : start + DESCRIBED])
            changes = {
                own[self._engine.child_index(engine_id)]: partial(observed, seen=each, stop=sweep.execution.stop)
                for engine_id, each in seen.items()
            }
            await self._update(sweep, submission, changes)
        self._unanswered.drop(submission.id)

    async def _update(self, sweep: Sweep, submission: Submission, changes: Mapping[int, Step]) -> None:
        own = partial(in_submission, submission=submission, own_results=sweep.run.results)
        await self._trials.update(sweep, {number: partial(own, step=step) for number, step in changes.items()})

    async def _lose(self, sweep: Sweep, submission: Submission, left: Sequence[int]) -> None:
        """End the trials left in a submission that Batch refused or has forgotten."""
        self._unanswered.drop(submission.id)
        at = submission.execution.ended_at or self._now()
        step = partial(submission_lost, submission=submission, at=at)
        await self._update(sweep, submission, dict.fromkeys(left, step))

    def _keep(self, submission_ids: Set[str]) -> None:
        self._read.keep(submission_ids)
        self._unanswered.keep(submission_ids)
        self._missing = {each: known for each, known in self._missing.items() if each in submission_ids}

    async def _show_age(self, sweep: Sweep, submissions: Sequence[Submission]) -> None:
        """Have the card show since when the state of a submission or of its trials is unknown."""
        now = self._now()
        executions = [submission.execution for submission in submissions]
        times = [each.unanswered_since for each in executions if each.live and each.unanswered_since is not None]
        unread = [at for each in submissions if (at := self._unanswered.started(each.id)) is not None]
        times += [min(since, now) for since in unread if passed(since, OLD_SECONDS, now)]
        since = min(times, default=None)
        expired = any(each.live and each.credentials_expired for each in executions)

        def known(execution: Lifecycle) -> bool:
            return (execution.unanswered_since is None) is (since is None) and execution.credentials_expired is expired

        def step(stored: Sweep) -> Change | None:
            execution = stored.execution
            if not execution.live or known(execution):
                return None
            return Change(replace(stored, execution=execution.unanswered(since, expired=expired)))

        if not known(sweep.execution):
            await self._store.change(sweep.id, step)


_LISTED = (JobState.STARTING, JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED)
"""In the order in which a trial passes them, so that one that moves on between two calls is still found."""


def _counts_differ(submission: Submission, known: Mapping[int, Trial], own: Sequence[int]) -> bool:
    """True if the engine's per-state counts differ from what is stored."""
    gone = set(_taken_back(submission, known, own))
    counted = Counter(known[n].state for index, n in enumerate(own) if n in known and index not in gone)
    counted[JobState.FAILED] += len(gone)
    return any(submission.children.get(state, 0) != counted[state] for state in _LISTED)


def _left(submission: Submission, known: Mapping[int, Trial]) -> list[int]:
    """The numbers of trials that have not ended as far as is known, and that it still has."""
    own = [number for number in submission.trials if number not in known or not known[number].ended]
    return [number for number in own if number not in known or submission.id not in known[number].left]


def _taken_back(submission: Submission, known: Mapping[int, Trial], own: Sequence[int]) -> list[int]:
    """The array indices of trials that it has no more."""
    return [index for index, n in enumerate(own) if n in known and submission.id in known[n].left]
