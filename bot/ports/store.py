"""Everything that must survive."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Job
from bot.domain.model.sweep import Trial
from bot.domain.posts import Change, NewPost, Post

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
