"""Messages on their way to the chat: the rows of the outbox, and a rule for each kind."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.inert import EMPTY, Inert
from bot.domain.model.job import Job
from bot.domain.model.publication import NOWHERE, Publication, Refusal
from bot.domain.model.rows import Row
from bot.domain.texts.notes import REFUSED


class PostKind(StrEnum):
    CARD = "card"
    """The card, in the channel; once in a job's life."""
    THREAD = "thread"
    """The thread, started from the card. The message id of the delivery is the thread's."""
    MEMBER = "member"
    """Whoever asked joins the thread, so that it is in their list of channels. No message: its id is the thread's."""
    LOG = "log"
    """Lines of the log, in the thread."""
    NOTE = "note"
    """A sentence from the bot, in the thread."""
    WARNING = "warning"
    """What the guard warns of, in the thread: it mentions whoever asked, and has buttons."""
    HELD = "held"
    """A sweep is held because its trials fail alike, in the channel: it mentions whoever asked, and has buttons."""
    LOG_FILE = "log_file"
    """The whole log as a file, in the thread, at the end."""
    END = "end"
    """The result, in the channel: verdict, plot, who asked."""


class Lane(StrEnum):
    """Posts of one job and one lane are delivered in order; the lanes do not wait for each other."""

    CHANNEL = "channel"
    THREAD = "thread"
    MEMBERS = "members"


class Target(StrEnum):
    """Where a post goes."""

    CHANNEL = "channel"
    """The channel of the request."""
    RESULT_CHANNEL = "result channel"
    """The channel of the request; after a refusal another one, or the asker's direct messages."""
    CARD = "card"
    """Attached to the card."""
    THREAD = "thread"


@dataclass(frozen=True, slots=True)
class PostRule:
    """What is special about one kind of post, in any chat."""

    lane: Lane
    target: Target
    refused: Callable[[Publication, Refusal], Publication]
    """The publication after a final refusal: without what depends on this post."""

    def ready(self, publication: Publication) -> bool:
        """True if its target is settled: it is there, or surely will never be. A closed thread is not."""
        if self.lane is Lane.CHANNEL:
            return True
        target = publication.card_id if self.target is Target.CARD else publication.thread_id
        return target is not None and not self._waits(publication)

    def hopeless(self, publication: Publication) -> bool:
        """True if it belongs to a thread and there can be none."""
        without = self.lane is not Lane.CHANNEL and publication.thread_id == NOWHERE
        return without and not self._waits(publication)

    def _waits(self, publication: Publication) -> bool:
        return self.lane is not Lane.CHANNEL and publication.may_reopen


_IN_THREAD = PostRule(Lane.THREAD, Target.THREAD, Publication.thread_refused)
RULES: dict[PostKind, PostRule] = {
    PostKind.CARD: PostRule(Lane.CHANNEL, Target.CHANNEL, Publication.card_refused),
    PostKind.THREAD: PostRule(Lane.THREAD, Target.CARD, Publication.thread_refused),
    PostKind.MEMBER: PostRule(Lane.MEMBERS, Target.THREAD, lambda publication, _: publication),
    PostKind.LOG: _IN_THREAD,
    PostKind.NOTE: _IN_THREAD,
    PostKind.WARNING: _IN_THREAD,
    PostKind.HELD: PostRule(Lane.CHANNEL, Target.CHANNEL, lambda publication, _: publication),
    PostKind.LOG_FILE: _IN_THREAD,
    PostKind.END: PostRule(Lane.CHANNEL, Target.RESULT_CHANNEL, lambda publication, _: publication),
}


@dataclass(frozen=True, slots=True)
class File:
    """A file to attach: `path` in the bot's data folder, or else `content`."""

    name: str
    content: bytes = b""
    path: str = ""


@dataclass(frozen=True, slots=True)
class NewPost:
    """A message to commit. It is left out if the outbox has its `key` already, so it is sent once."""

    key: str
    kind: PostKind
    job_id: str
    text: Inert = EMPTY
    files: tuple[File, ...] = ()
    digest: bool = False
    """For LOG: True if `text` goes into an embed (up to 4,096 characters) instead of the content."""

    @property
    def rule(self) -> PostRule:
        return RULES[self.kind]

    @property
    def replaced(self) -> bool:
        """True if a short sentence is sent in place of what the chat refused."""
        return self.text.startswith(REFUSED)

    @property
    def lane(self) -> Lane:
        return self.rule.lane


def first_posts(job_id: str) -> tuple[NewPost, ...]:
    """The card and its thread, with which every job and every sweep begins."""
    return (NewPost(f"card:{job_id}", PostKind.CARD, job_id), NewPost(f"thread:{job_id}", PostKind.THREAD, job_id))


def log_key(job_id: str, first: int, refusals: int) -> str:
    """Of a post with log lines from number `first`. `refusals` of the thread so far: lines that it refused are posted
    again, and no key may come twice."""
    return f"log:{job_id}:{first}" + (f":{refusals}" if refusals else "")


def first_line(post: NewPost) -> int | None:
    """The number of the first line in a post with log lines; None for any other post."""
    return int(post.key.split(":")[2]) if post.kind is PostKind.LOG else None


@dataclass(frozen=True, slots=True)
class Post:
    """A row of the outbox. Times in seconds since the epoch."""

    id: int
    new: NewPost
    created_at: float
    attempted_at: float | None = None
    """When it was first handed to the chat; None before. Its nonce protects it for a while from then on."""
    attempts: int = 0
    previous_id: int | None = None
    """Message id of the previous delivery in this lane. Look for this post only after it."""
    message_id: int | None = None
    done_at: float | None = None
    parked: str = ""
    """Why it can never be delivered."""

    @property
    def nonce(self) -> str:
        """Discord's idempotency key: at most 25 characters, the same on every attempt."""
        return f"sb-{self.id}"


@dataclass(frozen=True, slots=True)
class Change:
    """The next version of a job, sweep or submission, and the posts that it causes: one transaction."""

    row: Row
    posts: tuple[NewPost, ...] = ()
    starts: Job | None = None
    """A job that begins because of it, in place of this one, which then names it."""


def adding(*posts: NewPost) -> Callable[[Row], Change]:
    """A step that adds these posts and changes nothing else."""
    return lambda row: Change(row, posts)
