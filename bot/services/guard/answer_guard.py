"""What people answer to a warning: leave it, or stop it now. Called by the chat."""

from dataclasses import replace

from bot.domain.access import Person
from bot.domain.guard.watch import WHOLE, Warned
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.texts import guard_texts
from bot.errors import UserError
from bot.services.guard.stages import scope_of
from bot.services.jobs.stop import Stop
from bot.services.running.core import Core
from bot.services.sweeps.trial_book import TrialBook


class AnswerGuard:
    """Whoever may stop a job may answer for it."""

    def __init__(self, core: Core, stop: Stop, trials: TrialBook) -> None:
        self._store, self._stop, self._trials = core.store, stop, trials

    async def leave(self, job_id: str, person: Person) -> None:
        """Withdraw what is warned of, and warn of it no more. Raises `NotAllowed`, or `UserError` without a warning."""
        job = await self._stop.check(job_id, person)
        _standing(job)

        def step(stored: Posted) -> Change | None:
            warned = stored.watch.warned
            if not warned:
                return None
            scope = scope_of(stored.execution) if isinstance(stored, Job) else ""
            text = guard_texts.left(stored.id, warned, person.name)
            key = f"guardleft:{stored.id}:{warned[-1].number}:{len(stored.watch.left)}"
            note = NewPost(key, PostKind.NOTE, stored.id, text=text)
            return Change(replace(stored, watch=stored.watch.leave(scope)), (note,))

        await self._store.change(job.id, step)

    async def stop(self, sweep_id: str, person: Person) -> str:
        """Stop the trials that warnings stand for, or all if one is about the whole sweep. Returns their names."""
        sweep = await self._stop.check(sweep_id, person)
        numbers = sorted({number for each in _standing(sweep) for number in each.trials})
        if not isinstance(sweep, Sweep) or WHOLE in numbers:
            await self._stop.stop(sweep_id, person)
            return sweep_id

        def requested(trial: Trial) -> Trial:
            if trial.ended or trial.stop_by:
                return trial
            return replace(trial, stop_by=person.name, stop_by_id=person.id)

        await self._trials.update(sweep, dict.fromkeys(numbers, requested))
        return guard_texts.trial_names(sweep_id, numbers)


def _standing(job: Posted) -> tuple[Warned, ...]:
    if not job.watch.warned:
        raise UserError(guard_texts.nothing_to_leave(job.id))
    return job.watch.warned
