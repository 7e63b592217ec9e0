"""Machines that run without a job: how long each has, and whether that is to be said."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from bot.domain.inert import Inert

STEP_SECONDS = 120.0
"""Of time without a job, counted by one look at most: a jump of the clock adds no more."""
GAP_SECONDS = 300.0
"""After a longer time without a look, the count begins anew: the machine may have had a job."""
HOUR = 3_600.0
"""Between two alarms about one machine."""
NONCE_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that runs. `kind` is the vendor's name of its type, and "" if nobody knows, like `zone`."""

    id: str
    kind: str = ""
    zone: str = ""
    busy: bool = False
    """It has a job, or is about to start one."""
    vcpus: float = 0.0
    answers: bool = True
    """False if the engine has lost contact with it: it takes no jobs, and may be gone."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A message that is to be sent, or perhaps was. `roles` are pinged."""

    channel_id: int
    text: Inert
    roles: tuple[int, ...] = ()
    attempted_at: float | None = None


@dataclass(frozen=True, slots=True)
class Idling:
    """What is known about one machine, stored. Times are in seconds since the epoch, durations sums of short steps."""

    id: str
    group: str
    looked_at: float
    seconds: float = 0.0
    """Without a job, and kept by no rule."""
    quiet_seconds: float = 0.0
    """Since the last alarm, if there was one."""
    alarms: int = 0
    message_id: int = 0
    """Of the last alarm that arrived."""
    alarm: Alarm | None = None
    """Under way."""

    def looked(self, now: float, *, idle: bool) -> "Idling":
        """After another look."""
        elapsed = now - self.looked_at
        step = min(max(0.0, elapsed), STEP_SECONDS)
        seconds = self.seconds + step if idle and elapsed <= GAP_SECONDS else 0.0
        return replace(self, looked_at=now, seconds=seconds, quiet_seconds=self.quiet_seconds + step)

    def due(self, limit: float) -> bool:
        """True if an alarm is to be raised now."""
        rested = not self.alarms or self.quiet_seconds >= HOUR
        return self.alarm is None and self.seconds >= limit and rested

    def alarmed(self, channel_id: int, text: Inert, roles: tuple[int, ...]) -> "Idling":
        alarm = Alarm(channel_id, text, roles)
        return replace(self, alarms=self.alarms + 1, quiet_seconds=0.0, alarm=alarm)

    def settled(self, message_id: int) -> "Idling":
        """After its alarm has arrived, or was refused for good: then the id is 0."""
        return replace(self, alarm=None, message_id=message_id or self.message_id)

    @property
    def matters(self) -> bool:
        """False if it may be forgotten while it runs: it has a job or is kept, and there was no alarm about it."""
        return self.seconds > 0 or self.alarms > 0

    @property
    def nonce(self) -> str:
        """Of the alarm under way. Discord takes 25 characters:
        https://docs.discord.com/developers/resources/message#create-message"""
        return sha256(f"idle:{self.id}:{self.alarms}".encode()).hexdigest()[:NONCE_DIGITS]


def to_end(machines: Iterable[Machine], least_vcpus: float) -> Iterator[Machine]:
    """The machines without a job that no rule keeps: without them, the group still has its least number of vCPUs."""
    found = list(machines)
    spare = sum(each.vcpus for each in found) - least_vcpus
    for each in sorted(found, key=lambda machine: (machine.vcpus, machine.id)):
        if each.busy:
            continue
        spare -= each.vcpus
        if spare < 0:
            return
        yield each
