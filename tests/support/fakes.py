"""The outside, in memory: each fake keeps a ledger of its effects, and can lose an answer before or after one."""

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.adapters.aws.batch_engine import CAPABILITIES
from bot.adapters.aws.end_reasons import cancelled_by_queue, failure_reason
from bot.adapters.aws.wait_reasons import ended_wait, wait_cause
from bot.domain.drawing.figures import (
    BoardRequest,
    CostRequest,
    Curve,
    Drawing,
    FigureRequest,
    SpotRequest,
    TablesRequest,
    TableSummary,
)
from bot.domain.goal import Goal
from bot.domain.inert import Inert
from bot.domain.logs.log_lines import LogEvent
from bot.domain.metrics.metrics_table import Table
from bot.domain.metrics.progress_rows import best_in
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt, Observation
from bot.domain.model.plan import Plan
from bot.domain.model.run import Commit
from bot.domain.model.states import JobState
from bot.domain.model.trial import Trial
from bot.domain.money.machine import NO_RESOURCES, Resources
from bot.domain.parameters import Value
from bot.domain.posts import Post, PostKind
from bot.errors import Missing, Refused, ServiceError, Unavailable
from bot.ports.artifacts import TOO_LARGE, Artifact
from bot.ports.engine import Hint, Machines, SubmitCall
from bot.ports.logs import LogPage
from tests.support.clock import Clock
from tests.support.faults import Fault, raise_due


class Faulty:
    """What the fakes share."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fail(self, method: str, error: ServiceError, *, after: bool = False, times: int = 1) -> None:
        self.faults += [Fault(method, error, after)] * times

    def _check(self, method: str, *, after: bool) -> None:
        raise_due(self.faults, method, after=after)


class FakeEngine(Faulty):
    """The children of the array `batch-1` are `batch-1:0` and so on, and their moves are counted by their parent."""

    def __init__(self) -> None:
        super().__init__()
        self.submissions: list[SubmitCall] = []
        self.jobs: dict[str, Observation] = {}
        self.queues: dict[str, str] = {}
        """By engine id. Jobs that a test puts in by itself are in every queue."""
        self.terminated: list[str] = []
        self.lagging = False
        """While set, a look-up by name does not see any job."""
        self.places: int | None = None
        """What `room` answers."""
        self.pools: Machines | None = None
        """What `machines` answers."""
        self.pools_of: dict[str, Machines] = {}
        """The same for one queue."""
        self.memory_asked: list[int] = []
        """What `machines` was asked for."""
        self.clock = Clock()
        self._counts: dict[str, Counter[JobState]] = {}

    async def submit(self, submission: SubmitCall) -> str:
        self._check("submit", after=False)
        engine_id = f"batch-{len(self.submissions) + 1}"
        self.submissions.append(submission)
        self.queues[engine_id] = submission.queue
        self.jobs[engine_id] = Observation(
            engine_id,
            submission.name,
            JobState.SUBMITTED,
            created_at=self.clock(),
            tags=tuple(submission.tags.items()),
            environment=tuple(submission.environment.items()),
        )
        if submission.array_size:
            self._divide(engine_id, submission.array_size)
        self._check("submit", after=True)
        return engine_id

    async def find(self, queue: str, name: str) -> list[Observation]:
        self._check("find", after=False)
        return [] if self.lagging else [job for job in self._whole() if job.name == name and self._in(queue, job)]

    async def describe(self, engine_ids: Sequence[str]) -> dict[str, Observation]:
        self._check("describe", after=False)
        return {engine_id: self.jobs[engine_id] for engine_id in engine_ids if engine_id in self.jobs}

    async def terminate(self, engine_id: str, reason: str) -> None:
        """Of an array, all children that live end at once; any other job goes on until a test moves it."""
        self._check("terminate", after=False)
        self.terminated.append(engine_id)
        for child in self._children(engine_id):
            if not child.state.terminal:
                self.jobs[child.engine_id] = replace(child, terminated=True)
                self.move(child.engine_id, JobState.FAILED, *child.attempts, reason=reason)

    async def live(self, queue: str) -> list[Observation]:
        self._check("live", after=False)
        return [job for job in self._whole() if not job.state.terminal and self._in(queue, job)]

    async def children(self, engine_id: str, state: JobState) -> list[str]:
        self._check("children", after=False)
        return [child.engine_id for child in self._children(engine_id) if child.state is state]

    capabilities = CAPABILITIES

    def child_id(self, engine_id: str, index: int) -> str:
        return f"{engine_id}:{index}"

    def child_index(self, child_id: str) -> int:
        return int(child_id.rpartition(":")[2])

    def parent_id(self, engine_id: str) -> str:
        return engine_id.partition(":")[0]

    async def room(self, queue: str, definition: str, resources: Resources = NO_RESOURCES) -> int | None:
        self._check("room", after=False)
        return self.places

    async def machines(self, queue: str, definition: str, resources: Resources = NO_RESOURCES) -> Machines | None:
        self._check("machines", after=False)
        self.memory_asked.append(resources.memory_mib)
        return self.pools_of.get(queue, self.pools)

    async def made_since(self, queue: str, at: float) -> list[Observation]:
        self._check("made_since", after=False)
        return [job for job in self._whole() if (job.created_at or 0.0) > at and self._in(queue, job)]

    def _in(self, queue: str, job: Observation) -> bool:
        return self.queues.get(job.engine_id, queue) == queue

    def move(self, engine_id: str, state: JobState, *attempts: Attempt, reason: str = "") -> None:
        """Of a job or of a child; an array ends with the last of its children."""
        before = self.jobs[engine_id]
        meant = failure_reason((attempts[-1].reason if attempts else "", reason))
        wait = ended_wait(reason) if cancelled_by_queue(reason) else wait_cause(reason) if state.waiting else None
        seen = replace(before, state=state, attempts=attempts, status_reason=reason, wait=wait, reason=meant)
        self.jobs[engine_id] = seen
        parent = engine_id.rpartition(":")[0]
        if parent:
            self._counts[parent].subtract([before.state])
            self._counts[parent].update([state])
            self._count(parent)

    def _divide(self, engine_id: str, size: int) -> None:
        whole = self.jobs[engine_id]
        children = (replace(whole, engine_id=f"{engine_id}:{index}") for index in range(size))
        self.jobs |= {child.engine_id: child for child in children}
        self._counts[engine_id] = Counter({JobState.SUBMITTED: size})
        self._count(engine_id)

    def _count(self, engine_id: str) -> None:
        counts = self._counts[engine_id]
        state, reason = JobState.PENDING, ""
        if counts[JobState.SUCCEEDED] + counts[JobState.FAILED] == counts.total():
            failed = counts[JobState.FAILED] > 0
            state, reason = (JobState.FAILED, "Array Child Job failed") if failed else (JobState.SUCCEEDED, "")
        told = tuple((each, count) for each, count in counts.items() if count)
        self.jobs[engine_id] = replace(self.jobs[engine_id], state=state, status_reason=reason, children=told)

    def _whole(self) -> list[Observation]:
        """What a queue lists: no children."""
        return [job for engine_id, job in self.jobs.items() if ":" not in engine_id]

    def _children(self, engine_id: str) -> list[Observation]:
        size = self._counts[engine_id].total() if engine_id in self._counts else 0
        return [self.jobs[f"{engine_id}:{index}"] for index in range(size)]


class FakeLogs(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.streams: dict[str, list[LogEvent]] = {}
        self.calls: list[tuple[tuple[str, ...], int]] = []
        self.page = 10_000

    def write(self, stream: str, *messages: str, at: float) -> None:
        events = self.streams.setdefault(stream, [])
        for message in messages:
            events.append(LogEvent(f"{stream}#{len(events)}", stream, int(at * 1000), message))

    async def read(self, group: str, streams: Sequence[str], since_ms: int, token: str | None = None) -> LogPage:
        self._check("read", after=False)
        self.calls.append((tuple(streams), since_ms))
        if missing := [stream for stream in streams if stream not in self.streams]:
            raise Missing(f"no stream {missing[0]}")
        found = [e for stream in streams for e in self.streams[stream] if e.timestamp >= since_ms]
        found.sort(key=lambda event: event.timestamp)
        start = int(token or 0)
        end = start + self.page
        return LogPage(tuple(found[start:end]), str(end) if end < len(found) else None)


class FakeEvents(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.hints: list[Hint] = []
        self.acknowledged: list[str] = []

    async def receive(self, wait_seconds: float) -> list[Hint]:
        self._check("receive", after=False)
        return [hint for hint in self.hints if hint.receipt not in self.acknowledged][:10]

    async def acknowledge(self, hints: Sequence[Hint]) -> None:
        self.acknowledged += [hint.receipt for hint in hints]


class FakeArtifacts(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, bytes] = {}
        self.chunk = 1024

    async def stream(self, uri: str, *, limit: int) -> AsyncGenerator[bytes, None]:
        self._check("read", after=False)
        if uri not in self.objects:
            raise Missing(f"{uri} is not there")
        if len(self.objects[uri]) > limit:
            raise Refused(f"{uri} is larger than {limit} bytes", code=TOO_LARGE)
        for start in range(0, len(self.objects[uri]), self.chunk):
            yield self.objects[uri][start : start + self.chunk]

    async def read(self, uri: str, *, limit: int) -> bytes:
        return b"".join([chunk async for chunk in self.stream(uri, limit=limit)])

    async def write(self, uri: str, source: Path, content_type: str) -> None:
        self._check("write", after=False)
        self.objects[uri] = source.read_bytes()

    async def list(self, prefix_uri: str) -> list[Artifact]:
        names = [uri for uri in self.objects if uri.startswith(prefix_uri)]
        return [Artifact(u.removeprefix(prefix_uri), u, len(self.objects[u]), n) for n, u in enumerate(names)][::-1]

    async def link(self, uri: str, seconds: int) -> str:
        return f"https://signed/{uri}?for={seconds}"


class FakeCode(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.heads = {"main": Commit("a" * 40, "main", "Warm up"), "wider-net": Commit("b" * 40, "wider-net", "Wider")}

    async def resolve(self, repository: str, allowed: Sequence[str], *, branch: str = "", commit: str = "") -> Commit:
        self._check("resolve", after=False)
        if commit:
            return next(head for head in self.heads.values() if head.sha.startswith(commit))
        return self.heads[branch or allowed[0]]

    async def branches(self, repository: str, allowed: Sequence[str]) -> list[str]:
        self._check("branches", after=False)
        return list(self.heads)

    async def commits(self, repository: str, allowed: Sequence[str], branch: str = "", limit: int = 25) -> list[Commit]:
        return list(self.heads.values())[:limit]


class FakeFigures(Faulty):
    def __init__(self) -> None:
        super().__init__()
        self.requests: list[FigureRequest] = []
        self.boards: list[BoardRequest] = []
        self.costs_drawn: list[CostRequest] = []
        self.spots: list[SpotRequest] = []

    async def draw(self, request: FigureRequest) -> Drawing:
        self._check("draw", after=False)
        curves = tuple(replace(curve, csv=_content(curve.csv)) for curve in request.curves)
        self.requests.append(replace(request, curves=curves))
        goal = Goal(request.metric, maximize=request.maximize)
        return Drawing(b"png", (), _summary(curves[0], goal).best if curves else None)

    async def summaries(self, request: TablesRequest) -> list[TableSummary]:
        self._check("summaries", after=False)
        goal = Goal(request.metric, maximize=request.maximize)
        return [_summary(curve, goal) for curve in request.curves]

    async def board(self, request: BoardRequest) -> Drawing:
        self._check("board", after=False)
        self.boards.append(request)
        return Drawing(f"board {len(self.boards)}".encode(), ())

    async def costs(self, request: CostRequest) -> Drawing:
        self._check("costs", after=False)
        self.costs_drawn.append(request)
        return Drawing(b"costs", ())

    async def spot(self, request: SpotRequest) -> Drawing:
        self._check("spot", after=False)
        self.spots.append(request)
        return Drawing(b"spot", ())


def _content(csv: bytes | Path) -> bytes:
    return csv.read_bytes() if isinstance(csv, Path) else csv


def _summary(curve: Curve, goal: Goal) -> TableSummary:
    table = Table.parse(_content(curve.csv), curve.column_names)
    return TableSummary(tuple(table.columns), best_in(table, goal))


class FakeSampler(Faulty):
    """Asked for points it goes up: 0.01, 0.02, … What is hopeless, and how much each parameter weighs, a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, int]] = []
        """How many trials it got, and how many points it was asked for, each time."""
        self.losers: list[int] = []
        self.weights = {"lr": 0.75, "momentum": 0.25}
        self.weighed: list[int] = []
        """How many trials it was asked to weigh the parameters by, each time."""

    async def ask(self, plan: Plan, trials: Sequence[Trial], count: int, goal: Goal) -> list[dict[str, Value]]:
        self._check("ask", after=False)
        self.asked.append((len(trials), count))
        first = len({trial.number // plan.folds for trial in trials}) + 1
        return [dict.fromkeys(plan.space.names, (first + place) / 100) for place in range(count)]

    async def hopeless(self, plan: Plan, trials: Sequence[Trial], goal: Goal) -> list[int]:
        self._check("hopeless", after=False)
        return [trial.number for trial in trials if trial.number in self.losers and not trial.ended]

    async def importance(self, plan: Plan, trials: Sequence[Trial], goal: Goal) -> dict[str, float]:
        self.weighed.append(len(trials))
        self._check("importance", after=False)
        return dict(self.weights)


@dataclass
class Message:
    """What stands in the channel or thread; `nonce` is the post's."""

    id: int
    post: Post
    job: Job


@dataclass
class FakeChat(Faulty):
    """Repeats within the nonce window give the same message, as Discord does; afterwards there would be two."""

    clock: Clock
    window: float = 60.0
    messages: list[Message] = field(default_factory=list)
    edits: list[Job] = field(default_factory=list)
    members: list[tuple[str, int]] = field(default_factory=list)
    """Who is in which job's thread."""
    sends: int = 0
    texts: list[tuple[int, int, str]] = field(default_factory=list)
    """Messages that belong to no job: id, channel, text."""
    pinged: list[int] = field(default_factory=list)
    """Roles and people, by messages that belong to no job."""

    def __post_init__(self) -> None:
        super().__init__()
        self._nonces: dict[str, tuple[float, int]] = {}

    async def send(self, post: Post, job: Job) -> int:
        if post.new.kind is PostKind.MEMBER:
            return self._add_member(job)
        self.sends += 1
        self._check("send", after=False)
        sent_at, message_id = self._nonces.get(post.nonce, (float("-inf"), 0))
        if self.clock() - sent_at > self.window:
            message_id = 500 + len(self.messages)
            self.messages.append(Message(message_id, post, job))
            self._nonces[post.nonce] = (self.clock(), message_id)
        self._check("send", after=True)
        return message_id

    async def send_text(
        self, channel_id: int, text: Inert, *, nonce: str, roles: Collection[int] = (), users: Collection[int] = ()
    ) -> int:
        self._check("send_text", after=False)
        self.pinged += [*roles, *users]
        sent_at, message_id = self._nonces.get(nonce, (float("-inf"), 0))
        if self.clock() - sent_at > self.window:
            message_id = 900 + len(self.texts)
            self.texts.append((message_id, channel_id, text))
            self._nonces[nonce] = (self.clock(), message_id)
        self._check("send_text", after=True)
        return message_id

    async def find_text(self, channel_id: int, text: Inert, *, after: int) -> int | None:
        self._check("find_text", after=False)
        return next((found for found, *said in self.texts if said == [channel_id, text] and found > after), None)

    def _add_member(self, job: Job) -> int:
        """As on Discord: somebody who is in the thread is not added twice."""
        self._check("member", after=False)
        if (member := (job.id, job.request.asker_id)) not in self.members:
            self.members.append(member)
        self._check("member", after=True)
        return job.publication.thread_id or 0

    async def sent(self, post: Post, job: Job) -> int | None:
        self._check("sent", after=False)
        return next((m.id for m in self.messages if m.post.new.key == post.new.key), None)

    async def show(self, job: Job) -> None:
        self._check("show", after=False)
        self.edits.append(job)


LOST_REPLY = Unavailable("the connection was reset")
