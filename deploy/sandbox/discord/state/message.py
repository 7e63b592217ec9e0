"""A message, and the messages of a channel in order.

https://docs.discord.com/developers/resources/message#message-object
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from deploy.sandbox.discord.protocol.wire import Json, snowflake_seconds, timestamp, without_none
from deploy.sandbox.discord.state.entities import User


class MessageType(IntEnum):
    DEFAULT = 0
    RECIPIENT_ADD = 1
    CHANNEL_NAME_CHANGE = 4
    PINNED = 6
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER = 21
    CONTEXT_MENU_COMMAND = 23


WRITTEN = frozenset(
    {
        MessageType.DEFAULT,
        MessageType.REPLY,
        MessageType.CHAT_INPUT_COMMAND,
        MessageType.CONTEXT_MENU_COMMAND,
    }
)
"""The types of messages that a user wrote; the others are system messages."""


class MessageFlag(IntFlag):
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


NO_FLAGS = MessageFlag(0)


@dataclass(slots=True)
class Attachment:
    id: str
    filename: str
    content_type: str
    data: bytes
    url: str
    size_in_pixels: tuple[int, int] | None = None
    description: str | None = None

    def wire(self) -> Json:
        width, height = self.size_in_pixels or (None, None)
        return {
            "id": self.id,
            "filename": self.filename,
            "size": len(self.data),
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
        } | without_none(width=width, height=height, description=self.description)


@dataclass(slots=True)
class Message:
    id: str
    channel_id: str
    author: User
    type: MessageType = MessageType.DEFAULT
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    embedded_file_ids: set[str] = field(default_factory=set)
    """Files that an embed or a component shows. Discord leaves them out of `attachments`."""
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[str] = field(default_factory=list)
    mention_everyone: bool = False
    flags: MessageFlag = NO_FLAGS
    tts: bool = False
    pinned: bool = False
    edited_at: float | None = None
    nonce: str | int | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Emoji (`name` or `name:id`) to the ids of the users who reacted, in order."""
    reference: Json | None = None
    referenced: "Message | None" = None
    application_id: str | None = None
    interaction: Json | None = None
    """`interaction` and `interaction_metadata`, if the message answers an interaction."""
    only_for: str | None = None
    """Id of the only person who can see it, if it is ephemeral."""

    @property
    def created_at(self) -> float:
        return snowflake_seconds(self.id)

    def wire(self, *, depth: int = 1) -> Json:
        message: Json = {
            "id": self.id,
            "channel_id": self.channel_id,
            "type": int(self.type),
            "author": self.author.wire(),
            "content": self.content,
            "timestamp": timestamp(self.created_at),
            "edited_timestamp": None if self.edited_at is None else timestamp(self.edited_at),
            "tts": self.tts,
            "mention_everyone": self.mention_everyone,
            "mentions": [user.wire() for user in self.mentions],
            "mention_roles": list(self.mention_roles),
            "attachments": [file.wire() for file in self.files if file.id not in self.embedded_file_ids],
            "embeds": self.embeds,
            "components": self.components,
            "pinned": self.pinned,
            "flags": int(self.flags),
        }
        if self.application_id:
            message |= {"application_id": self.application_id, "webhook_id": self.application_id}
        if self.interaction:
            message |= self.interaction
        if self.reference:
            message["message_reference"] = self.reference
            if depth:
                message["referenced_message"] = self.referenced and self.referenced.wire(depth=depth - 1)
        return message


class Timeline:
    """The messages of one channel by id, oldest first."""

    def __init__(self) -> None:
        self._by_id: dict[str, Message] = {}
        self._order: list[int] = []

    def __iter__(self) -> Iterator[Message]:
        return (self._by_id[str(number)] for number in self._order)

    def __len__(self) -> int:
        return len(self._order)

    def add(self, message: Message) -> None:
        self._by_id[message.id] = message
        insort(self._order, int(message.id))

    def get(self, message_id: str) -> Message | None:
        return self._by_id.get(message_id)

    def remove(self, message_id: str) -> None:
        del self._by_id[message_id]
        del self._order[bisect_left(self._order, int(message_id))]

    def before(self, message_id: int) -> Iterator[Message]:
        """Iterate over the messages before an id, newest first."""
        end = bisect_left(self._order, message_id)
        return (self._by_id[str(self._order[at])] for at in range(end - 1, -1, -1))

    def after(self, message_id: int) -> Iterator[Message]:
        """Iterate over the messages after an id, oldest first."""
        start = bisect_right(self._order, message_id)
        return (self._by_id[str(self._order[at])] for at in range(start, len(self._order)))
