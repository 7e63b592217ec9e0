"""The guards, each as it can be taken out without editing the source: by the config, or by leaving a part out."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from unittest import mock

from bot.adapters.sqlite.ledger import pause_rows
from bot.domain.money.caps import Caps
from bot.domain.project import Project
from bot.ports.engine import Engine
from bot.services.jobs import launch, reconcile, stop, track_jobs
from bot.services.running.core import Core
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
        """Replace the method that is the guard."""
        found = _METHODS.get(self.without) if self.without else None
        if found is None:
            yield
            return
        owner, name, instead = found
        with mock.patch.object(owner, name, instead):
            yield


async def _nothing(*_: object) -> None: ...


async def _surely(*_: object) -> bool:
    return True


def _never_again(self: stop.Stop, core: Core, engine: Engine) -> None:
    _begin_stop(self, core, engine, repeat_seconds=math.inf)


_begin_stop = stop.Stop.__init__
_METHODS: Mapping[Guard, tuple[object, str, Callable[..., object]]] = {
    Guard.PAUSE: (pause_rows, "current", lambda _: None),
    Guard.FOLLOW_STOP: (stop.Stop, "__init__", _never_again),
    Guard.LOOK_UP: (launch.Launch, "_surely_absent", _surely),
    Guard.DOUBLES: (reconcile.Reconcile, "_end_doubles", _nothing),
    Guard.LOST: (track_jobs.TrackJobs, "_unknown", _nothing),
}
