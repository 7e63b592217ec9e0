"""Say which machines run without a job, hour by hour: Batch should have ended them, and they are billed.

Only what was seen counts, so a machine is named once the bot has seen it idle for that long. What is about to be sent
is in the store before; after a restart, the nonce or a look at the channel's history tells whether it has arrived.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import structlog
from prometheus_client import Gauge

from bot.domain.clock import passed
from bot.domain.guard.machines import Alarm, Idling, Machine, to_end
from bot.domain.inert import EMPTY, capital
from bot.domain.project import Project
from bot.domain.texts.engine import engine_title
from bot.domain.texts.machine_texts import idle_machine, role_mentions
from bot.errors import Deleted, Denied, ServiceError, Unavailable
from bot.ports.fleet import Fleet, MachineGroup
from bot.services.money.machine_rates import MachineRates
from bot.services.running.core import Core, Outside, Setup

log = structlog.get_logger()

IDLE = Gauge("signalbox_idle_machines", "Machines that have run without a job for too long")

T = TypeVar("T")

DENIED_SECONDS = 3_600.0
"""Before what was denied is asked for again: somebody must change a policy first."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A group of machines, and the project in whose channel they are named: the first one that may start jobs there."""

    group: MachineGroup
    project: Project


class IdleMachines:
    """Takes up the machines of all groups that the projects' queues start jobs in."""

    def __init__(self, core: Core, outside: Outside, fleet: Fleet, rates: MachineRates, setup: Setup) -> None:
        self._store, self._projects, self._now, self._permits = core.store, core.projects, core.now, core.permits
        self._chat, self._fleet, self._rates = outside.chat, fleet, rates
        self._limit, self._mentions = setup.idle_machine_seconds, setup.idle_machine_mentions
        self._nonce_window = setup.nonce_window
        self._denied: dict[str, float] = {}
        """By queue or group, when it was."""

    async def once(self) -> None:
        """Look at every machine, and say what is to be said."""
        stored = {each.id: each for each in await self._store.idle_machines()}
        places, complete = await self._places()
        kept: dict[str, Idling] = {}
        if not complete:
            kept.update((id_, each) for id_, each in stored.items() if each.group not in places)
        for place in places.values():
            machines = await self._asked(place.group.id, partial(self._fleet.machines, place.group))
            if machines is None:
                kept.update((id_, each) for id_, each in stored.items() if each.group == place.group.id)
            else:
                kept.update(await self._look(place, machines, stored))
        if kept or stored:
            await self._store.keep_idle_machines(list(kept.values()))
        IDLE.set(sum(each.alarms > 0 and each.seconds > 0 for each in kept.values()))
        for each in list(kept.values()):
            if each.alarm is not None:
                await self._deliver(each, each.alarm, kept)

    async def _places(self) -> tuple[dict[str, _Place], bool]:
        """By the group's id; and whether all queues could be asked."""
        places: dict[str, _Place] = {}
        asked: set[str] = set()
        complete = True
        for project in (place for each in self._projects.values() for place in each.placed):
            if project.queue in asked:
                continue
            asked.add(project.queue)
            groups = await self._asked(project.queue, partial(self._fleet.groups, project.queue))
            complete = complete and groups is not None
            for group in groups or ():
                places.setdefault(group.id, _Place(group, project))
        return places, complete

    async def _asked(self, what: str, ask: Callable[[], Awaitable[Sequence[T]]]) -> Sequence[T] | None:
        """None if nobody answers now, or if the bot may not ask."""
        denied_at = self._denied.get(what)
        if denied_at is not None and not passed(denied_at, DENIED_SECONDS, self._now()):
            return None
        try:
            found = await ask()
        except ServiceError as error:
            self._failed(what, error)
            return None
        self._denied.pop(what, None)
        return found

    def _failed(self, what: str, error: ServiceError) -> None:
        """A refusal is in the bot's log once: it lasts until somebody changes a policy, and the doctor shows it."""
        if not isinstance(error, Denied):
            log.info("idle machines can't be looked for now", what=what, error=str(error))
            return
        if what not in self._denied:
            log.warning("no idle machine is noticed: the bot may not look", what=what, error=str(error))
        self._denied[what] = self._now()

    async def _look(
        self, place: _Place, machines: Sequence[Machine], stored: Mapping[str, Idling]
    ) -> dict[str, Idling]:
        now, limit = self._now(), self._limit + place.group.delay_seconds
        idle = {each.id for each in to_end(machines, place.group.least_vcpus)}
        looked: dict[str, Idling] = {}
        for machine in machines:
            before = stored.get(machine.id, Idling(machine.id, place.group.id, now))
            idling = before.looked(now, idle=machine.id in idle)
            if idling.due(limit):
                idling = await self._alarmed(idling, machine, place)
            if idling.matters or machine.id in idle:
                looked[machine.id] = idling
        return looked

    async def _alarmed(self, idling: Idling, machine: Machine, place: _Place) -> Idling:
        channel_id, minutes = self._channel(place.project), round(idling.seconds / 60)
        group, project = place.group, place.project
        rate = await self._rates.usd_per_hour(project, group.region, machine.kind, group.terms)
        usd = rate * idling.seconds / 3_600 if rate is not None else None
        log.warning("a machine runs without a job", machine=machine.id, group=group.name, minutes=minutes, usd=usd)
        roles = self._permits.administrators(channel_id, project.name) if self._mentions else ()
        text = idle_machine(
            *(machine, group.name, group.region, minutes, usd),
            engine=capital(engine_title(project)),
            roles=role_mentions(roles) if roles else EMPTY,
        )
        raised = idling.alarmed(channel_id, text, roles)
        return raised if channel_id else replace(raised, alarm=None)

    def _channel(self, project: Project) -> int:
        """The project's first one, or else the first of the config; 0 if it names none."""
        projects: Iterable[Project] = (project, *self._projects.values())
        return next((id_ for each in projects for id_ in each.channel_ids), 0)

    async def _deliver(self, idling: Idling, alarm: Alarm, kept: dict[str, Idling]) -> None:
        async def keep(changed: Idling) -> None:
            kept[idling.id] = changed
            await self._store.keep_idle_machines(list(kept.values()))

        try:
            message_id = await self._arrived(idling, alarm, keep)
        except Unavailable as error:
            log.warning("could not name an idle machine, will try again", machine=idling.id, error=str(error))
            return
        except ServiceError as error:
            if not isinstance(error, Deleted):
                log.warning("could not name an idle machine", machine=idling.id, error=str(error))
            message_id = 0
        await keep(idling.settled(message_id))

    async def _arrived(self, idling: Idling, alarm: Alarm, keep: Callable[[Idling], Awaitable[None]]) -> int:
        """The message's id, whether it is sent now or had arrived before."""
        if alarm.attempted_at is None:
            await keep(replace(idling, alarm=replace(alarm, attempted_at=self._now())))
        elif passed(alarm.attempted_at, self._nonce_window, self._now()):
            found = await self._chat.find_text(alarm.channel_id, alarm.text, after=idling.message_id)
            if found is not None:
                return found
        return await self._chat.send_text(alarm.channel_id, alarm.text, nonce=idling.nonce, roles=alarm.roles)
