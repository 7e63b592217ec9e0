"""The machines that an engine has running, with or without a job. Not every engine has machines of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.guard.machines import Machine
from bot.domain.money.quote import Terms


@dataclass(frozen=True, slots=True)
class MachineGroup:
    """Machines that the engine starts and ends together, by the same rules: a compute environment."""

    id: str
    """The engine's own, the same whichever queue leads to it."""
    name: str
    region: str
    terms: Terms
    least_vcpus: float = 0.0
    """What is kept without jobs, on purpose."""
    delay_seconds: float = 0.0
    """How long a machine is kept after its last job, on purpose."""


class Fleet(Protocol):
    """Raises the errors of every service, `Denied` if the bot may not ask."""

    async def groups(self, queue: str) -> Sequence[MachineGroup]:
        """Those in which the queue may start jobs, and whose machines the engine ends by itself. Cached for minutes."""

    async def machines(self, group: MachineGroup) -> Sequence[Machine]:
        """All of its machines that run, as of now."""
