"""Approve or decline what may cost much: a second person's word, for exactly what was asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from bot.domain.access import Person, Verb
from bot.domain.clock import passed
from bot.domain.inert import escape
from bot.domain.model.rows import AnyRow, Posted
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.money.hold import Approval, Hold, HoldKind
from bot.domain.money.quote import Quote
from bot.domain.numbers import dollars
from bot.domain.posts import Change
from bot.domain.spending.approval import token
from bot.errors import CapReached, NotAllowed, UserError
from bot.services.money.admission import APPROVAL_SECONDS, Admission
from bot.services.people.lookup import job_for
from bot.services.running.core import Core
from bot.services.running.pending import awaiting_approval

log = structlog.get_logger()

NOBODY = "nobody approved it within an hour"
Requote = Callable[[Posted], Awaitable[Quote | None]]
"""What it would be quoted now; None if nobody knows any more."""


async def as_quoted(posted: Posted) -> Quote | None:
    """Where prices stay as they are."""
    return posted.run.quote


class Approve:
    """Called by the chat. Takes up, in a loop, what nobody has approved in time."""

    def __init__(self, core: Core, requote: Requote = as_quoted) -> None:
        self._store, self._permits, self._now = core.store, core.permits, core.now
        self._requote, self._admission = requote, Admission(core)

    async def waiting(self, job_id: str, person: Person) -> Posted:
        """The job or sweep, if this person may decide about it. Raises `UnknownName`, `NotAllowed`, and `UserError` if
        it has been decided."""
        posted = await job_for(self._store, self._permits, job_id, person)
        self._permits.check(person, Verb.APPROVE, posted.run.project)
        if posted.request.asker_id == person.id:
            raise NotAllowed(f"You asked for {posted.id} yourself, so somebody else must decide about it.")
        _check_undecided(posted)
        return posted

    async def approve(self, job_id: str, seen: str, person: Person, asker: Person | None) -> Posted:
        """Let it start. `seen` is the token of what was on the card; `asker` has the roles of now, None if whoever
        asked has left the server. Raises `UserError` if it is not that any more, or may not start any more."""
        posted = await self.waiting(job_id, person)
        self._check_seen(posted, seen)
        self._check_asker(posted, asker)
        await self._check_price(posted)
        at = self._now()

        def step(stored: AnyRow) -> Change | None:
            if not isinstance(stored, Posted):
                return None
            _check_undecided(stored)
            self._check_seen(stored, seen)
            return Change(_approved(stored, Approval(person.name, at, person.id)))

        try:
            await self._store.change(posted.id, step)
        except CapReached as error:
            raise self._admission.with_raisers(error, person, posted.run.project) from error
        return await self._store.job(posted.id) or posted

    async def decline(self, job_id: str, seen: str, person: Person) -> Posted:
        posted = await self.waiting(job_id, person)
        self._check_seen(posted, seen)
        detail = f"declined by {person.name}"
        await self._end(posted.id, detail, undecided=True)
        return await self._store.job(posted.id) or posted

    async def once(self) -> None:
        """End what nobody has approved in time."""
        for posted, hold in awaiting_approval(await self._store.unfinished()):
            if _over(hold, self._now()):
                await self._end(posted.id, NOBODY, undecided=False)
                log.info("not approved in time", job=posted.id)

    # ---- checks ------------------------------------------------------------------------------------------
    def _check_seen(self, posted: Posted, seen: str) -> None:
        hold = posted.execution.hold
        if hold is not None and _over(hold, self._now()):
            raise UserError(f"{posted.id} could be approved for an hour, and that is over. It can be asked for again.")
        if token(posted) != seen:
            raise UserError(f"The card of {posted.id} has changed since this button was made. Look at it, then decide.")

    def _check_asker(self, posted: Posted, asker: Person | None) -> None:
        """Whoever asked must be allowed to start it now as well."""
        verb = Verb.SWEEP if isinstance(posted, Sweep) else Verb.TRAIN
        project, who = posted.run.project, f"<@{posted.request.asker_id}>, who asked for {posted.id},"
        if asker is None:
            raise UserError(f"{who} is not in this server any more, so it can't be approved.")
        if not self._permits.policy.may(asker, verb, project):
            raise UserError(f"{who} may not start it any more, so it can't be approved.")
        try:
            self._permits.check_cost(asker, verb, project, posted.run.quote)
        except NotAllowed as error:
            raise UserError(f"{who} may not spend that much any more. It can't be approved.") from error

    async def _check_price(self, posted: Posted) -> None:
        """Ask anew if it has become more expensive, and say so."""
        now, before = await self._requote(posted), posted.run.quote
        if now is None or before is None or now.usd_most <= before.usd_most:
            return
        at = self._now()

        def step(stored: AnyRow) -> Change | None:
            waits = isinstance(stored, Posted) and stored.execution.hold == posted.execution.hold
            return Change(_requoted(stored, now, at)) if waits and isinstance(stored, Posted) else None

        await self._store.change(posted.id, step)
        raise UserError(
            f"Prices have risen: {posted.id} may now cost up to {dollars(now.usd_most)}, not "
            f"{dollars(before.usd_most)}. Its card shows the new sum and asks again, for another hour."
        )

    async def _end(self, job_id: str, detail: str, *, undecided: bool) -> None:
        at = self._now()

        def step(stored: AnyRow) -> Change | None:
            if not isinstance(stored, Posted):
                return None
            if undecided:
                _check_undecided(stored)
            elif not awaiting_approval([stored]):
                return None
            return Change(stored.ended(EndReason.NOT_APPROVED, at, detail))

        await self._store.change(job_id, step)


def _check_undecided(posted: Posted) -> None:
    """Raise `UserError` with who has decided, or what has happened."""
    execution = posted.execution
    if execution.approval is not None:
        by, at = escape(execution.approval.by, 40), round(execution.approval.at)
        raise UserError(f"{posted.id} was already approved, by {by} <t:{at}:R>.")
    if execution.reason is EndReason.NOT_APPROVED:
        raise UserError(f"{posted.id} was not approved: {escape(execution.detail, 100)}.")
    if not awaiting_approval([posted]):
        raise UserError(f"{posted.id} does not wait for approval.")


def _over(hold: Hold, now: float) -> bool:
    return hold.kind is HoldKind.APPROVAL and passed(hold.since, APPROVAL_SECONDS, now)


def _approved(posted: Posted, approval: Approval) -> Posted:
    if isinstance(posted, Sweep):
        return replace(posted, execution=posted.execution.approved(approval))
    return replace(posted, execution=posted.execution.approved(approval))


def _requoted(posted: Posted, quote: Quote, at: float) -> Posted:
    """With a new hour."""
    hold = posted.execution.hold or Hold(HoldKind.APPROVAL, at)
    hold = replace(hold, since=at, until=at + APPROVAL_SECONDS)
    run = replace(posted.run, quote=quote)
    if isinstance(posted, Sweep):
        return replace(posted, run=run, execution=posted.execution.held(hold))
    return replace(posted, run=run, execution=posted.execution.held(hold))
