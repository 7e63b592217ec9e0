"""`Store` on SQLite: each method is one function, run whole by the store's own thread, in one transaction.

So a cancelled call has either happened whole or not at all: while it waits for the thread it is taken back, and
once begun it runs to its end.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import TypeVar

from bot.adapters.private_folder import make_private
from bot.adapters.sqlite import draft_rows, job_rows, outbox_rows, sweep_rows
from bot.adapters.sqlite.audit import audit_rows, channel_rows
from bot.adapters.sqlite.connection import Connection, connect, in_words, transaction
from bot.adapters.sqlite.lease import lease
from bot.adapters.sqlite.ledger import admission, ledger_rows, machine_rows, pause_rows
from bot.adapters.sqlite.ledger.cost_reads import CostReads
from bot.adapters.sqlite.lines import line_rows
from bot.adapters.sqlite.presence import Presence
from bot.adapters.sqlite.schema import migrate
from bot.adapters.sqlite.snapshot import write_snapshot
from bot.domain.audit.chain import Anchor, Link
from bot.domain.audit.channel import ChannelPosition
from bot.domain.audit.entry import Does, Effect, Entry
from bot.domain.guard.machines import Idling
from bot.domain.inert import Inert
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Job
from bot.domain.model.rows import AnyRow, Posted, Row, Submitted
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.money.caps import Caps
from bot.domain.money.pause import Pause
from bot.domain.posts import NewPost, Post
from bot.errors import StoreError
from bot.ports.audit import Wanted, asking
from bot.ports.store import LogLines, LogStep, Step, Written

T = TypeVar("T")
MOST_LOG_BYTES = 64 * 1024 * 1024
NO_CAPS = Caps()


@asynccontextmanager
async def open_store(
    path: Path,
    *,
    now: Callable[[], float] = time.time,
    committed: Callable[[Written], None] | None = None,
    most_log_bytes: int = MOST_LOG_BYTES,
    caps: Caps = NO_CAPS,
) -> "AsyncIterator[SqliteStore]":
    """The store in that file, which is made where there is none, with its folder.

    `committed` is called on the event loop after each commit. A job's log takes at most `most_log_bytes`. What passes
    one of `caps` is not added.

    Raises `StoreError` if another bot has the file, if it is damaged, or if a newer version has written it.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="store")
    held = ExitStack()  # filled and emptied by the thread, in that order, also when the opening is cancelled
    try:
        connection = await asyncio.wrap_future(thread.submit(_open, path, held))
        yield SqliteStore(path, connection, thread, now, committed, most_log_bytes, caps)
    finally:
        closed = thread.submit(held.close)
        thread.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(closed))


def _open(path: Path, held: ExitStack) -> Connection:
    with in_words(f"The store {path}"):
        make_private(path.parent)
        held.enter_context(lease(path))
        connection = held.enter_context(closing(connect(path)))
        migrate(connection)
        ledger_rows.fill(connection)
    return connection


class SqliteStore(CostReads):
    """Made by `open_store`. `bot.ports.store.Store` says what the methods promise."""

    def __init__(
        self,
        path: Path,
        connection: Connection,
        thread: ThreadPoolExecutor,
        now: Callable[[], float],
        committed: Callable[[Written], None] | None = None,
        most_log_bytes: int = MOST_LOG_BYTES,
        caps: Caps = NO_CAPS,
    ) -> None:
        self._path, self._connection, self._thread, self._now = path, connection, thread, now
        self._committed, self._most_log_bytes, self._caps = committed, most_log_bytes, caps
        self._name, self._presence = f"The store {path}", Presence(path)

    # ---- jobs --------------------------------------------------------------------------------------------
    async def add(
        self, posted: job_rows.AnyPosted, posts: Sequence[NewPost], trials: Sequence[Trial] = ()
    ) -> job_rows.AnyPosted:
        return await self._write(lambda db: sweep_rows.add(db, posted, posts, trials, self._now()))

    async def change(self, row_id: str, step: Step[AnyRow], *, submits: bool = False) -> AnyRow:
        return await self._write(lambda db: job_rows.change(db, row_id, step, self._now()), submits=submits)

    async def job(self, job_id: str) -> Posted | None:
        return await self._read(lambda db: job_rows.posted(db, job_id))

    async def submitted(self, job_id: str) -> Submitted | None:
        return await self._read(lambda db: job_rows.submitted(db, job_id))

    async def by_engine_id(self, engine_id: str) -> Submitted | None:
        return await self._read(lambda db: job_rows.by_engine_id(db, engine_id))

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
        given: dict[str, str | int] = {"project": project, "channel_id": channel_id, "asker_id": asker_id}
        where = {column: value for column, value in given.items() if value}
        return await self._read(lambda db: job_rows.newest(db, where, projects, live=live, limit=limit))

    async def unfinished(self) -> list[Row]:
        return await self._read(job_rows.unfinished)

    async def unfinished_sweeps(self) -> list[Sweep]:
        return [row for row in await self.unfinished() if isinstance(row, Sweep)]

    # ---- sweeps ------------------------------------------------------------------------------------------
    async def add_submissions(self, sweep_id: str, submissions: Sequence[Submission], step: Step[Sweep]) -> Sweep:
        return await self._write(lambda db: sweep_rows.add_submissions(db, sweep_id, submissions, step, self._now()))

    async def submissions(self, sweep_id: str) -> list[Submission]:
        return await self._read(lambda db: job_rows.submissions(db, sweep_id))

    async def trials(self, sweep_id: str, numbers: Sequence[int] = ()) -> list[Trial]:
        return await self._read(lambda db: sweep_rows.trials(db, sweep_id, numbers))

    async def record(self, sweep_id: str, trials: Sequence[Trial], step: Step[Sweep]) -> Sweep:
        return await self._write(lambda db: sweep_rows.record(db, sweep_id, trials, step, self._now()))

    async def keep_draft(self, sweep: Sweep) -> None:
        effect = Effect(Does.PREVIEW, sweep.id, sweep.run.project)
        await self._write(lambda db: draft_rows.keep(db, sweep), effect)

    async def draft(self, sweep_id: str) -> Sweep | None:
        return await self._read(lambda db: draft_rows.by_id(db, sweep_id))

    async def drafts(self, asker_id: int) -> list[Sweep]:
        return await self._read(lambda db: draft_rows.of_asker(db, asker_id))

    async def drop_draft(self, sweep_id: str) -> None:
        await self._write(lambda db: draft_rows.drop(db, sweep_id), Effect(Does.CANCEL, sweep_id))

    async def drop_drafts(self, before: float) -> None:
        await self._write(lambda db: draft_rows.drop_old(db, before))

    # ---- logs --------------------------------------------------------------------------------------------
    async def append_log(self, job_id: str, events: Sequence[LogEvent], step: LogStep) -> int:
        return await self._write(
            lambda db: line_rows.append(db, job_id, events, step, self._now(), self._most_log_bytes)
        )

    async def log_lines(self, job_id: str, first: int, limit: int) -> LogLines:
        return await self._read(lambda db: line_rows.lines(db, job_id, first, limit))

    async def behind(self) -> list[Job]:
        return await self._read(job_rows.behind)

    async def with_old_logs(self, archived_before: float) -> list[Job]:
        return await self._read(lambda db: job_rows.with_old_logs(db, archived_before))

    async def drop_log(self, job_id: str) -> None:
        await self._write(lambda db: line_rows.drop(db, job_id))

    async def log_since(self, job_id: str) -> dict[str, int]:
        return await self._read(lambda db: line_rows.since(db, job_id))

    # ---- the outbox --------------------------------------------------------------------------------------
    async def pending_posts(self) -> list[Post]:
        return await self._read(outbox_rows.pending)

    async def post_attempted(self, post_id: int, at: float) -> None:
        await self._write(lambda db: outbox_rows.attempted(db, post_id, at))

    async def post_done(self, post_id: int, message_id: int, at: float, step: Step[Posted]) -> None:
        """A post that is settled already stays as it is, and `step` is left out."""

        def work(db: Connection) -> None:
            job_id = outbox_rows.done(db, post_id, message_id, at)
            if job_id is not None:
                job_rows.change(db, job_id, step, self._now())

        await self._write(work)

    async def post_parked(self, post_id: int, why: str, at: float) -> None:
        await self._write(lambda db: outbox_rows.parked(db, post_id, why, at))

    async def post_replaced(self, post_id: int, text: Inert) -> None:
        await self._write(lambda db: outbox_rows.replaced(db, post_id, text))

    # ---- the audit ---------------------------------------------------------------------------------------
    async def audit(self, entry: Entry) -> None:
        await self._write(lambda db: audit_rows.add(db, entry, self._now()))

    async def audited(self, wanted: Wanted, offset: int, limit: int) -> list[Link]:
        return await self._read(lambda db: audit_rows.wanted(db, wanted, offset, limit))

    async def audit_chain(self, first: int, limit: int) -> list[Link]:
        return await self._read(lambda db: audit_rows.chain(db, first, limit))

    async def audit_anchor(self) -> Anchor:
        return await self._read(audit_rows.newest)

    async def audit_position(self) -> ChannelPosition | None:
        return await self._read(channel_rows.position)

    async def keep_audit_position(self, place: ChannelPosition | None) -> None:
        await self._write(lambda db: channel_rows.keep(db, place))

    # ---- money -------------------------------------------------------------------------------------------
    async def pause(self) -> Pause | None:
        return await self._read(pause_rows.current)

    async def keep_pause(self, pause: Pause) -> bool:
        effect = Effect(Does.PAUSE if pause.paused else Does.RESUME)
        return await self._write(lambda db: pause_rows.keep(db, pause), effect)

    async def pause_announced(self, at: float, channel_id: int) -> None:
        await self._write(lambda db: pause_rows.announced(db, at, channel_id))

    async def idle_machines(self) -> list[Idling]:
        return await self._read(machine_rows.known)

    async def keep_idle_machines(self, machines: Sequence[Idling]) -> None:
        await self._write(lambda db: machine_rows.keep(db, machines))

    # ---- the file ----------------------------------------------------------------------------------------
    async def snapshot(self, target: Path) -> None:
        """Writes a copy as of now, whole or not at all, while the store goes on. `StoreError` where it cannot."""
        await self._read(lambda _: None)  # which raises if the file has gone away
        await asyncio.to_thread(write_snapshot, self._path, target)

    async def _write(
        self, work: Callable[[Connection], T], effect: Effect | None = None, *, submits: bool = False
    ) -> T:
        """One transaction, with what the audit says about it. `effect` is one that no row shows."""
        asked = asking.get()  # here, as the thread has a context of its own

        def in_transaction() -> tuple[T, Written]:
            self._presence.check(self._connection)
            with in_words(self._name), transaction(self._connection):
                result = work(self._connection)
                ledger_rows.follow(self._connection, self._now())
                admission.check(self._connection, self._caps, self._now(), submits=submits)
                audit_rows.follow(self._connection, asked, effect, self._now())
            return result, self._connection.written

        result, written = await self._in_thread(in_transaction)
        if self._committed is not None:
            self._committed(written)
        return result

    async def _read(self, work: Callable[[Connection], T]) -> T:
        """Without a transaction: nothing else is written while the one thread reads."""

        def in_turn() -> T:
            self._presence.check(self._connection)
            with in_words(self._name):
                return work(self._connection)

        return await self._in_thread(in_turn)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            future = self._thread.submit(work)
        except RuntimeError as error:
            raise StoreError(f"{self._name} is closed.") from error
        return await asyncio.wrap_future(future)
