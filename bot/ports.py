"""What the services ask of the outside: one Protocol per outside system.

Every method may raise `Unavailable` or `Throttled` (passing) and `Refused` (final) of `bot/errors.py`,
and nothing else of the vendor's. Frozen dataclasses come back, never a vendor's dict.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.domain.drawing.figures import BoardRequest, Drawing, FigureRequest
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Commit, Job
from bot.domain.model.observation import Observation
from bot.domain.model.states import JobState
from bot.domain.model.sweep import Plan, Trial
from bot.domain.parameters import Value
from bot.domain.posts import Change, NewPost, Post


# ---- AWS Batch -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Submission:
    """One SubmitJob call. `name` is unique to the intent: what makes a lost answer recoverable."""

    name: str
    queue: str
    definition: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    tags: Mapping[str, str]
    timeout_seconds: int
    array_size: int = 0
    """From 2 to 10,000 for an array; 0 for a job by itself."""


class Engine(Protocol):
    """AWS Batch. The SDK's retries are off for `submit`, which may have had its effect when `Unavailable`."""

    async def submit(self, submission: Submission) -> str:
        """The Batch job id. `Throttled`: surely no job. `Unavailable`: perhaps a job. `Refused`: no job."""

    async def find(self, queue: str, name: str) -> list[Observation]:
        """All jobs of exactly that name in the queue, whatever their state, oldest first. May lag by seconds."""

    async def describe(self, engine_ids: Sequence[str]) -> dict[str, Observation]:
        """By Batch id; any number of ids, 100 a call. Ids that Batch does not know are absent."""

    async def terminate(self, engine_id: str, reason: str) -> None:
        """Ends the job in any state; no error where it has ended already. `reason` becomes its statusReason."""

    async def live(self, queue: str) -> list[Observation]:
        """All unfinished jobs of the queue, with their tags: for reconciling."""

    async def children(self, engine_id: str, state: JobState) -> list[str]:
        """The Batch ids (`parent:index`) of an array's children in that state."""

    async def room(self, queue: str, definition: str) -> int | None:
        """How many jobs of that definition the queue's environments can run at once; None where that is not known."""

    async def made_since(self, queue: str, at: float) -> list[Observation]:
        """All jobs made since then, finished ones too, while Batch remembers them; oldest first."""


@dataclass(frozen=True, slots=True)
class Hint:
    """That something happened to a Batch job; `receipt` acknowledges it. `engine_id` is "" if it cannot be read, and
    `excerpt` then shows the beginning of what came."""

    engine_id: str
    receipt: str
    excerpt: str = ""


class Events(Protocol):
    """State-change events. At least once, unordered, perhaps never: hints, not the truth."""

    async def receive(self, wait_seconds: float) -> list[Hint]:
        """Waits up to so long (20 at most) for hints; malformed and foreign ones come with an empty `engine_id`."""

    async def acknowledge(self, hints: Sequence[Hint]) -> None:
        """They are not delivered again (mostly)."""


# ---- CloudWatch Logs -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class LogPage:
    """Events of several streams. An empty page with a token is normal."""

    events: tuple[LogEvent, ...]
    token: str | None


class Logs(Protocol):
    """CloudWatch Logs."""

    async def read(self, group: str, streams: Sequence[str], since_ms: int, token: str | None = None) -> LogPage:
        """One FilterLogEvents call: events not before `since_ms` of 1 to 100 streams.

        `Missing` where the group or one of the streams is not there (yet).
        """


# ---- S3 --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Artifact:
    """An object that a job left. `name` is its key below the job's prefix; `modified` in s since the epoch."""

    name: str
    uri: str
    size: int
    modified: float


class Artifacts(Protocol):
    """S3, by `s3://bucket/key` URIs."""

    async def read(self, uri: str, *, limit: int = 64 * 1024 * 1024) -> bytes:
        """The object; `Missing` where there is none, `Refused` where it is larger than `limit` bytes."""

    async def write(self, uri: str, source: Path, content_type: str) -> None:
        """Uploads a file, replacing what is there."""

    async def list(self, prefix_uri: str) -> list[Artifact]:
        """All objects below the prefix, newest first; 1,000 at most."""

    async def link(self, uri: str, seconds: int) -> str:
        """A signed GET address that works for so long."""


# ---- git -------------------------------------------------------------------------------------------------
class Code(Protocol):
    """The projects' repositories. Nothing that is fetched is ever run here."""

    async def resolve(self, repository: str, allowed: Sequence[str], *, branch: str = "", commit: str = "") -> Commit:
        """The full commit that a branch, a tag or a (short) id stands for, proved to be on an allowed branch.

        `allowed` are branch names or patterns (`release/*`). With a branch alone, its head; with a commit
        (id of 4 to 40 digits, or a tag), that commit, on that branch where one is given. Raises `UnknownName`
        with near names, `BadInput` for an ambiguous short id or one that no allowed branch reaches.
        """

    async def branches(self, repository: str, allowed: Sequence[str]) -> list[str]:
        """The allowed branches, from the last fetch where that is fresh; for autocomplete."""

    async def commits(self, repository: str, allowed: Sequence[str], branch: str = "", limit: int = 25) -> list[Commit]:
        """The newest commits of a branch, or of all allowed ones; for autocomplete."""


# ---- the search for good points --------------------------------------------------------------------------
class Sampler(Protocol):
    """Optuna's mathematics, off the event loop. Nothing is remembered: each answer follows from what is given."""

    async def ask(self, plan: Plan, trials: Sequence[Trial], count: int, *, maximize: bool) -> list[dict[str, Value]]:
        """The next `count` points after all these trials, those that run still among them (`plan.search` is TPE)."""

    async def hopeless(self, plan: Plan, trials: Sequence[Trial], *, maximize: bool) -> list[int]:
        """The numbers of the running trials that successive halving would stop by what has been reported."""

    async def importance(self, plan: Plan, trials: Sequence[Trial], *, maximize: bool) -> dict[str, float]:
        """How much of the metric each parameter explains, adding up to 1; empty where too few have ended."""


# ---- figures ---------------------------------------------------------------------------------------------
class Figures(Protocol):
    """Draws off the event loop, in a process that can be killed."""

    async def draw(self, request: FigureRequest) -> Drawing:
        """A picture with remarks. `Unavailable` where drawing failed or took too long."""

    async def board(self, request: BoardRequest) -> Drawing:
        """The same for a sweep."""


# ---- the chat --------------------------------------------------------------------------------------------
class Chat(Protocol):
    """Where the team talks. All writes pass one limiter."""

    async def send(self, post: Post, job: Job) -> int:
        """Delivers a post with its nonce: the id of the message (of the thread for THREAD).

        Repeated within the nonce window it gives the same message. `Missing`: channel, thread or card is gone.
        `Denied`: not allowed there (permission, locked thread). END goes to `job.end_place`.
        """

    async def sent(self, post: Post, job: Job) -> int | None:
        """Looks in the history whether this post has arrived since `post.attempted_at`; its message's id if so."""

    async def show(self, job: Job) -> None:
        """Edits the job's card to what the job is now. `Missing` where the card is gone."""


# ---- the store -------------------------------------------------------------------------------------------
Step = Callable[[Job], Change | None]
"""Pure: from a job as stored to its next version and the posts that it causes; None changes nothing."""

LogStep = Callable[[Job, Sequence[LogEvent]], Change | None]
"""The same, with the events of a read that were new."""


@dataclass(frozen=True, slots=True)
class LogLines:
    """A run of a job's log: `events[0]` has number `first` (from 0), and `total` are stored."""

    first: int
    total: int
    events: tuple[LogEvent, ...]


class Store(Protocol):
    """Everything that must survive. Each method is one transaction, durable when it returns.

    One bot at a time: opening takes a lease, and raises `StoreError` while another holds it.
    A method that is cancelled has either happened whole or not at all.
    """

    async def add(self, job: Job, posts: Sequence[NewPost], trials: Sequence[Trial] = ()) -> Job:
        """Commits an intent with its posts, and of a sweep the trials that are known already. Where the interaction has
        a job already, that one, unchanged."""

    async def change(self, job_id: str, step: Step) -> Job:
        """Loads, steps and saves inside one transaction. `step` may run again; it does no I/O. KeyError if unknown."""

    async def job(self, job_id: str) -> Job | None: ...

    async def by_engine_id(self, engine_id: str) -> Job | None: ...

    async def jobs(
        self,
        *,
        project: str = "",
        channel_id: int = 0,
        asker_id: int = 0,
        live: bool | None = None,
        limit: int = 25,
    ) -> list[Job]:
        """Newest first, without parts of sweeps; 0 and "" are any."""

    async def add_parts(self, sweep_id: str, parts: Sequence[Job], step: Step) -> Job:
        """Commits parts of a sweep with what that changes of it; those whose id is there already stay as they are."""

    async def parts(self, sweep_id: str) -> list[Job]:
        """All parts of a sweep, in their order."""

    async def trials(self, sweep_id: str, numbers: Sequence[int] = ()) -> list[Trial]:
        """The trials of a sweep of which anything is known, by number; only these few where some are named."""

    async def record(self, sweep_id: str, trials: Sequence[Trial], step: Step) -> Job:
        """Writes these trials as they are now, with what that changes of the sweep: the sweep."""

    async def keep_draft(self, job: Job) -> None:
        """A sweep that has been shown and is not confirmed yet."""

    async def draft(self, job_id: str) -> Job | None: ...

    async def drop_draft(self, job_id: str) -> None: ...

    async def drop_drafts(self, before: float) -> None:
        """Forgets the drafts made before that time."""

    async def open_jobs(self) -> list[Job]:
        """Jobs, sweeps and their parts that still need something, oldest first: not terminal, not told, not archived,
        or with an old card."""

    async def append_log(self, job_id: str, events: Sequence[LogEvent], step: LogStep) -> int:
        """Stores the events that the job does not have yet (by `id`), in the order given, with the change that
        the new ones cause, in one transaction. The number that were new."""

    async def log_lines(self, job_id: str, first: int, limit: int) -> LogLines:
        """Up to `limit` events from number `first`; a negative `first` counts from the end."""

    async def behind(self) -> list[Job]:
        """Jobs with stored lines beyond `log_posted` and nothing pending in their THREAD lane, oldest first."""

    async def with_old_logs(self, archived_before: float) -> list[Job]:
        """Jobs archived before that time whose lines are still stored; 100 at most."""

    async def drop_log(self, job_id: str) -> None:
        """Forgets the lines of an archived job."""

    async def log_since(self, job_id: str) -> dict[str, int]:
        """By stream, the timestamp (ms) of the newest stored event: where reading goes on, less an overlap."""

    async def pending_posts(self) -> list[Post]:
        """The first undelivered post of each lane of each job, oldest first: `CHANNEL` and `THREAD` lanes apart."""

    async def post_attempted(self, post_id: int, at: float) -> None:
        """Before a post is handed to the chat: keeps the time of the first attempt and counts."""

    async def post_done(self, post_id: int, message_id: int, at: float, step: Step) -> None:
        """Delivered; together with what that changes of the job (its card's or thread's id)."""

    async def post_parked(self, post_id: int, why: str, at: float) -> None:
        """Not deliverable, for good: the lane goes on."""

    async def snapshot(self, target: Path) -> None:
        """Writes a copy as of now to a file of its own, whole or not at all, while the store goes on."""
