"""The switch that stops all new spending: kept in the store, announced in the channels, shown on cards that wait."""

from collections.abc import Iterator
from dataclasses import replace

import structlog
from prometheus_client import Gauge

from bot.domain.access import Person
from bot.domain.inert import escape
from bot.domain.model.rows import Posted, Row
from bot.domain.model.states import JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.money.pause import Pause as Switch
from bot.domain.posts import Change
from bot.domain.texts.cap_refusals import paused_text, resumed_text
from bot.errors import NotAllowed, ServiceError, Unavailable, UserError
from bot.ports.chat import Chat
from bot.services.running.core import Core

log = structlog.get_logger()

PAUSED = Gauge("signalbox_paused", "1 while an admin has paused all new jobs, sweeps and trials")

REASON_CHARACTERS = 300


class Pause:
    """`pause` and `resume` are called by the chat. `once` announces the last word, and marks what waits for it."""

    def __init__(self, core: Core, chat: Chat) -> None:
        self._store, self._projects, self._permits = core.store, core.projects, core.permits
        self._chat, self._now = chat, core.now

    async def pause(self, person: Person, reason: str) -> Switch:
        """Nothing new is submitted from the moment this returns. Raises `NotAllowed`, and `UserError` if that is so
        already."""
        self._check(person)
        before = await self.current()
        switch = Switch(True, person.id, person.name, reason[:REASON_CHARACTERS], self._now())
        if before is not None or not await self._store.keep_pause(switch):
            raise UserError(f"It is paused already: {paused_text(before or switch)}")
        log.warning("paused", by=person.id, reason=switch.reason)
        return switch

    async def resume(self, person: Person) -> Switch:
        """What waits is submitted from now on. Raises `NotAllowed`, and `UserError` if nothing is paused."""
        self._check(person)
        switch = Switch(False, person.id, person.name, "", self._now())
        if await self.current() is None or not await self._store.keep_pause(switch):
            raise UserError("Nothing is paused.")
        log.warning("resumed", by=person.id)
        return switch

    async def current(self) -> Switch | None:
        """Who has paused it and why; None if nothing is paused."""
        switch = await self._store.pause()
        return switch if switch is not None and switch.paused else None

    async def once(self) -> None:
        """Announce the last word where it is not known yet, and bring the cards up to date with it."""
        switch = await self._store.pause()
        PAUSED.set(switch is not None and switch.paused)
        if switch is None:
            return
        await self._mark(switch)
        for channel_id in self._channels():
            if channel_id not in switch.announced:
                await self._announce(switch, channel_id)

    def _check(self, person: Person) -> None:
        """It concerns all projects, so it takes somebody who administers all of them."""
        administered = self._permits.administered(person)
        if administered is None or administered >= self._projects.keys():
            return
        raise NotAllowed(
            "This concerns all projects, and you don't administer all of them here. You need "
            f"{self._permits.raisers(person, next(iter(self._projects)))} with a grant for all projects."
        )

    def _channels(self) -> list[int]:
        """One of each project."""
        return list(dict.fromkeys(each.channel_ids[0] for each in self._projects.values() if each.channel_ids))

    async def _announce(self, switch: Switch, channel_id: int) -> None:
        text = paused_text(switch) if switch.paused else resumed_text(switch)
        try:
            await self._chat.send_text(channel_id, text, nonce=_nonce(switch, channel_id))
        except Unavailable as error:
            log.warning("could not announce a pause, will try again", channel=channel_id, error=str(error))
            return
        except ServiceError as error:
            log.warning("could not announce a pause", channel=channel_id, error=str(error))
        await self._store.pause_announced(switch.at, channel_id)

    async def _mark(self, switch: Switch) -> None:
        by = (escape(switch.by_name, 40) or "an admin") if switch.paused else ""
        for row in _concerned(await self._store.unfinished(), by):
            await self._store.change(row.id, lambda stored: _marked(stored, by))


def _concerned(rows: list[Row], by: str) -> Iterator[Posted]:
    """Those whose card says something else than is so."""
    for row in rows:
        if isinstance(row, Posted) and row.execution.paused_by != (by if _waits(row) else ""):
            yield row


def _marked(row: Row, by: str) -> Change | None:
    if not isinstance(row, Posted):
        return None
    mark = by if _waits(row) else ""
    if isinstance(row, Sweep):
        return Change(replace(row, execution=row.execution.paused(mark)))
    return Change(replace(row, execution=row.execution.paused(mark)))


def _waits(row: Posted) -> bool:
    """It, or more of it, would be submitted now."""
    execution = row.execution
    if not execution.live or execution.stop is not None or execution.hold is not None:
        return False
    waiting = isinstance(row, Sweep) and row.plan.incremental and row.tally.count(TrialState.WAITING) > 0
    return execution.state is JobState.INTENT or waiting


def _nonce(switch: Switch, channel_id: int) -> str:
    """Discord compares nonces of one author, wherever they were sent, and takes 25 characters:
    https://docs.discord.com/developers/resources/message#create-message"""
    return f"{'p' if switch.paused else 'r'}{switch.at:.0f}-{channel_id % 10**11}"
