"""Build the guard and its loops."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.project import Project
from bot.services.guard.answer_guard import AnswerGuard
from bot.services.guard.idle_machines import IdleMachines
from bot.services.guard.orphans import Orphans
from bot.services.guard.still_running import StillRunning
from bot.services.guard.watch_jobs import WatchJobs
from bot.services.guard.watch_sweeps import WatchSweeps
from bot.services.jobs.build_jobs import Jobs
from bot.services.money.build_money import Money
from bot.services.money.machine_rates import MachineRates
from bot.services.running.core import Core, Outside, Setup
from bot.services.running.loop import Loop
from bot.services.sweeps.build_sweeps import Sweeps

WATCH_SECONDS = 15.0
"""Between two passes, at most. What it reads is in memory and in the store, so a pass costs little."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What the chat calls, and the loops."""

    answer: AnswerGuard
    loops: tuple[Loop, ...]


def build(core: Core, outside: Outside, setup: Setup, jobs: Jobs, sweeps: Sweeps, money: Money) -> Guard:
    watch_jobs = WatchJobs(core, outside.artifacts)
    watch_sweeps = WatchSweeps(core, outside.artifacts, sweeps.trials)
    still_running = StillRunning(core, sweeps.trials)
    orphans = Orphans(core, outside, jobs.reconcile, setup.grace_seconds)

    async def watch() -> None:
        of_jobs = await watch_jobs.once()
        of_sweeps = await watch_sweeps.once()
        core.signs.keep(of_jobs | of_sweeps)

    loops = [
        Loop("guard", watch, _seconds(core.projects.values())),
        Loop("still_running", still_running.once, 60),
        Loop("orphans", orphans.once, 60),
    ]
    if outside.fleet is not None and setup.idle_machine_seconds:
        rates = MachineRates(money.book, setup.prices)
        loops.append(Loop("idle_machines", IdleMachines(core, outside, outside.fleet, rates, setup).once, 60))
    return Guard(AnswerGuard(core, jobs.stop, sweeps.trials), tuple(loops))


def _seconds(projects: Iterable[Project]) -> float:
    """A few passes within the shortest limit."""
    limits = [limit for each in projects for limit in (each.guard.silent_seconds, each.guard.grace_seconds) if limit]
    return min([WATCH_SECONDS, *(limit / 4 for limit in limits)])
