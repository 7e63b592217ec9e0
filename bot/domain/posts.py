"""Messages on their way to the chat: the rows of the outbox."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.model.rows import Row


class PostKind(StrEnum):
    CARD = "card"
    """The card, in the channel; once in a job's life."""
    THREAD = "thread"
    """The thread, started from the card. The id that comes back is the thread's."""
    LOG = "log"
    """Lines of the log, in the thread: `text` is ready to send, inert."""
    NOTE = "note"
    """A sentence of the bot, in the thread."""
    LOG_FILE = "log_file"
    """The whole log as a file, in the thread, at the end."""
    END = "end"
    """The one message on the end, in the channel: verdict, plot, who asked."""


class Lane(StrEnum):
    """Posts of one job and one lane are delivered in order; the two lanes do not wait for each other."""

    CHANNEL = "channel"
    THREAD = "thread"


@dataclass(frozen=True, slots=True)
class File:
    """A file to attach. `path` names one in the bot's own data folder; else `content` holds it."""

    name: str
    content: bytes = b""
    path: str = ""


@dataclass(frozen=True, slots=True)
class NewPost:
    """A message to commit. A `key` that the outbox already has is left out: that makes it once."""

    key: str
    kind: PostKind
    job_id: str
    text: str = ""
    files: tuple[File, ...] = ()
    digest: bool = False
    """For LOG: whether `text` is meant for an embed (up to 4,096 characters) and not for the content."""

    @property
    def lane(self) -> Lane:
        return Lane.CHANNEL if self.kind in (PostKind.CARD, PostKind.END) else Lane.THREAD


@dataclass(frozen=True, slots=True)
class Post:
    """A row of the outbox. Times in seconds since the epoch."""

    id: int
    new: NewPost
    created_at: float
    attempted_at: float | None = None
    """When it was first handed to the chat; None before. Its nonce protects for a while from then on."""
    attempts: int = 0
    previous_id: int | None = None
    """The id that the delivery before it in its lane gave: whatever the bot has posted there since is this post."""
    message_id: int | None = None
    done_at: float | None = None
    parked: str = ""
    """Why it cannot be delivered, where that is final."""

    @property
    def nonce(self) -> str:
        """At most 25 characters, the same at every try: Discord's key for once."""
        return f"sb-{self.id}"


@dataclass(frozen=True, slots=True)
class Change:
    """The next version of a job, sweep or submission, and the posts that it causes: one transaction."""

    row: Row
    posts: tuple[NewPost, ...] = ()


def adding(*posts: NewPost) -> Callable[[Row], Change]:
    """A step that adds these posts and changes nothing else."""
    return lambda row: Change(row, posts)
