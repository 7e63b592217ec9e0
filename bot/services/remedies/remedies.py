"""Offer what may mend a failed job, and retry it so: once by the bot itself where the config says so.

The retry is committed together with what the failed job says about it, so it happens once, whatever is killed or
clicked in between.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from bot.domain.access import Verb
from bot.domain.jobs.reclaims import moved_before
from bot.domain.jobs.remedies import MENDED, Limits, mended, offer_for
from bot.domain.model.job import Job
from bot.domain.model.request import Request
from bot.domain.numbers import dollars
from bot.domain.project import Project, configured
from bot.domain.remedy import Offer, RemedyKind, RemedyMode, ResumeFrom
from bot.errors import BadInput, Missing, Refused, ServiceError, UserError
from bot.ports.artifacts import TOO_LARGE, Artifacts
from bot.ports.engine import Engine
from bot.services.jobs.submit import TrainRequest, stored_request
from bot.services.jobs.submit_call import call_for_job, check_fits
from bot.services.money.admission import Admission
from bot.services.money.quotes import RISE, Quotes
from bot.services.people.lookup import job_for
from bot.services.remedies.on_demand import OnDemandPlaces
from bot.services.running.core import Core
from trainer.contract import CHECKPOINT, RESUME_JSON

log = structlog.get_logger()

KEY_BYTES = 16
NEWEST = 1_000
"""Jobs of the project among which a retry is looked for that the store has lost and found again."""
_DISCORD_EPOCH = 1_420_070_400.0
"""The first second of a snowflake: https://docs.discord.com/developers/reference#snowflakes"""
_EARLIER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class PriceRisen:
    """It costs more by now than the button says. Nothing was started; `usd_most` is the new sum."""

    text: str
    usd_most: float


@dataclass(frozen=True, slots=True)
class Taken:
    """The retry. `before`: somebody else, or the bot, had started it before."""

    job: Job
    before: bool


class Systems(Protocol):
    """What of the outside a retry needs."""

    @property
    def artifacts(self) -> Artifacts: ...
    @property
    def engine(self) -> Engine: ...


class Remedies:
    """`offer` and `by_bot` are called when a result is announced, `take` by the chat."""

    def __init__(self, core: Core, outside: Systems, quotes: Quotes, *, new_id: Callable[[], str]) -> None:
        self._store, self._projects, self._permits = core.store, core.projects, core.permits
        self._caps, self._now = core.caps, core.now
        self._artifacts, self._engine = outside.artifacts, outside.engine.capabilities
        self._quotes, self._new_id = quotes, new_id
        self._admission = Admission(core)
        self._places = OnDemandPlaces(core.store, quotes)

    async def offer(self, job: Job) -> Offer | None:
        """What the result of this job offers; None if nothing may mend its end. Never raises."""
        project = self._projects.get(job.run.project)
        if project is None or project.remedy is RemedyMode.OFF or job.execution.reason not in MENDED:
            return None
        machines = await self._quotes.machines(project.on(job.run.machine))
        limits = Limits(
            machines.memory_mib if machines is not None else 0,
            machines.most_memory_mib if machines is not None else 0,
            project.longest_timeout_seconds,
            await self._checkpoint(job, project),
            await self._places.of(job, project),
        )
        offer = offer_for(job, limits)
        if offer is None or not offer.open:
            return offer
        quote = (await self._retry(job.id, job, project, offer, _by_bot(job, self._now()))).run.quote
        return replace(offer, usd_most=quote.usd_most if quote is not None else None)

    async def by_bot(self, job: Job, offer: Offer | None) -> tuple[Job | None, str]:
        """The retry that the bot is to start by itself, or why it must not. Neither if the config doesn't say so."""
        project = self._projects.get(job.run.project)
        if project is None or project.remedy is not RemedyMode.AUTO or offer is None or not offer.open:
            return None, ""
        retry = await self._retry(self._new_id(), job, project, offer, _by_bot(job, self._now()), by_bot=True)
        moves = offer.kind is RemedyKind.ON_DEMAND and not moved_before(await self._places.row(job))
        why_not = self._why_not(job, project, offer, retry, moves=moves)
        return (None, why_not) if why_not else (retry, "")

    async def take(self, job_id: str, request: TrainRequest, seen_usd: float | None) -> Taken | PriceRisen:
        """Retry a job with what its result offers. Of two people, the first starts it; the second gets that job.

        `seen_usd` is the sum on the button, None if it has none. Raises `NotAllowed`, `CapReached`, `Paused`, and
        `UserError` if nothing is offered.
        """
        failed = await job_for(self._store, self._permits, job_id, request.person)
        if not isinstance(failed, Job) or failed.offer is None or failed.offer.obstacle is not None:
            raise UserError(f"There is nothing to retry {job_id} with. Plain Retry runs it again as it was.")
        project = configured(self._projects, failed.run.project)
        self._permits.check(request.person, Verb.TRAIN, project.name)
        if (earlier := await self._earlier(failed)) is not None:
            return Taken(earlier, before=earlier.request.interaction_id != request.interaction_id)
        offer = failed.offer
        await self._check_fits(project, failed, offer)
        asked = stored_request(request, self._now(), failed.id)
        retry = await self._retry(self._new_id(), failed, project, offer, asked)
        self._permits.check_cost(request.person, Verb.TRAIN, project.name, retry.run.quote)
        if (risen := _risen(retry, seen_usd)) is not None:
            return risen
        self._check_size(retry, project)
        started = await self._admission.retry(failed, retry, request.person)
        return Taken(started, before=started.id != retry.id)

    # ---- parts of a retry --------------------------------------------------------------------------------
    async def _retry(
        self, job_id: str, failed: Job, project: Project, offer: Offer, request: Request, *, by_bot: bool = False
    ) -> Job:
        """The same commit and parameters, in a place and with a key of its own."""
        longest = max(project.timeout_seconds, failed.run.timeout_seconds)
        run = replace(
            failed.run,
            timeout_seconds=longest,
            key=secrets.token_hex(KEY_BYTES),
            results=project.output_uri,
            quote=None,
        )
        retry = Job(job_id, request, mended(failed, run, offer, by_bot=by_bot))
        return await self._quotes.priced(retry, project)

    async def _checkpoint(self, job: Job, project: Project) -> ResumeFrom | None:
        """Where a retry can go on: in the job's own files, or in those that it was itself to go on from."""
        prefix = project.prefix(job.run.results, job.id)
        try:
            for name in (CHECKPOINT, RESUME_JSON):
                if await self._exists(f"{prefix}{name}"):
                    return ResumeFrom(job.id, prefix, job.run.key)
        except ServiceError as error:
            log.warning("a checkpoint could not be looked for", job=job.id, error=str(error))
        return job.run.resume_from

    async def _exists(self, uri: str) -> bool:
        """Whether there is an object, without reading it."""
        try:
            await self._artifacts.read(uri, limit=0)
        except Missing:
            return False
        except Refused as error:
            if error.code != TOO_LARGE:
                raise
        return True

    async def _check_fits(self, project: Project, failed: Job, offer: Offer) -> None:
        """The queue or the config may have changed since the result."""
        if offer.kind is RemedyKind.ON_DEMAND:
            await self._places.check(failed, project, offer)
            return
        if offer.kind is RemedyKind.TIME and offer.after > project.longest_timeout_seconds:
            raise UserError(
                f"The project {project.name} allows at most {project.longest_timeout_seconds / 60:g} minutes by now "
                "(`longest_timeout_minutes`). Plain Retry runs it again as it was."
            )
        machines = await self._quotes.machines(project.on(failed.run.machine))
        if offer.kind is RemedyKind.MEMORY and machines is not None and offer.after > machines.most_memory_mib:
            raise UserError(
                "No machine of the queue has that much memory any more. Plain Retry runs it again as it was."
            )

    async def _earlier(self, failed: Job) -> Job | None:
        """What has become of the offer already; also if the store has lost that and found the job again."""
        if failed.offer is not None and failed.offer.retried_as:
            found = await self._store.job(failed.offer.retried_as)
            return found if isinstance(found, Job) else None
        newest = await self._store.jobs(project=failed.run.project, limit=NEWEST)
        jobs = (job for job in newest if isinstance(job, Job) and job.publication.recovered_at is not None)
        return next((job for job in jobs if job.run.remedied is not None and job.run.remedied.of == failed.id), None)

    def _check_size(self, retry: Job, project: Project) -> None:
        call = call_for_job(retry, project, "signalbox")
        check_fits(call, self._engine, "This retry", "Plain Retry takes less.")

    def _why_not(self, job: Job, project: Project, offer: Offer, retry: Job, *, moves: bool) -> str:
        """Why the bot doesn't retry by itself; empty if it may. `moves`: for the first time to the machine on demand,
        which it does beside the one retry elsewhere."""
        try:
            self._check_size(retry, project)
        except BadInput as error:
            return str(error)
        if job.run.remedied is not None and job.run.remedied.by_bot and not moves:
            return "I retry once by myself, and this was that retry."
        if offer.kind is RemedyKind.TIME and offer.resume_from is None:
            return "It left no checkpoint, so a retry would start over."
        quote, above = retry.run.quote, self._caps.approve_above(project.name)
        if above is not None and (quote is None or quote.usd_most > above[0]):
            return f"Above {dollars(above[0])}, somebody else must approve it."
        limit = self._permits.lowest_limit(Verb.TRAIN, project.name)
        if (quote.usd_most if quote is not None else float("inf")) > limit:
            return f"It may cost more than {dollars(limit)}, so somebody who may spend that must start it."
        return ""


def _risen(retry: Job, seen_usd: float | None) -> PriceRisen | None:
    quote = retry.run.quote
    if quote is None or seen_usd is None or quote.usd_most <= seen_usd * RISE:
        return None
    now, then = dollars(quote.usd_most), dollars(seen_usd)
    text = f"Prices have risen: this may now cost up to {now}, not {then}. Nothing was started."
    return PriceRisen(text, quote.usd_most)


def _by_bot(failed: Job, now: float) -> Request:
    """In the name of whoever asked for the failed job.

    Its interaction is none of Discord's, and follows from the failed job: a second retry of it has no place in the
    store. It is the snowflake of a moment before the end, as the history is searched from there.
    """
    asked = failed.request
    at = (failed.execution.ended_at or now) - _EARLIER_SECONDS - _DISCORD_EPOCH
    low = int.from_bytes(hashlib.sha256(failed.id.encode()).digest()[:4]) >> 10
    interaction_id = (max(1, int(at * 1_000)) << 22) + low
    return Request(asked.asker_id, asked.asker_name, asked.channel_id, interaction_id, now, failed.id)
