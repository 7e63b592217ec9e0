"""What the chat shows of a job or a sweep: its card, its thread, its result. Times are in seconds since the epoch."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

NOWHERE = 0
"""In place of a card's or a thread's id: it could not be made, or is gone."""
DIRECT = -1
"""In place of a channel's id: the direct messages of whoever asked for the job."""


@dataclass(frozen=True, slots=True)
class Result:
    """The message at the end."""

    committed_at: float | None = None
    """When it was committed to the outbox."""
    channel_id: int | None = None
    """Where it goes, if not to the channel of the request: another channel, or `DIRECT`."""
    refused_in: tuple[int, ...] = ()
    """The places that refused it."""
    undeliverable: str = ""
    """Why it could not be delivered anywhere."""
    readings: int = 0
    """How often reading the job's metrics was begun. After a few, the result goes out without them."""

    def place(self, channel_id: int) -> int:
        """The channel where it goes, or `DIRECT`. `channel_id` is the request's."""
        return channel_id if self.channel_id is None else self.channel_id

    def refused(self, channel_id: int, others: Sequence[int], why: str) -> "Result":
        """Record that its place refused it: try the next of `others` and `DIRECT`, or mark it undeliverable.

        `channel_id` is the request's, `others` are the project's channels.
        """
        refused = (*self.refused_in, self.place(channel_id))
        left = [place for place in (*others, DIRECT) if place not in refused]
        tried = replace(self, refused_in=refused)
        return replace(tried, channel_id=left[0]) if left else tried.given_up(why)

    def given_up(self, why: str) -> "Result":
        return replace(self, undeliverable=why)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The chat's last word on a card, a thread or a post in it. `gone`: the place no longer exists."""

    why: str
    at: float
    gone: bool = False
    first_line: int | None = None
    """The number of the first log line in the refused post, if it has any."""


@dataclass(frozen=True, slots=True)
class ClosedThread:
    """A thread that refused a post, or could not be started. It is tried again from time to time, unless it is gone."""

    why: str = ""
    """Empty if all is well."""
    thread_id: int = NOWHERE
    """`NOWHERE` if it could not be started."""
    since: float = 0.0
    """When it last refused."""
    refusals: int = 0
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Publication:
    card_id: int | None = None
    thread_id: int | None = None
    revision: int = 0
    """Counts the changes that show on the card. The store counts; `redrawn` forces one."""
    shown_revision: int = 0
    """The revision that the card shows."""
    lines_posted: int = 0
    """How many log lines are in the thread, or on their way to it."""
    archived_at: float | None = None
    """When the whole log was stored and its file committed to the outbox."""
    recovered_at: float | None = None
    """When the job was found again after the store was lost: messages about it may have been sent before."""
    result: Result = field(default_factory=Result)
    closed: ClosedThread = field(default_factory=ClosedThread)
    card_lost: str = ""
    """Why there is no card in the channel; empty if there is one."""
    card_gone: bool = False
    """True if there will be none: it, or its channel, was deleted."""

    @property
    def outdated(self) -> bool:
        """True if there is a card, and it shows an older revision."""
        return bool(self.card_id) and self.shown_revision < self.revision

    def card_posted(self, card_id: int, revision: int) -> "Publication":
        """Record the card, which shows this revision."""
        return replace(self, card_id=card_id, shown_revision=revision, card_lost="")

    def card_found(self, card_id: int) -> "Publication":
        """Record a card that may show less than is known: it is edited once more."""
        return replace(self, card_id=card_id, card_lost="").redrawn()

    def card_edited(self, revision: int, *, gone: str) -> "Publication":
        """Record that the card shows this revision, or why it is `gone`."""
        card_id = NOWHERE if gone else self.card_id
        shown = max(self.shown_revision, revision)
        lost, is_gone = gone or self.card_lost, bool(gone) or self.card_gone
        return replace(self, card_id=card_id, shown_revision=shown, card_lost=lost, card_gone=is_gone)

    def card_refused(self, refusal: Refusal) -> "Publication":
        """Without a card there is no thread either. Both are tried again, unless the channel is gone."""
        refused = self.thread_refused(refusal)
        return replace(refused, card_id=NOWHERE, card_lost=refusal.why, card_gone=refusal.gone)

    def thread_started(self, thread_id: int) -> "Publication":
        return replace(self, thread_id=thread_id, closed=ClosedThread())

    def thread_refused(self, refusal: Refusal) -> "Publication":
        """Close the thread: nothing more goes there until it is `reopened`. The lines of the refused post wait."""
        before = self.closed
        thread_id, refusals = self.thread_id or before.thread_id, before.refusals + 1
        closed = ClosedThread(refusal.why, thread_id, refusal.at, refusals, refusal.gone)
        lines = self.lines_posted if refusal.first_line is None else refusal.first_line
        return replace(self, thread_id=NOWHERE, closed=closed, lines_posted=lines)

    @property
    def card_may_come(self) -> bool:
        """True if the channel refused the card, and may take it yet."""
        return bool(self.card_lost) and not self.card_gone and self.card_id == NOWHERE

    @property
    def may_reopen(self) -> bool:
        """True if the thread is closed, and a moderator or time may open it again."""
        closed = self.closed.why and not self.closed.gone and self.thread_id == NOWHERE
        possible = self.card_id or self.closed.thread_id or self.card_may_come
        return bool(closed and possible) and self.archived_at is None

    def reopened(self) -> "Publication":
        """Try the thread once more, or the card and a thread. It counts as closed until it has taken a post."""
        card_id = None if self.card_may_come else self.card_id
        return replace(self, card_id=card_id, thread_id=self.closed.thread_id or None)

    def thread_took(self) -> "Publication":
        """Record that the thread has taken a post."""
        return replace(self, closed=ClosedThread())

    def posted(self, lines: int) -> "Publication":
        """Count `lines` more log lines as posted."""
        return replace(self, lines_posted=self.lines_posted + lines)

    def archived(self, at: float) -> "Publication":
        return replace(self, archived_at=at)

    def announced(self, at: float) -> "Publication":
        """Record that the result was committed to the outbox."""
        return replace(self, result=replace(self.result, committed_at=at))

    def reading_begun(self) -> "Publication":
        """Record that the job's metrics are about to be read."""
        return replace(self, result=replace(self.result, readings=self.result.readings + 1))

    def recovered(self, at: float) -> "Publication":
        """Record that the store was lost; the card may show anything, so it is edited."""
        return replace(self, recovered_at=at).redrawn()

    def redrawn(self) -> "Publication":
        """Force an edit of the card though nothing on it has changed: nobody knows what it shows."""
        return replace(self, revision=self.revision + 1)
