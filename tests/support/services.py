"""The services on the real store, with the outside in memory."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.access import Person
from bot.domain.model.job import Job
from bot.domain.posts import PostKind
from bot.ports import Store
from bot.services.delivery import Notify, NotifySettings
from bot.services.jobs.announce_result import Finish, FinishSettings
from bot.services.jobs.explain_wait import Explain
from bot.services.jobs.find import Show
from bot.services.jobs.launch import Launch, LaunchSettings
from bot.services.jobs.plot import Plot
from bot.services.jobs.reconcile import Reconcile
from bot.services.jobs.stop import Stop
from bot.services.jobs.submit import Submit, TrainRequest
from bot.services.jobs.track_jobs import Watch
from bot.services.logs.adaptive_pace import Aimd
from bot.services.logs.archive import Archive, ArchiveSettings
from bot.services.logs.post_lines import Narrate
from bot.services.logs.tail import Tail
from bot.services.running.wakeups import Bells
from bot.services.sweeps.announce_sweep import Conclude, Enclosures
from bot.services.sweeps.collect_results import Measure, MeasureSettings, Results
from bot.services.sweeps.diagnose import Diagnose
from bot.services.sweeps.dispatch import Feed
from bot.services.sweeps.draw_board import Sketch
from bot.services.sweeps.one_trial import LookAtTrial, TrialLog
from bot.services.sweeps.propose import Proposal, Propose, SweepRequest
from bot.services.sweeps.prune import Prune
from bot.services.sweeps.refresh_board import Paint, PaintSettings
from bot.services.sweeps.report_trials import Report
from bot.services.sweeps.stream_metrics import Listen
from bot.services.sweeps.track_trials import Follow
from bot.services.sweeps.trial_book import Trials
from tests.support.clock import Clock
from tests.support.fakes import (
    FakeArtifacts,
    FakeBatch,
    FakeChat,
    FakeCode,
    FakeEvents,
    FakeFigures,
    FakeLogs,
    FakeSampler,
)
from tests.support.projects import CHANNEL, PROJECT

MIKA = Person(1, "mika", frozenset({"trainer", "admin"}))
NOOR = Person(2, "noor", frozenset({"trainer"}))
GUEST = Person(3, "guest")


@dataclass
class Outside:
    """What survives a restart of the bot: time, AWS, git and Discord."""

    clock: Clock = field(default_factory=Clock)
    batch: FakeBatch = field(default_factory=FakeBatch)
    logs: FakeLogs = field(default_factory=FakeLogs)
    events: FakeEvents = field(default_factory=FakeEvents)
    artifacts: FakeArtifacts = field(default_factory=FakeArtifacts)
    code: FakeCode = field(default_factory=FakeCode)
    figures: FakeFigures = field(default_factory=FakeFigures)
    sampler: FakeSampler = field(default_factory=FakeSampler)

    def __post_init__(self) -> None:
        self.chat = FakeChat(self.clock)
        self.batch.clock = self.clock


class Bot:
    """One life of the bot: everything in its memory is made anew, as after a kill."""

    def __init__(
        self,
        outside: Outside,
        store: Store,
        folder: Path,
        hold: float = 0,
        new_id: Callable[[], str] | None = None,
    ) -> None:
        self.outside, self.store = outside, store
        now, projects = outside.clock, {PROJECT.name: PROJECT}
        bells = Bells()
        self.show = Show(store, outside.artifacts, projects)
        self.plot = Plot(self.show, outside.artifacts, outside.figures, projects)
        ids = (f"job{number}" for number in range(int(now()) % 1000, 10_000))
        self.submit = Submit(store, outside.code, [PROJECT], bells, now=now, new_id=new_id or (lambda: next(ids)))
        self.stop = Stop(store, outside.batch, projects, bells, now=now)
        self.launch = Launch(store, outside.batch, projects, bells, LaunchSettings("signalbox", 45), now=now)
        self.watch = Watch(store, outside.batch, bells, now=now)
        steady = Clock()  # a monotonic one, as in `bot/app.py`
        pace = Aimd(5, now=steady, sleep=steady.sleep)
        self.tail = Tail(store, outside.logs, projects, bells, pace, now=now)
        self.narrate = Narrate(store, bells, hold, now=now)
        self.finish = Finish(store, self.plot, projects, bells, FinishSettings(5, 60), now=now)
        settings = ArchiveSettings(10, folder / "logs")
        self.reconcile = Reconcile(store, outside.batch, projects, bells, "signalbox", now=now)
        self.explain = Explain(store, outside.batch, bells, 300, now=now)
        self.archive = Archive(store, self.tail, outside.artifacts, projects, bells, settings, now=now)
        self.trials = Trials(store, projects, now=now)
        self.propose = Propose(
            store, outside.batch, outside.code, [PROJECT], bells, now=now, new_id=new_id or (lambda: next(ids))
        )
        self.feed = Feed(store, self.trials, outside.sampler, projects, bells, now=now)
        self.follow = Follow(store, outside.batch, self.trials, bells, now=now)
        self.listen = Listen(store, outside.logs, self.trials, projects, bells, pace, now=now)
        self.prune = Prune(store, outside.batch, self.trials, outside.sampler, projects, bells, now=now)
        self.report = Report(store, self.trials, projects, bells, hold, now=now)
        results = Results(outside.artifacts, Diagnose(outside.logs, projects, pace), projects)
        self.measure = Measure(store, self.trials, results, bells, MeasureSettings(5, 60), now=now)
        sketch = Sketch(self.trials, outside.figures, outside.artifacts, outside.sampler, projects)
        self.paint = Paint(store, sketch, bells, PaintSettings(folder / "boards", 10), now=now)
        enclosures = Enclosures(self.paint, self.trials, projects)
        self.conclude = Conclude(store, self.trials, self.report, enclosures, bells, now=now, picture_deadline=60)
        trial_log = TrialLog(outside.batch, outside.logs, projects, pace)
        self.look = LookAtTrial(self.show, self.trials, self.plot, self.submit, self.stop, trial_log)
        self.notify = Notify(store, outside.chat, projects, bells, NotifySettings(card=5, nonce_window=60), now=now)

    async def train(self, person: Person = MIKA, interaction_id: int = 9, **values: object) -> Job:
        return await self.submit.train(TrainRequest(person, CHANNEL, interaction_id, values=values))

    async def sweep(self, text: str, person: Person = MIKA, interaction_id: int = 9, **options: Any) -> Proposal:
        return await self.propose.sweep(SweepRequest(person, CHANNEL, interaction_id, text, **options))

    async def tell(self) -> None:
        """Delivers until nothing more can be delivered now."""
        for _ in range(20):
            await self.narrate.once()
            await self.notify.once()
            if not self.notify.busy:
                return
            await self.notify.settle()

    async def turn(self) -> None:
        """One pass of every service."""
        for service in (
            *(self.feed, self.launch, self.stop, self.watch, self.tail, self.finish, self.archive),
            *(self.follow, self.listen, self.prune, self.measure, self.report, self.paint, self.conclude),
        ):
            await service.once()
        await self.tell()

    async def job(self, job_id: str) -> Job:
        job = await self.store.job(job_id)
        assert job is not None
        return job

    def said(self, *kinds: PostKind) -> list[str]:
        """The texts of the messages of these kinds, in the order of their arrival."""
        return [m.post.new.text for m in self.outside.chat.messages if m.post.new.kind in kinds]


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "signalbox.db") as opened:
        yield opened


@pytest.fixture
def bot(outside: Outside, store: Store, tmp_path: Path) -> Bot:
    return Bot(outside, store, tmp_path)
