"""Build the services for single jobs, and the loops that run them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.services.jobs.announce_result import AnnounceResult, AnnounceSettings, Mending
from bot.services.jobs.explain_wait import ExplainWait
from bot.services.jobs.find import Find
from bot.services.jobs.launch import Launch, LaunchSettings
from bot.services.jobs.plot import Plot
from bot.services.jobs.reconcile import Reconcile
from bot.services.jobs.stop import Stop
from bot.services.jobs.submit import Submit
from bot.services.jobs.track_jobs import TrackJobs
from bot.services.money.quotes import Quotes
from bot.services.running.core import Core, Outside, Setup
from bot.services.running.loop import Loop
from bot.services.tables.table_files import TableFiles

EVENTS_WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Jobs:
    """What the chat and the sweeps call, and the loops."""

    find: Find
    tables: TableFiles
    plot: Plot
    stop: Stop
    submit: Submit
    reconcile: Reconcile
    loops: tuple[Loop, ...]
    close: Callable[[], Awaitable[None]]
    """Ends what the loops have begun."""


def build(core: Core, outside: Outside, setup: Setup, quotes: Quotes, remedies: Mending) -> Jobs:
    find = Find(core.store, outside.artifacts, core.projects, core.permits)
    tables = TableFiles(outside.artifacts, setup.data_dir / "tables")
    plot = Plot(find, tables, outside.figures, core.projects)
    stop = Stop(core, outside.engine)
    submit = Submit(core, outside.code, outside.engine.capabilities, quotes, new_id=setup.new_id)
    # A job's progress and the reason of its end are in its last log lines, which arrive a little after its state.
    announce_settings = AnnounceSettings(
        grace=min(setup.intervals.drain, 10), plot_deadline=setup.intervals.plot_deadline
    )
    announce = AnnounceResult(core, plot, outside.artifacts, remedies, announce_settings)
    reconcile = Reconcile(core, outside.engine, setup.bot_name, quotes)
    loops = _loops(core, outside, setup, announce, stop, reconcile)
    return Jobs(find, tables, plot, stop, submit, reconcile, tuple(loops), announce.close)


def _loops(
    core: Core, outside: Outside, setup: Setup, announce: AnnounceResult, stop: Stop, reconcile: Reconcile
) -> list[Loop]:
    pace, wakeups = setup.intervals, core.wakeups
    launch = Launch(core, outside.engine, LaunchSettings(setup.bot_name, pace.lookup))
    track = TrackJobs(core, outside.engine)
    explain = ExplainWait(core, outside.engine, pace.stuck)
    loops = [
        Loop("launch", launch.once, 5, wakeups.of("launch")),
        Loop("track_jobs", track.once, pace.describe, wakeups.of("track_jobs")),
        Loop("stop", stop.once, 5, wakeups.of("stop")),
        Loop("announce_result", announce.once, 2, wakeups.of("announce_result")),
        Loop("explain_wait", explain.once, min(pace.stuck, 15)),
        Loop("reconcile", reconcile.once, pace.reconcile),
    ]
    events = outside.events
    if events is not None:
        loops.append(Loop("receive_events", lambda: track.receive(events, EVENTS_WAIT_SECONDS), 0))
    return loops
