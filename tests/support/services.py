"""The services on the real store, with the outside in memory."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.access import Person
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.money.caps import Caps
from bot.domain.posts import PostKind
from bot.domain.project import Project
from bot.ports.store import Store
from bot.services.delivery.outbox import Delivery, DeliverySettings
from bot.services.guard.answer_guard import AnswerGuard
from bot.services.guard.still_running import StillRunning
from bot.services.guard.watch_jobs import WatchJobs
from bot.services.guard.watch_sweeps import WatchSweeps
from bot.services.jobs.announce_result import AnnounceResult, AnnounceSettings
from bot.services.jobs.explain_wait import ExplainWait
from bot.services.jobs.find import Find
from bot.services.jobs.launch import Launch, LaunchSettings
from bot.services.jobs.plot import Plot
from bot.services.jobs.reconcile import Reconcile
from bot.services.jobs.stop import Stop
from bot.services.jobs.submit import Submit, TrainRequest
from bot.services.jobs.track_jobs import TrackJobs
from bot.services.logs.archive import Archive, ArchiveSettings
from bot.services.logs.post_lines import PostLines
from bot.services.logs.tail import Tail
from bot.services.money.approve import Approve
from bot.services.money.pause import Pause
from bot.services.money.quotes import Quotes
from bot.services.people.permits import Permits
from bot.services.remedies.remedies import Remedies
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.running.core import Core
from bot.services.running.disk_room import DiskRoom
from bot.services.running.wakeups import Wakeups
from bot.services.sweeps.announce_sweep import AnnounceSweep
from bot.services.sweeps.collect_results import CollectResults, CollectSettings, TrialTables
from bot.services.sweeps.diagnose import Diagnose
from bot.services.sweeps.dispatch import Dispatch
from bot.services.sweeps.draw_board import DrawBoard
from bot.services.sweeps.holding.continue_sweep import ContinueSweep
from bot.services.sweeps.holding.hold_sweeps import HoldSweeps
from bot.services.sweeps.one_trial import OneTrial, TrialLog
from bot.services.sweeps.preview import Proposal
from bot.services.sweeps.propose import Propose, SweepRequest
from bot.services.sweeps.prune import Prune
from bot.services.sweeps.refresh_board import BoardSettings, RefreshBoard
from bot.services.sweeps.report_trials import ReportTrials
from bot.services.sweeps.stream_metrics import StreamMetrics
from bot.services.sweeps.track_trials import TrackTrials
from bot.services.sweeps.trial_book import TrialBook
from bot.services.tables.table_files import TableFiles
from tests.support.clock import Clock
from tests.support.fakes import (
    FakeArtifacts,
    FakeChat,
    FakeCode,
    FakeEngine,
    FakeEvents,
    FakeFigures,
    FakeLogs,
    FakeSampler,
)
from tests.support.projects import ADMIN, CHANNEL, GRANTS, GUILD, PROJECT, TRAINER

Kind = TypeVar("Kind")

MIKA = Person(1, "mika", frozenset({GUILD, TRAINER, ADMIN}), CHANNEL)
NOOR = Person(2, "noor", frozenset({GUILD, TRAINER}), CHANNEL)
GUEST = Person(3, "guest", frozenset({GUILD}), CHANNEL)


@dataclass
class Outside:
    """What survives a restart of the bot: time, AWS, git and Discord."""

    clock: Clock = field(default_factory=Clock)
    engine: FakeEngine = field(default_factory=FakeEngine)
    logs: FakeLogs = field(default_factory=FakeLogs)
    events: FakeEvents = field(default_factory=FakeEvents)
    artifacts: FakeArtifacts = field(default_factory=FakeArtifacts)
    code: FakeCode = field(default_factory=FakeCode)
    figures: FakeFigures = field(default_factory=FakeFigures)
    sampler: FakeSampler = field(default_factory=FakeSampler)

    disk_free: int = 10**12

    def __post_init__(self) -> None:
        self.chat = FakeChat(self.clock)
        self.engine.clock = self.clock


class Bot:
    """One life of the bot: everything in its memory is made anew, as after a kill."""

    def __init__(
        self,
        outside: Outside,
        store: Store,
        folder: Path,
        hold: float = 0,
        new_id: Callable[[], str] | None = None,
        caps: Caps | None = None,
        project: Project | None = None,
    ) -> None:
        self.outside, self.store = outside, store
        project = project or PROJECT  # which a test may have replaced
        now, projects = outside.clock, {project.name: project}
        tables = TableFiles(outside.artifacts, folder / "tables")
        self.permits = Permits(GRANTS, GUILD)
        self.core = core = Core(store, projects, Wakeups(), now, self.permits, caps=caps or Caps())
        self.find = Find(store, outside.artifacts, projects, self.permits)
        self.plot = Plot(self.find, tables, outside.figures, projects)
        ids = (f"job{number}" for number in range(int(now()) % 1000, 10_000))
        self.quotes = Quotes(store, outside.engine)
        new_id = new_id or (lambda: next(ids))
        self.submit = Submit(core, outside.code, outside.engine.capabilities, self.quotes, new_id=new_id)
        self.stop = Stop(core, outside.engine)
        self.launch = Launch(core, outside.engine, LaunchSettings("signalbox", 45))
        self.track_jobs = TrackJobs(core, outside.engine)
        steady = Clock()  # a monotonic one, as in `bot/app.py`
        pace = AdaptivePace(5, now=steady, sleep=steady.sleep)
        disk = DiskRoom(folder, free=lambda _: outside.disk_free)
        self.tail = Tail(core, outside.logs, pace, disk)
        self.post_lines = PostLines(core, hold)
        self.remedies = Remedies(core, outside, self.quotes, new_id=new_id)
        settled = AnnounceSettings(5, 60)
        self.announce_result = AnnounceResult(core, self.plot, outside.artifacts, self.remedies, settled)
        settings = ArchiveSettings(10, folder / "logs")
        self.reconcile = Reconcile(core, outside.engine, "signalbox", self.quotes)
        self.explain_wait = ExplainWait(core, outside.engine, 300)
        self.archive = Archive(core, self.tail, outside.artifacts, disk, settings)
        self.trials = TrialBook(core)
        self.propose = Propose(core, outside.engine, outside.code, self.quotes, new_id=new_id)
        self.dispatch = Dispatch(core, outside.engine, self.trials, outside.sampler)
        self.hold_sweeps = HoldSweeps(core, outside.engine, self.trials)
        self.continue_sweep = ContinueSweep(core, outside.code, self.stop, self.trials)
        self.track_trials = TrackTrials(core, outside.engine, self.trials)
        self.stream_metrics = StreamMetrics(core, outside.logs, self.trials, pace)
        self.prune = Prune(core, outside.engine, self.trials, outside.sampler)
        self.report_trials = ReportTrials(core, self.trials, hold)
        diagnose = Diagnose(outside.logs, projects, pace)
        collected = CollectSettings(5, 60)
        trial_tables = TrialTables(self.trials, tables, outside.figures, projects)
        self.collect_results = CollectResults(core, self.trials, trial_tables, outside.artifacts, diagnose, collected)
        draw_board = DrawBoard(self.trials, outside.figures, tables, outside.sampler, projects)
        self.refresh_board = RefreshBoard(core, draw_board, BoardSettings(folder / "boards", 10))
        self.announce_sweep = AnnounceSweep(
            core, self.trials, self.report_trials, self.refresh_board, picture_deadline=60
        )
        trial_log = TrialLog(outside.engine, outside.logs, projects, pace)
        self.one_trial = OneTrial(self.find, self.trials, self.plot, self.submit, self.stop, trial_log)
        self.approve, self.pause = Approve(core), Pause(core, outside.chat)
        self.watch_jobs = WatchJobs(core, outside.artifacts)
        self.watch_sweeps = WatchSweeps(core, outside.artifacts, self.trials)
        self.answer_guard = AnswerGuard(core, self.stop, self.trials)
        self.still_running = StillRunning(core, self.trials)
        self.delivery = Delivery(core, outside.chat, DeliverySettings(card=5, nonce_window=60))

    async def train(self, person: Person = MIKA, interaction_id: int = 9, **values: object) -> Job:
        return await self.submit.train(TrainRequest(person, CHANNEL, interaction_id, values=values))

    async def sweep(self, text: str, person: Person = MIKA, interaction_id: int = 9, **options: Any) -> Proposal:
        return await self.propose.sweep(SweepRequest(person, CHANNEL, interaction_id, text, **options))

    async def tell(self) -> None:
        """Delivers until nothing more can be delivered now."""
        for _ in range(20):
            await self.post_lines.once()
            await self.delivery.once()
            if not self.delivery.busy:
                return
            await self.delivery.settle()

    async def turn(self) -> None:
        """One pass of every service."""
        for service in (
            *(self.dispatch, self.launch, self.stop, self.track_jobs, self.tail, self.announce_result, self.archive),
            *(self.track_trials, self.stream_metrics, self.prune, self.collect_results, self.report_trials),
            *(self.hold_sweeps, self.refresh_board, self.announce_sweep, self.approve, self.pause),
        ):
            await service.once()
        await self.tell()

    async def job(self, job_id: str) -> Posted:
        job = await self.store.job(job_id)
        assert job is not None
        return job

    async def swept(self, sweep_id: str) -> Sweep:
        return _only(Sweep, await self.store.job(sweep_id))

    async def submission(self, submission_id: str) -> Submission:
        return _only(Submission, await self.store.submitted(submission_id))

    def said(self, *kinds: PostKind) -> list[str]:
        """The texts of the messages of these kinds, in the order of their arrival."""
        return [m.post.new.text for m in self.outside.chat.messages if m.post.new.kind in kinds]


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def store(tmp_path: Path, wakeups: Wakeups) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "signalbox.db", committed=wakeups.committed) as opened:
        yield opened


@pytest.fixture
def bot(outside: Outside, store: Store, tmp_path: Path) -> Bot:
    return Bot(outside, store, tmp_path)


def _only(kind: type[Kind], row: object) -> Kind:
    assert isinstance(row, kind), row
    return row
