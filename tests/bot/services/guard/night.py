"""Machines as time passes, looked at every minute."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from bot.domain.guard.machines import Machine
from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.quote import Terms
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.ports.fleet import MachineGroup
from bot.ports.prices import SpotPrice
from bot.services.guard.idle_machines import IdleMachines
from bot.services.money.machine_rates import MachineRates
from bot.services.money.price_book import PriceBook
from bot.services.running.core import Outside as Systems
from bot.services.running.core import Setup
from tests.support.projects import CHANNEL, PROJECT
from tests.support.services import Bot, Outside

GROUP = MachineGroup("cluster-1", "spot-machines", "us-east-1", Terms.SPOT)
MACHINE = Machine("i-1", "g4dn.xlarge", "us-east-1a", vcpus=4)


class FakeFleet:
    """The groups by queue, and the machines by group; an error in place of either is raised."""

    def __init__(self) -> None:
        self.queues: dict[str, list[MachineGroup] | ServiceError] = {"queue": [GROUP]}
        self.running: dict[str, list[Machine] | ServiceError] = {GROUP.id: [MACHINE]}
        self.looks = 0

    async def groups(self, queue: str) -> Sequence[MachineGroup]:
        return _given(self.queues[queue])

    async def machines(self, group: MachineGroup) -> Sequence[Machine]:
        self.looks += 1
        return _given(self.running[group.id])


def _given(found: list[MachineGroup] | list[Machine] | ServiceError) -> Sequence[object]:
    if isinstance(found, ServiceError):
        raise found
    return found


class Night:
    """A bot whose projects' machines are looked at every minute."""

    def __init__(self, bot: Bot, outside: Outside) -> None:
        self.bot, self.outside, self.fleet = bot, outside, FakeFleet()
        self.projects: list[Project] = [PROJECT]
        self.book: PriceBook | None = None
        self.mentions = False
        self.restart()

    def restart(self) -> None:
        core = replace(self.bot.core, projects={each.name: each for each in self.projects})
        setup = _Setup(self.mentions)
        rates = MachineRates(self.book, PriceSettings())
        self.idle = IdleMachines(core, cast("Systems", self.outside), self.fleet, rates, cast("Setup", setup))

    async def minutes(self, count: int) -> None:
        for _ in range(count):
            self.outside.clock.tick(60)
            await self.idle.once()

    def run(self, *machines: Machine) -> None:
        self.fleet.running[GROUP.id] = list(machines)

    def said(self) -> list[str]:
        return [text for _, channel, text in self.outside.chat.texts if channel == CHANNEL]


class _Setup:
    def __init__(self, mentions: bool) -> None:
        self.idle_machine_seconds, self.idle_machine_mentions, self.nonce_window = 1_800.0, mentions, 60.0


class FewPrices:
    """0.5 USD an hour on demand, 0.2 spot."""

    async def on_demand(self, _: str, machines: Sequence[str]) -> dict[str, float]:
        return dict.fromkeys(machines, 0.5)

    async def spot(self, _: str, machines: Sequence[str], since: float) -> list[SpotPrice]:
        return [SpotPrice(each, "us-east-1a", 0.2, since) for each in machines]

    async def disk(self, _: str) -> float:
        return 0.08
