"""Hold a sweep whose trials fail alike, take back what has not started, and release what the wait was for.

What is held follows from the stored hold in each pass, so a restart at any point goes on where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import structlog

from bot.domain.clock import passed
from bot.domain.model.execution import Stop
from bot.domain.model.states import JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.money.hold import Continued, Hold, HoldKind
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.project import Project
from bot.domain.sweeps.failing_alike import UNANSWERED, Alike, failing_alike, shows_life, succeeded
from bot.domain.sweeps.taken_back import taken_back
from bot.domain.sweeps.trial_changes import to_run
from bot.domain.texts import hold_texts
from bot.domain.texts.engine import engine_title
from bot.errors import CapReached, Paused
from bot.ports.engine import Engine
from bot.services.running.core import Core
from bot.services.running.for_each import for_each
from bot.services.running.pending import held_for_failures, live
from bot.services.sweeps.holding.release import released
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()

HOUR = 3_600.0


class HoldSweeps:
    """Takes up live sweeps that nobody has asked to stop: to hold them, and those that are held."""

    def __init__(self, core: Core, engine: Engine, trials: TrialBook) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._engine, self._trials = engine, trials

    async def once(self) -> None:
        """A failure holds up no other sweep."""
        sweeps = [sweep for sweep in live(await self._store.unfinished_sweeps()) if sweep.execution.stop is None]
        await for_each(sweeps, self._sweep)

    async def _sweep(self, sweep: Sweep) -> None:
        hold = sweep.execution.hold
        if hold is None:
            await self._hold_if_alike(sweep)
        elif hold.kind is HoldKind.PILOT:
            await self._watch_pilot(sweep)
        elif hold.kind is HoldKind.FAILURES:
            await self._wait(sweep, hold)

    # ---- before ------------------------------------------------------------------------------------------
    async def _hold_if_alike(self, sweep: Sweep) -> None:
        project = self._projects[sweep.run.project]
        accepted = sweep.continued is not None and sweep.continued.as_it_is
        if accepted or not sweep.tally.count(TrialState.FAILED) or not sweep.tally.count(TrialState.WAITING):
            return
        alike = failing_alike((await self._trials.all(sweep.id)).values(), project.hold_after)
        if alike is not None:
            await self._hold(sweep, project, alike)

    async def _watch_pilot(self, sweep: Sweep) -> None:
        """Let the others go once it shows life; hold them if it ends without."""
        known = await self._trials.all(sweep.id)
        pilot = known.get(to_run(sweep.plan, known)[0])
        if shows_life(pilot):
            await self._store.change(sweep.id, _pilot_released)
            log.info("pilot shows life", sweep=sweep.id)
        elif pilot is not None and pilot.settled and pilot.reason is not None:
            alike = Alike(1, 1, pilot.reason, pilot.detail)
            await self._hold(sweep, self._projects[sweep.run.project], alike)

    async def _hold(self, sweep: Sweep, project: Project, alike: Alike) -> None:
        since = self._now()
        until = since + project.hold_hours * HOUR
        hold = Hold(HoldKind.FAILURES, since, until, 0.0, alike.detail, alike.reason, alike.failed, alike.ended)

        def step(stored: Sweep) -> Change | None:
            execution = stored.execution
            if not execution.live or execution.stop is not None or execution.hold != sweep.execution.hold:
                return None
            text = hold_texts.held(stored, hold, engine_title(project))
            post = NewPost(f"held:{stored.id}:{hold.mark}", PostKind.HELD, stored.id, text=text)
            return Change(replace(stored, execution=execution.held(hold)), (post,))

        await self._store.change(sweep.id, step)
        log.warning("sweep held", sweep=sweep.id, failed=alike.failed, ended=alike.ended, reason=alike.reason)

    # ---- while it is held --------------------------------------------------------------------------------
    async def _wait(self, sweep: Sweep, hold: Hold) -> None:
        known = await self._trials.all(sweep.id)
        if succeeded(known.values()) is not None:
            await self._go_on(sweep, hold)
            return
        submissions = await self._store.submissions(sweep.id)
        await for_each(submissions, lambda each: self._take_back(sweep, each, known))
        running = any(trial.shown is TrialState.RUNNING for trial in known.values())
        if hold.until is not None and passed(hold.since, hold.until - hold.since, self._now()) and not running:
            await self._end(sweep, hold)

    async def _go_on(self, sweep: Sweep, hold: Hold) -> None:
        """A trial has succeeded after all. The caps and the pause are asked again, as for a person's word."""
        done = Continued("", self._now())
        try:
            await self._store.change(sweep.id, partial(_released, hold=hold, done=done))
        except (CapReached, Paused) as error:
            log.info("a held sweep can't go on", sweep=sweep.id, why=str(error))

    async def _take_back(self, sweep: Sweep, submission: Submission, known: Mapping[int, Trial]) -> None:
        """Whole, if no trial of it has a machine; else those children of the array that have none."""
        execution, numbers = submission.execution, submission.trials
        own = [number for number in numbers if submission.id not in known.get(number, Trial(number)).left]
        if not execution.live or execution.stop is not None or not own:
            return
        if len(numbers) == 1 and execution.state.on_a_machine:
            return
        if not _begun(submission):
            await self._leave(sweep, submission, dict.fromkeys(own))
            await self._store.change(submission.id, partial(_stopped, at=self._now()))
        elif len(numbers) > 1 and execution.engine_id is not None:
            engine_id = execution.engine_id
            await self._leave(
                sweep,
                submission,
                {
                    number: self._engine.child_id(engine_id, index)
                    for index, number in enumerate(numbers)
                    if number in own
                },
            )

    async def _leave(self, sweep: Sweep, submission: Submission, engine_ids: Mapping[int, str | None]) -> None:
        await self._trials.update(
            sweep,
            {
                number: partial(taken_back, submission_id=submission.id, engine_id=engine_id)
                for number, engine_id in engine_ids.items()
            },
        )

    async def _end(self, sweep: Sweep, hold: Hold) -> None:
        """Nobody has decided: it stops, with a reason of its own."""
        hours = self._projects[sweep.run.project].hold_hours
        stop = Stop(UNANSWERED, self._now(), why=hold_texts.unanswered(hours))

        def step(stored: Sweep) -> Change | None:
            if not stored.execution.live or stored.execution.hold != hold:
                return None
            return Change(replace(stored, execution=stored.execution.stop_requested(stop)))

        await self._store.change(sweep.id, step)
        log.info("nobody continued a held sweep", sweep=sweep.id)


def _released(sweep: Sweep, hold: Hold, done: Continued) -> Change | None:
    return Change(*released(sweep, hold, done)) if held_for_failures(sweep) == hold else None


def _pilot_released(sweep: Sweep) -> Change | None:
    hold = sweep.execution.hold
    if hold is None or hold.kind is not HoldKind.PILOT:
        return None
    return Change(replace(sweep, execution=sweep.execution.released()))


def _begun(submission: Submission) -> bool:
    """Whether a trial of it has a machine, or had one."""
    found: Sequence[JobState] = [state for state, count in submission.children.items() if count]
    return submission.execution.state.on_a_machine or any(state.on_a_machine or state.terminal for state in found)


def _stopped(submission: Submission, at: float) -> Change | None:
    if not submission.execution.live or submission.execution.stop is not None:
        return None
    stop = Stop(UNANSWERED, at, why=hold_texts.held_over())
    return Change(replace(submission, execution=submission.execution.stop_requested(stop)))
