"""Everything that must survive."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from bot.domain.guard.machines import Idling
from bot.domain.inert import Inert
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Job
from bot.domain.model.rows import AnyRow, Posted, Row, Submitted
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.money.pause import Pause
from bot.domain.posts import Change, NewPost, Post
from bot.ports.audit import Audit
from bot.ports.costs import Costs
from bot.ports.spot_watches import StoredWatches

AnyPosted = TypeVar("AnyPosted", bound=Posted)
Step = Callable[[AnyRow], Change | None]
"""Pure: from a row as stored to its next version and the posts that it causes; None changes nothing."""

LogStep = Callable[[Job, Sequence[LogEvent]], Change | None]
"""The same, with the events of a read that were new."""


@dataclass(slots=True)
class Written:
    """What one transaction wrote. Whoever opened the store hears of it after the commit."""

    rows: list[tuple[Row | None, Row]] = field(default_factory=list)
    """Each row before and after; None before for a new one."""
    posts: int = 0
    trials: list[Trial] = field(default_factory=list)
    sweep: Sweep | None = None
    """Whose trials they are."""
    lines: int = 0
    audited: int = 0
    """Entries of the audit."""


@dataclass(frozen=True, slots=True)
class LogLines:
    """A run of a job's log without gaps: `events[0]` has number `first` (from 0), and the log has `total` so far.

    Of a log beyond its cap, `dropped` lines in the middle are not stored. `bytes` is the size of all its lines.
    """

    first: int
    total: int
    events: tuple[LogEvent, ...]
    dropped: int = 0
    bytes: int = 0


class Store(Audit, Costs, StoredWatches, Protocol):
    """Everything that must survive. Each method is one transaction, durable when it returns.

    One bot at a time: opening takes a lease, and raises `StoreError` while another holds it.
    A method that is cancelled has either happened whole or not at all.
    """

    async def add(self, posted: AnyPosted, posts: Sequence[NewPost], trials: Sequence[Trial] = ()) -> AnyPosted:
        """Commit a job or a sweep with its posts, and the trials of a sweep that are known already. If the interaction
        has one already, that one is returned, unchanged.

        Raises `CapReached` if it would pass a cap, and `Paused` during a pause; what was found again is exempt. So does
        every other method that starts something: with new submissions, or with a hold that is lifted."""

    async def change(self, row_id: str, step: Step[AnyRow], *, submits: bool = False) -> AnyRow:
        """Load, step and save inside one transaction; returns what was saved. KeyError if unknown.

        With `submits`, the engine is called next if the step changes anything: `Paused` during a pause.

        `step` gets the kind of row that has this id. It may run again, and does no I/O. The store counts the card's
        revision if the step changes what the card shows. What the change starts is added as by `add`, with its card and
        thread; raises like `add`.
        """

    async def job(self, job_id: str) -> Posted | None:
        """The job or sweep with this id."""

    async def submitted(self, job_id: str) -> Submitted | None:
        """The job or submission with this id."""

    async def by_engine_id(self, engine_id: str) -> Submitted | None: ...

    async def jobs(
        self,
        *,
        project: str = "",
        projects: Collection[str] | None = None,
        channel_id: int = 0,
        asker_id: int = 0,
        live: bool | None = None,
        limit: int = 25,
    ) -> list[Posted]:
        """Jobs and sweeps, newest first; 0, "" and None are any. `projects` are the only ones that may be listed."""

    async def add_submissions(self, sweep_id: str, submissions: Sequence[Submission], step: Step[Sweep]) -> Sweep:
        """Commit submissions of a sweep together with a change of the sweep; those that exist stay as they are."""

    async def submissions(self, sweep_id: str) -> list[Submission]:
        """All submissions of a sweep, oldest first."""

    async def trials(self, sweep_id: str, numbers: Sequence[int] = ()) -> list[Trial]:
        """The trials of a sweep about which anything is known, by number; only these few if some are named."""

    async def record(self, sweep_id: str, trials: Sequence[Trial], step: Step[Sweep]) -> Sweep:
        """Write these trials as they are now, together with a change of the sweep."""

    async def keep_draft(self, sweep: Sweep) -> None:
        """Keep a sweep that has been shown and is not confirmed yet."""

    async def draft(self, sweep_id: str) -> Sweep | None: ...

    async def drafts(self, asker_id: int) -> list[Sweep]:
        """What this person was shown and has not confirmed yet, newest first."""

    async def drop_draft(self, sweep_id: str) -> None: ...

    async def drop_drafts(self, before: float) -> None:
        """Forget the drafts made before that time."""

    async def unfinished(self) -> list[Row]:
        """Jobs, sweeps and submissions with work left: not ended, result not posted, log not archived, or card out of
        date. Oldest first."""

    async def unfinished_sweeps(self) -> list[Sweep]:
        """The sweeps among them."""

    async def append_log(self, job_id: str, events: Sequence[LogEvent], step: LogStep) -> int:
        """Stores the events that the job does not have yet (by `id`), in the order given, with the change that
        the new ones cause, in one transaction. The number that were new.

        Beyond the cap of a job's log, lines in the middle are dropped; read again, they are not new.
        """

    async def log_lines(self, job_id: str, first: int, limit: int) -> LogLines:
        """Up to `limit` events from number `first`; a negative `first` counts from the end. Fewer of them if they are
        long, but at least one: the last ones if the end was asked for, else the first ones.

        If `first` is dropped, they begin behind the gap; if not, they end before it.
        """

    async def behind(self) -> list[Job]:
        """Jobs with stored lines beyond `lines_posted` and nothing pending in their THREAD lane, oldest first."""

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

    async def post_done(self, post_id: int, message_id: int, at: float, step: Step[Posted]) -> None:
        """Delivered; together with what that changes of the job (its card's or thread's id)."""

    async def post_parked(self, post_id: int, why: str, at: float) -> None:
        """Not deliverable, for good: the lane goes on."""

    async def post_replaced(self, post_id: int, text: Inert) -> None:
        """The chat refuses this one message: send `text` in its place, without files and not as a digest."""

    async def pause(self) -> Pause | None:
        """The last `/pause` or `/resume`; None before the first."""

    async def keep_pause(self, pause: Pause) -> bool:
        """Pause or resume all that starts something. False, and the earlier word stays, if that is so already."""

    async def pause_announced(self, at: float, channel_id: int) -> None:
        """Note that this channel knows of the pause or resumption of that time."""

    async def idle_machines(self) -> list[Idling]:
        """What is known about machines without a job."""

    async def keep_idle_machines(self, machines: Sequence[Idling]) -> None:
        """Keep these, and forget all others."""

    async def snapshot(self, target: Path) -> None:
        """Writes a copy as of now to a file of its own, whole or not at all, while the store goes on."""
