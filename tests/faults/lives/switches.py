"""The guards, each as it can be taken out without editing the source: by the config, or by leaving a part out."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from unittest import mock

from bot.adapters.sqlite.ledger import admission
from bot.domain.money.caps import Caps
from bot.domain.project import Project
from bot.services.jobs import launch, reconcile, stop
from tests.faults.lives.wired import Wired


class Guard(StrEnum):
    SILENT = "silent"
    NOT_FINITE = "not finite"
    DIVERGED = "diverged"
    GPU_IDLE = "gpu idle"
    NO_MACHINE = "no machine"
    NOT_STARTING = "not starting"
    OVERTIME = "overtime"
    WATCH = "watch"
    """All of these together."""
    ORPHANS = "orphans"
    RECONCILE = "reconcile"
    DOUBLES = "doubles"
    FOLLOW_STOP = "follow stop"
    """TerminateJob is repeated until the job has ended."""
    LOOK_UP = "look up"
    """A lost answer is looked up before anything is submitted again."""
    CAPS = "caps"
    PAUSE = "pause"
    APPROVALS = "approvals"
    """What nobody approves in time ends."""
    LOST = "lost"
    """What the engine has forgotten ends."""


_LIMITS = {
    Guard.SILENT: "silent_seconds",
    Guard.NOT_FINITE: "nan_rows",
    Guard.DIVERGED: "diverged_factor",
    Guard.GPU_IDLE: "gpu_idle_seconds",
    Guard.NO_MACHINE: "waiting_seconds",
    Guard.NOT_STARTING: "starting_seconds",
    Guard.OVERTIME: "overtime_seconds",
}
_LOOPS = {
    Guard.WATCH: "guard",
    Guard.ORPHANS: "orphans",
    Guard.RECONCILE: "reconcile",
    Guard.APPROVALS: "approvals",
}


@dataclass(frozen=True)
class Switches:
    """`without` is the guard that is taken out; None for the bot as it is."""

    without: Guard | None = None

    def project(self, project: Project) -> Project:
        name = _LIMITS.get(self.without) if self.without else None
        return replace(project, guard=replace(project.guard, **{name: 0})) if name else project

    def caps(self, caps: Caps) -> Caps:
        return Caps() if self.without is Guard.CAPS else caps

    def apply(self, bot: Wired) -> None:
        name = _LOOPS.get(self.without) if self.without else None
        bot.loops = [loop for loop in bot.loops if loop.name != name]

    @contextmanager
    def patched(self) -> Iterator[None]:
        if self.without is Guard.PAUSE:
            with mock.patch.object(admission.pause_rows, "current", return_value=None):
                yield
        elif self.without is Guard.FOLLOW_STOP:
            with mock.patch.dict(stop.Stop.__init__.__kwdefaults__, {"repeat_seconds": math.inf}):
                yield
        elif self.without is Guard.LOOK_UP:

            async def absent(self: launch.Launch, job: object) -> bool:
                return True

            with mock.patch.object(launch.Launch, "_surely_absent", absent):
                yield
        elif self.without is Guard.DOUBLES:

            async def nothing(self: reconcile.Reconcile, *_: object) -> None: ...

            with mock.patch.object(reconcile.Reconcile, "_end_doubles", nothing):
                yield
        else:
            yield
