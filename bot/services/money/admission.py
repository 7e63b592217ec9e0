"""Accept a job or a sweep: under the caps, and with a second person's approval where it may cost much."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from bot.domain.access import Person
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.money.hold import Hold, HoldKind
from bot.domain.numbers import dollars
from bot.domain.posts import Change, first_posts
from bot.domain.texts.cap_refusals import unpriced
from bot.errors import BadInput, CapReached, NotAllowed, UserError
from bot.ports.store import AnyPosted
from bot.services.running.core import Core

APPROVAL_SECONDS = 3_600.0
"""How long an approval can be given: after that the price, the commit and the need may be others."""


class Admission:
    """The one way in for what people ask for."""

    def __init__(self, core: Core) -> None:
        self._store, self._caps, self._permits = core.store, core.caps, core.permits

    async def add(self, posted: AnyPosted, person: Person, trials: Sequence[Trial] = ()) -> AnyPosted:
        """Commit it, with its card and thread; it waits if a second person must approve it.

        Raises `CapReached`, with who can raise the cap, and `Paused`.
        """
        try:
            return await self._store.add(self._held(posted), first_posts(posted.id), trials)
        except CapReached as error:
            raise self.with_raisers(error, person, posted.run.project) from error

    async def retry(self, failed: Job, retry: Job, person: Person) -> Job:
        """The same for a retry with what a failed job's result offers: of two at once, both get the first."""
        held = self._held(retry)

        def step(stored: Job) -> Change | None:
            return Change(stored, starts=held) if stored.offer is not None and stored.offer.open else None

        try:
            stored = await self._store.change(failed.id, step)
        except CapReached as error:
            raise self.with_raisers(error, person, retry.run.project) from error
        started = await self._store.job(stored.offer.retried_as) if stored.offer is not None else None
        if not isinstance(started, Job):
            raise UserError(f"What became of {failed.id} is not known any more. Plain Retry runs it again as it was.")
        return started

    def with_raisers(self, error: CapReached, person: Person, project: str) -> CapReached:
        who = self._permits.raisers(person, project)
        return CapReached(f"{error} {who[:1].upper()}{who[1:]} can raise it.")

    def _held(self, posted: AnyPosted) -> AnyPosted:
        """Raises `CapReached` if it may need approval and nobody knows what it costs."""
        limit, project = self._caps.approve_above(posted.run.project), posted.run.project
        if limit is None:
            return posted
        above, setting = limit
        if posted.run.quote is None:
            raise CapReached(unpriced(posted, setting))
        if posted.run.quote.usd_most <= above:
            return posted
        if posted.execution.hold is not None:
            raise BadInput(
                f"This may cost up to {dollars(posted.run.quote.usd_most)}, and above {dollars(above)} somebody else "
                f"must approve it (`{setting}`). What needs approval can't wait for a price: leave out `start_below`."
            )
        roles = self._permits.approvers(posted.request.channel_id, project)
        if not roles:
            raise NotAllowed(
                f"This may cost up to {dollars(posted.run.quote.usd_most)}, and above {dollars(above)} somebody else "
                f'must approve it (`{setting}`). No role may do that here: ask an admin for a grant with "approve".'
            )
        since = posted.request.created_at
        hold = Hold(
            HoldKind.APPROVAL,
            since,
            since + APPROVAL_SECONDS,
            approvers=roles,
            mentions=self._caps.approve_mentions,
        )
        return cast("AnyPosted", _with_hold(posted, hold))


def _with_hold(posted: Posted, hold: Hold) -> Posted:
    if isinstance(posted, Sweep):
        return replace(posted, execution=posted.execution.held(hold))
    return replace(posted, execution=posted.execution.held(hold))
