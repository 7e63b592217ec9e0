"""Services that answer from memory, for the commands and the buttons."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from bot.chat.catalogue.spot_samples import SPOT
from bot.domain.access import EVERYONE, Grant, Person, Verb
from bot.domain.audit.chain import NO_ENTRY, Link, linked
from bot.domain.audit.entry import Entry
from bot.domain.jobs import file_names
from bot.domain.model.job import Job
from bot.domain.model.run import Commit
from bot.domain.money.pause import Pause
from bot.domain.money.spot_watch import SpotWatch
from bot.domain.posts import File
from bot.domain.project import Project
from bot.errors import UnknownName
from bot.ports.artifacts import Artifact
from bot.ports.audit import Wanted
from bot.ports.store import Store
from bot.services import Services
from bot.services.jobs.find import LogExcerpt
from bot.services.jobs.list_artifacts import Linked, Listing
from bot.services.jobs.plot import Picture
from bot.services.jobs.submit import TrainRequest
from bot.services.money.spot.spot_prices import SpotAnswer
from bot.services.people.permits import Permits
from bot.services.people.rates import Limit, Rates, Share
from bot.services.people.read_audit import AuditPage, Export
from bot.services.remedies.remedies import PriceRisen, Taken
from tests.bot.chat.jobs import PNG, PROJECT, a_job
from tests.bot.chat.sweeps import FakePropose, FakeTrial
from tests.support.rows import changed

GRANTS = (
    Grant(frozenset({EVERYONE}), frozenset({Verb.SEE})),
    Grant(frozenset({"trainer"}), frozenset({Verb.TRAIN, Verb.SWEEP, Verb.STOP_OWN})),
    Grant(frozenset({"admin"}), frozenset(Verb)),
)
"""To the roles of the stand-in's own world."""


@dataclass
class FakePause:
    """Remembers the last word, whoever says it."""

    switch: Pause | None = None

    async def pause(self, person: Person, reason: str) -> Pause:
        self.switch = Pause(True, person.id, person.name, reason, 1.0)
        return self.switch

    async def resume(self, person: Person) -> None:
        self.switch = None

    async def current(self) -> Pause | None:
        return self.switch


@dataclass
class FakeSpotPrices:
    """Answers each question with `answer`, or raises `error`, and remembers what was asked."""

    answer: SpotAnswer = SPOT
    error: Exception | None = None
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    async def history(self, person: Person, machine: str, regions: str = "", hours: int = 24) -> SpotAnswer:
        self.asked.append((machine, regions.strip(), hours))
        if self.error is not None:
            raise self.error
        return self.answer

    async def suggested_types(self, text: str, person: Person) -> list[str]:
        return [name for name in ("g4dn.xlarge", "g5.xlarge") if text in name]

    def suggested_regions(self, text: str) -> list[tuple[str, str]]:
        return [("us: us-east-1, us-west-2", "us")]


@dataclass
class FakeWatches:
    """Watches everything until the next day."""

    kept: list[SpotWatch] = field(default_factory=list)
    untils: list[str] = field(default_factory=list)

    def end(self, until: str) -> float:
        self.untils.append(until)
        return 1_800_000_000.0

    async def watch(
        self, person: Person, answer: SpotAnswer, below: float, until: float, asked_in: int
    ) -> SpotWatch | None:
        place = person.id, person.channel_id, asked_in
        self.kept.append(SpotWatch(*place, answer.machine, answer.regions, below, until, len(self.kept) + 1))
        return self.kept[-1]

    async def of(self, person: Person) -> list[SpotWatch]:
        return [each for each in self.kept if each.asker_id == person.id]

    async def stop(self, watch_id: str, person: Person) -> SpotWatch:
        (found,) = [each for each in await self.of(person) if str(each.id) == watch_id]
        self.kept.remove(found)
        return found


@dataclass
class FakeRemedies:
    """Retries a job, unless its price has risen; remembers the sums that people saw."""

    jobs: dict[str, Job]
    risen_usd: float | None = None
    seen: list[tuple[str, float | None]] = field(default_factory=list)

    async def take(self, job_id: str, request: TrainRequest, seen_usd: float | None) -> Taken | PriceRisen:
        self.seen.append((job_id, seen_usd))
        if self.risen_usd is not None and seen_usd is not None and seen_usd < self.risen_usd:
            return PriceRisen("Prices have risen. Nothing was started.", self.risen_usd)
        before = "qpwm3x" in self.jobs
        self.jobs["qpwm3x"] = a_job(id="qpwm3x", channel_id=request.channel_id)
        return Taken(self.jobs["qpwm3x"], before)


@dataclass
class FakeServices:
    """All the services in one: each method that the chat calls, on a dict of jobs. `error` is raised, once set."""

    known: dict[str, Job] = field(default_factory=dict)
    requests: list[TrainRequest] = field(default_factory=list)
    stopped: list[tuple[str, Person]] = field(default_factory=list)
    plotted: list[Sequence[str]] = field(default_factory=list)
    plotted_metrics: list[Sequence[str]] = field(default_factory=list)
    error: Exception | None = None
    log_text: str = "epoch 1\nepoch 2"
    nothing_left: bool = False
    permits: Permits = field(default_factory=lambda: Permits(GRANTS))
    opened: list[int | None] = field(default_factory=list)
    """The threads and channels that have changed; None is any."""
    made: asyncio.Queue[Job] = field(default_factory=asyncio.Queue)
    """The jobs that were accepted, for those who wait for them."""
    entries: list[Entry] = field(default_factory=list)
    """The audit."""
    rates: Rates = field(init=False)
    switch: FakePause = field(default_factory=FakePause)
    spot_prices: FakeSpotPrices = field(default_factory=FakeSpotPrices)
    spot_watches: FakeWatches = field(default_factory=FakeWatches)
    remedies: FakeRemedies = field(init=False)
    propose: FakePropose = field(init=False)
    one_trial: FakeTrial = field(init=False)

    def __post_init__(self) -> None:
        self.limit(10_000)
        self.remedies = FakeRemedies(self.known)
        self.propose, self.one_trial = FakePropose(self.known, self.made), FakeTrial(self.known, self.made)

    def services(self, projects: Sequence[Project] = (PROJECT,)) -> Services:
        return cast("Services", _AsServices(self, tuple(projects)))

    async def train(self, request: TrainRequest) -> Job:
        self._raise()
        self.requests.append(request)
        return self._made(request, f"job{len(self.requests)}")

    async def retry(self, job_id: str, request: TrainRequest) -> Job:
        self._raise()
        self.requests.append(request)
        return self._made(request, f"job{len(self.requests)}", retry_of=job_id)

    async def check(self, job_id: str, person: Person) -> Job:
        self._raise()
        self.permits.check_stop(person, PROJECT.name, self.known[job_id].request.asker_id)
        return self.known[job_id]

    async def stop(self, job_id: str, person: Person) -> Job:
        job = await self.check(job_id, person)
        self.stopped.append((job_id, person))
        return job

    async def job(self, job_id: str, person: Person) -> Job:
        self._raise()
        if job_id not in self.known:
            raise UnknownName("job", given=job_id, near=sorted(self.known))
        return self.known[job_id]

    async def live(self, person: Person) -> list[Job]:
        return [job for job in self.known.values() if job.execution.live]

    async def undelivered(self, person: Person) -> list[Job]:
        return [job for job in self.known.values() if job.publication.result.undeliverable]

    async def recent(self, person: Person, *, asker_id: int = 0, limit: int = 15) -> list[Job]:
        return [job for job in self.known.values() if asker_id in (0, job.request.asker_id)][:limit]

    async def matching(self, text: str, person: Person, limit: int = 25) -> list[Job]:
        return [job for job in self.known.values() if text in job.id][:limit]

    async def log(self, job_id: str, lines: int, person: Person) -> LogExcerpt:
        shown = self.log_text.splitlines()[-lines:]
        return LogExcerpt(
            "\n".join(shown), len(self.log_text.splitlines()) - len(shown), len(self.log_text.splitlines())
        )

    async def plot(self, job_ids: Sequence[str], metrics: Sequence[str], person: Person) -> Picture:
        self._raise()
        self.plotted_metrics.append(metrics)
        self.plotted.append(job_ids)
        return Picture(PNG, "Best epoch 6.")

    async def artifacts(self, job_id: str, person: Person) -> Listing:
        job = changed(await self.job(job_id.partition(".")[0], person), id=job_id)
        if self.nothing_left:
            return Listing(job, (), {}, None, 0)
        found = (
            Artifact("walk.png", "s3://bucket/walk.png", 2_100_000, 3.0),
            Artifact("model_[1].pt", "s3://bucket/model.pt", 4_800, 2.0),
        )
        links = {artifact.name: f"https://bucket.example/{artifact.size}?signature=x" for artifact in found}
        return Listing(job, found, links, File("walk.png", PNG), sum(artifact.size for artifact in found))

    async def files(self, job_id: str, typed: str, limit: int, person: Person) -> list[Artifact]:
        listing = await self.artifacts(job_id, person)
        return [artifact for artifact in listing.artifacts if typed in artifact.name][:limit]

    async def one(self, job_id: str, file_name: str, person: Person) -> Linked:
        listing = await self.artifacts(job_id, person)
        name = file_names.find([artifact.name for artifact in listing.artifacts], file_name)
        return Linked(listing.job, next(a for a in listing.artifacts if a.name == name), listing.links[name])

    async def branches(self, project: str, text: str, person: Person) -> list[str]:
        return [name for name in ("main", "mend") if name.startswith(text)]

    async def commits(self, project: str, branch: str, text: str, person: Person) -> list[Commit]:
        return [Commit("a1b2c3d" + "0" * 33, branch or "main", "Warm up " + "very " * 40 + "slowly")]

    async def audit(self, entry: Entry) -> None:
        if entry.once not in {each.once for each in self.entries}:
            self.entries.append(entry)

    def limit(self, number: int) -> None:
        """From now on everybody may ask for that many of each kind, in all and at once."""
        limits = dict.fromkeys(Share, Limit(number, number))
        self.rates = Rates(cast("Store", self), limits, 10_000, now=lambda: 0.0, clock=lambda: 0.0)

    def since(self, seconds: float) -> float:
        return 1_000.0 - seconds

    async def page(self, person: Person, wanted: Wanted, number: int) -> AuditPage:
        self._raise()
        return AuditPage([link(entry, 5.0).fields for entry in self.entries if number == 1][:2], more=False)

    async def export(self, person: Person, since: float, most_bytes: int) -> Export:
        self._raise()
        return Export(link(self.entries[0], 5.0).line.encode(), 1, 1)

    async def jobs(self, *, asker_id: int, limit: int) -> list[Job]:
        return [job for job in self.known.values() if job.request.asker_id == asker_id][:limit]

    def _made(self, request: TrainRequest, job_id: str, retry_of: str | None = None) -> Job:
        job = a_job(
            id=job_id,
            asker_id=request.person.id,
            asker_name=request.person.name,
            channel_id=request.channel_id,
            interaction_id=request.interaction_id,
            retry_of=retry_of,
        )
        self.known[job_id] = job
        self.made.put_nowait(job)
        return job

    def _raise(self) -> None:
        if self.error is not None:
            raise self.error


def link(entry: Entry, at: float) -> Link:
    return linked(entry, at, NO_ENTRY)


class _AsServices:
    """The shape of `Services`, with the one fake behind every name."""

    def __init__(self, fake: FakeServices, projects: tuple[Project, ...]) -> None:
        self._fake = fake
        self.submit = self.stop = self.find = self.plot = self.list_artifacts = self.complete_options = fake
        self.audit = self.read_audit = fake
        self.propose, self.one_trial = fake.propose, fake.one_trial
        self.projects, self.permits = projects, fake.permits
        self.opened = fake.opened.append
        self.pause = fake.switch
        self.spot_prices, self.spot_watches = fake.spot_prices, fake.spot_watches
        self.remedies = fake.remedies

    @property
    def rates(self) -> Rates:
        return self._fake.rates
