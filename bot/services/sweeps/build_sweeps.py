"""Build the services for sweeps, and the loops that run them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.services.jobs.build_jobs import Jobs
from bot.services.money.quotes import Quotes
from bot.services.running.core import Core, Outside, Setup
from bot.services.running.loop import Loop
from bot.services.sweeps.announce_sweep import AnnounceSweep
from bot.services.sweeps.collect_results import CollectResults, CollectSettings, TrialTables
from bot.services.sweeps.diagnose import Diagnose
from bot.services.sweeps.dispatch import Dispatch
from bot.services.sweeps.draw_board import DrawBoard
from bot.services.sweeps.holding.continue_sweep import ContinueSweep
from bot.services.sweeps.holding.hold_sweeps import HoldSweeps
from bot.services.sweeps.one_trial import OneTrial, TrialLog
from bot.services.sweeps.propose import Propose
from bot.services.sweeps.prune import Prune
from bot.services.sweeps.refresh_board import BoardSettings, RefreshBoard
from bot.services.sweeps.report_trials import ReportTrials
from bot.services.sweeps.stream_metrics import StreamMetrics
from bot.services.sweeps.track_trials import TrackTrials
from bot.services.sweeps.trial_book import TrialBook

DRAFT_SECONDS = 86_400.0
"""Drop a sweep that nobody confirmed after this long."""


@dataclass(frozen=True, slots=True)
class Sweeps:
    """What the chat calls, and the loops."""

    propose: Propose
    one_trial: OneTrial
    continue_sweep: ContinueSweep
    trials: TrialBook
    loops: tuple[Loop, ...]
    close: Callable[[], Awaitable[None]]
    """Ends what the loops have begun."""


def build(core: Core, outside: Outside, setup: Setup, jobs: Jobs, quotes: Quotes) -> Sweeps:
    trials = TrialBook(core)
    propose = Propose(core, outside.engine, outside.code, quotes, new_id=setup.new_id)
    trial_log = TrialLog(outside.engine, outside.logs, core.projects, outside.log_pace)
    one_trial = OneTrial(jobs.find, trials, jobs.plot, jobs.submit, jobs.stop, trial_log)
    collect = _collect(core, outside, setup, jobs, trials)
    draw = DrawBoard(trials, outside.figures, jobs.tables, outside.sampler, core.projects)
    board = RefreshBoard(core, draw, BoardSettings(setup.data_dir / "boards", setup.intervals.picture))
    report = ReportTrials(core, trials, setup.intervals.thread)
    announce = AnnounceSweep(core, trials, report, board, picture_deadline=setup.intervals.plot_deadline)

    async def close() -> None:
        await collect.close()
        await announce.close()

    loops = [*_trial_loops(core, outside, setup, trials, collect), *_board_loops(core, setup, report, board, announce)]
    go_on = ContinueSweep(core, outside.code, jobs.stop, trials)
    return Sweeps(propose, one_trial, go_on, trials, tuple(loops), close)


def _collect(core: Core, outside: Outside, setup: Setup, jobs: Jobs, trials: TrialBook) -> CollectResults:
    pace = setup.intervals
    diagnose = Diagnose(outside.logs, core.projects, outside.log_pace)
    # The reason of a failure is in the trial's last log lines, which arrive a little after its state.
    settings = CollectSettings(grace=min(pace.drain, 10), deadline=pace.plot_deadline)
    tables = TrialTables(trials, jobs.tables, outside.figures, core.projects)
    return CollectResults(core, trials, tables, outside.artifacts, diagnose, settings)


def _trial_loops(core: Core, outside: Outside, setup: Setup, trials: TrialBook, collect: CollectResults) -> list[Loop]:
    pace, wakeups = setup.intervals, core.wakeups
    hold = HoldSweeps(core, outside.engine, trials)
    dispatch = Dispatch(core, outside.engine, trials, outside.sampler)
    track = TrackTrials(core, outside.engine, trials)
    stream = StreamMetrics(core, outside.logs, trials, outside.log_pace)
    prune = Prune(core, outside.engine, trials, outside.sampler)
    return [
        Loop("hold_sweeps", hold.once, 5, wakeups.of("hold_sweeps")),
        Loop("dispatch", dispatch.once, 5, wakeups.of("dispatch")),
        Loop("track_trials", track.once, pace.describe, wakeups.of("track_trials")),
        Loop("stream_metrics", stream.once, pace.logs, wakeups.of("stream_metrics")),
        Loop("prune", prune.once, 5, wakeups.of("prune")),
        Loop("collect_results", collect.once, 2, wakeups.of("collect_results")),
    ]


def _board_loops(
    core: Core, setup: Setup, report: ReportTrials, board: RefreshBoard, announce: AnnounceSweep
) -> list[Loop]:
    pace, wakeups = setup.intervals, core.wakeups
    return [
        Loop("report_trials", report.once, min(pace.thread, 5)),
        Loop("refresh_board", board.once, 2, wakeups.of("refresh_board")),
        Loop("announce_sweep", announce.once, 2, wakeups.of("announce_sweep")),
        Loop("drop_drafts", lambda: core.store.drop_drafts(core.now() - DRAFT_SECONDS), 3600),
        Loop("tidy_boards", board.tidy, 3600),
    ]
