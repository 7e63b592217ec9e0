"""The services for sweeps and their trials, from memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.domain.access import Person
from bot.domain.model.job import Job
from bot.domain.model.trial import Trial
from bot.domain.money.quote import Quote
from bot.errors import NotAllowed, UnknownName, UserError
from bot.services.jobs.find import LogExcerpt
from bot.services.jobs.plot import Picture
from bot.services.jobs.submit import TrainRequest
from bot.services.sweeps.preview import Proposal
from bot.services.sweeps.propose import SweepRequest
from tests.bot.chat.jobs import PLAN, PNG, a_job, a_sweep
from tests.support.rows import AnyRow, changed

QUOTE = Quote(4.2, 7_200, runs=9, expected_seconds=100.0)


@dataclass
class FakePropose:
    """Proposes a sweep of nine trials as `proposal` says; its id is `swept1`, the next one's `swept2`, …"""

    known: dict[str, Job]
    made: asyncio.Queue[Job]
    requests: list[SweepRequest] = field(default_factory=list)
    drafts: dict[str, Job] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    needs_confirmation: bool = True
    remarks: tuple[str, ...] = ()
    choices: list[tuple[str, str]] = field(default_factory=list)

    async def sweep(self, request: SweepRequest) -> Proposal:
        self.requests.append(request)
        job = _by(a_sweep(id=f"swept{len(self.requests)}", started_at=None, quote=QUOTE), request)
        self.drafts[job.id] = job
        if not self.needs_confirmation:
            self._accept(job)
        return Proposal(job, self.needs_confirmation, 8, 720.0, 9 * 7200.0, self.remarks)

    async def confirm(self, sweep_id: str, person: Person) -> Job:
        if sweep_id not in self.drafts:
            raise UserError("This preview is gone. Nothing was started; use the command again.")
        if self.drafts[sweep_id].request.asker_id != person.id:
            raise NotAllowed("Only who asked for this sweep may confirm or cancel it.")
        return self.known.get(sweep_id) or self._accept(self.drafts[sweep_id])

    async def cancel(self, sweep_id: str, person: Person) -> None:
        if sweep_id in self.known:
            raise UserError(f"{sweep_id} was confirmed already.")
        self.drafts.pop(sweep_id, None)

    async def again(self, sweep_id: str, person: Person) -> Proposal | None:
        if sweep_id not in self.drafts or sweep_id in self.known:
            return None
        if self.drafts[sweep_id].request.asker_id != person.id:
            raise NotAllowed("Only who asked for this sweep may confirm or cancel it.")
        return Proposal(self.drafts[sweep_id], True, 8, 720.0, 9 * 7200.0, self.remarks)

    async def unconfirmed(self, person: Person) -> list[Job]:
        drafts = [draft for draft in self.drafts.values() if draft.request.asker_id == person.id]
        return [draft for draft in drafts if draft.id not in self.known]

    async def retry_failed(self, sweep_id: str, request: TrainRequest) -> Proposal:
        self.retried.append(sweep_id)
        job = _by(a_sweep(id="swept9", retry_of=sweep_id), request)
        self.drafts[job.id] = job
        if not self.needs_confirmation:
            self._accept(job)
        return Proposal(job, self.needs_confirmation, 8, 720.0, 9 * 7200.0, self.remarks)

    async def so_far(self, project: str, text: str, search: str, person: Person) -> list[tuple[str, str]]:
        self.asked.append((project, text, search))
        return self.choices

    def _accept(self, job: Job) -> Job:
        self.known[job.id] = job
        self.made.put_nowait(job)
        return job


@dataclass
class FakeTrial:
    """Trials of the known sweeps; those that are not in `trials` wait."""

    known: dict[str, Job]
    made: asyncio.Queue[Job]
    trials: dict[int, Trial] = field(default_factory=dict)
    stopped: list[tuple[str, int, str]] = field(default_factory=list)
    drawn: list[Sequence[str]] = field(default_factory=list)
    trained: list[tuple[str, int, TrainRequest]] = field(default_factory=list)
    may_draw: asyncio.Event = field(default_factory=asyncio.Event)
    """Pictures wait for it."""

    def __post_init__(self) -> None:
        self.may_draw.set()

    async def trial(self, sweep_id: str, number: int, person: Person) -> tuple[Job, Trial]:
        if sweep_id not in self.known or number >= PLAN.trials:
            raise UnknownName("trial", given=f"{sweep_id}.{number}", near=sorted(self.known))
        return self.known[sweep_id], self.trials.get(number) or Trial(number)

    async def matching(self, sweep_id: str, digits: str, person: Person, limit: int = 25) -> list[tuple[Job, Trial]]:
        job = self.known.get(sweep_id)
        return [(job, t) for n, t in self.trials.items() if str(n).startswith(digits)][:limit] if job else []

    async def log(self, sweep_id: str, number: int, lines: int, person: Person) -> LogExcerpt:
        return LogExcerpt(f"trial {number} says so", 0, 1)

    async def stop(self, sweep_id: str, number: int, person: Person) -> Trial:
        _, trial = await self.trial(sweep_id, number, person)
        self.stopped.append((sweep_id, number, person.name))
        return replace(trial, stop_by=person.name)

    async def picture(self, names: Sequence[str], metrics: Sequence[str], person: Person) -> Picture:
        self.drawn.append(list(names))
        await self.may_draw.wait()
        return Picture(PNG, "Best epoch 6.")

    async def rerun(self, sweep_id: str, number: int, request: TrainRequest) -> Job:
        self.trained.append((sweep_id, number, request))
        job = _by(a_job(id=f"again{len(self.trained)}"), request)
        self.known[job.id] = job
        self.made.put_nowait(job)
        return job


def _by(job: AnyRow, request: SweepRequest | TrainRequest) -> AnyRow:
    return changed(
        job,
        asker_id=request.person.id,
        asker_name=request.person.name,
        channel_id=request.channel_id,
        interaction_id=request.interaction_id,
    )
