"""What people decide about a sweep that is held because its trials fail alike. Called by the chat."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot.domain.access import Person, Verb
from bot.domain.model.run import Commit
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.money.hold import Continued, Hold
from bot.domain.posts import Change, NewPost
from bot.domain.project import configured
from bot.domain.sweeps.taken_back import restarted
from bot.domain.sweeps.trial_changes import to_run
from bot.domain.texts.command_names import command
from bot.errors import CapReached, UserError
from bot.ports.code import Code
from bot.services.jobs.stop import Stop
from bot.services.money.admission import Admission
from bot.services.people.lookup import job_for
from bot.services.running.core import Core
from bot.services.running.pending import held_for_failures
from bot.services.sweeps.holding.release import released
from bot.services.sweeps.trial_book import SweepStep, TrialBook


class ContinueSweep:
    """Whoever may start such a sweep may let it go on; whoever may stop it may cancel it.

    `seen` is the mark of the hold that the button was made for.
    """

    def __init__(self, core: Core, code: Code, stop: Stop, trials: TrialBook) -> None:
        self._store, self._projects, self._permits, self._now = core.store, core.projects, core.permits, core.now
        self._code, self._stop, self._trials = code, stop, trials
        self._admission = Admission(core)

    async def go_on(self, sweep_id: str, seen: str, person: Person) -> Sweep:
        """Run the other trials as they are. It is not held again. Raises `UserError` if it is not held any more, and
        `CapReached`, `Paused` like a new request."""
        sweep, hold = await self._held(sweep_id, seen, person)
        done = Continued(person.name, self._now(), person.id)

        def step(stored: Sweep) -> Change:
            _check_held(stored, seen)
            return Change(*released(stored, hold, done))

        try:
            await self._store.change(sweep.id, step)
        except CapReached as error:
            raise self._admission.with_raisers(error, person, sweep.run.project) from error
        return await self._stored(sweep)

    async def go_on_at_newest(self, sweep_id: str, seen: str, person: Person) -> Sweep:
        """Run the other trials and, again, the failed ones with the newest commit of the sweep's branch."""
        sweep, hold = await self._held(sweep_id, seen, person)
        newest = await self._newest(sweep)
        done = Continued(person.name, self._now(), person.id, from_commit=sweep.run.commit.sha)
        submissions = await self._store.submissions(sweep.id)
        known = await self._trials.all(sweep.id)
        again = dict.fromkeys(_came_to_nothing(sweep, known), partial(restarted, submissions=submissions))
        try:
            await self._trials.update(sweep, again, also=_moved_to(newest, hold, seen, done))
        except CapReached as error:
            raise self._admission.with_raisers(error, person, sweep.run.project) from error
        return await self._stored(sweep)

    async def cancel(self, sweep_id: str, seen: str, person: Person) -> None:
        sweep = await self._stop.check(sweep_id, person)
        _check_held(sweep, seen)
        await self._stop.stop(sweep.id, person)

    async def _held(self, sweep_id: str, seen: str, person: Person) -> tuple[Sweep, Hold]:
        sweep = await job_for(self._store, self._permits, sweep_id, person)
        self._permits.check(person, Verb.SWEEP, sweep.run.project)
        hold = _check_held(sweep, seen)
        self._permits.check_cost(person, Verb.SWEEP, sweep.run.project, sweep.run.quote)
        if not isinstance(sweep, Sweep):
            raise UserError(f"{sweep.id} is a single job and has no trials.")
        return sweep, hold

    async def _newest(self, sweep: Sweep) -> Commit:
        """Raises `UserError` if there is no newer one, or the sweep was approved for the one that it has."""
        project, commit = configured(self._projects, sweep.run.project), sweep.run.commit
        if sweep.execution.approval is not None:
            raise UserError(
                f"{sweep.id} was approved for the commit {commit.short} and no other. Cancel it, and use "
                f"{command('sweep')} again for the newest one."
            )
        newest = await self._code.resolve(project.repository, project.branches, branch=commit.branch)
        if newest.sha == commit.sha:
            raise UserError(f"{commit.branch} has no newer commit than {commit.short}. Push a fix, then click again.")
        return newest

    async def _stored(self, sweep: Sweep) -> Sweep:
        stored = await self._store.job(sweep.id)
        return stored if isinstance(stored, Sweep) else sweep


def _check_held(sweep: object, seen: str) -> Hold:
    """Raise `UserError` with what has happened instead."""
    hold = held_for_failures(sweep) if isinstance(sweep, Sweep) else None
    if hold is not None and hold.mark == seen:
        return hold
    name = getattr(sweep, "id", "It")
    if hold is not None:
        raise UserError(f"{name} was held anew since this button was made. Use those of the newer message.")
    if (
        isinstance(sweep, Sweep)
        and sweep.execution.live
        and sweep.execution.stop is None
        and sweep.continued is not None
    ):
        who = sweep.continued.by or "a trial that succeeded"
        raise UserError(f"{name} already goes on: {who} has continued it.")
    raise UserError(f"{name} is not held any more. {command('status')} shows it.")


def _came_to_nothing(sweep: Sweep, known: Mapping[int, Trial]) -> list[int]:
    """The trials that failed, and a pilot that was stopped."""
    failed = [trial.number for trial in known.values() if trial.shown is TrialState.FAILED]
    pilot = to_run(sweep.plan, known)[:1] if sweep.plan.pilot else ()
    return [*failed, *(number for number in pilot if number not in failed)]


def _moved_to(newest: Commit, hold: Hold, seen: str, done: Continued) -> SweepStep:
    def step(stored: Sweep) -> tuple[Sweep, tuple[NewPost, ...]]:
        _check_held(stored, seen)
        return released(replace(stored, run=replace(stored.run, commit=newest)), hold, done)

    return step
