"""What the guild holds. Each thing can write itself as Discord does (`wire`)."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from deploy.sandbox.discord.permissions import Overwrite, Permission
from deploy.sandbox.discord.wire import Json, snowflake_seconds, timestamp, without_none


class ChannelType(IntEnum):
    TEXT = 0
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


class MessageType(IntEnum):
    DEFAULT = 0
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
"""The types that somebody wrote; the others are the system's."""


class MessageFlag(IntFlag):
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


NO_FLAGS = MessageFlag(0)


@dataclass(slots=True)
class Role:
    id: str
    name: str
    permissions: Permission
    position: int
    color: int = 0
    mentionable: bool = False
    bot_id: str | None = None

    def wire(self) -> Json:
        role: Json = {
            "id": self.id,
            "name": self.name,
            "description": None,
            "color": self.color,
            "colors": {"primary_color": self.color, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "icon": None,
            "unicode_emoji": None,
            "position": self.position,
            "permissions": str(int(self.permissions)),
            "managed": self.bot_id is not None,
            "mentionable": self.mentionable,
            "flags": 0,
        }
        return role | ({"tags": {"bot_id": self.bot_id}} if self.bot_id else {})


@dataclass(slots=True)
class User:
    id: str
    name: str
    global_name: str | None
    bot: bool
    role_ids: list[str]
    joined_at: float

    def wire(self) -> Json:
        user: Json = {
            "id": self.id,
            "username": self.name,
            "discriminator": "0",
            "global_name": self.global_name,
            "avatar": None,
            "avatar_decoration_data": None,
            "banner": None,
            "accent_color": None,
            "public_flags": 0,
            "flags": 0,
        }
        return user | ({"bot": True} if self.bot else {})

    def member(self) -> Json:
        """The member object without its user."""
        return {
            "nick": None,
            "avatar": None,
            "banner": None,
            "roles": list(self.role_ids),
            "joined_at": timestamp(self.joined_at),
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "communication_disabled_until": None,
            "flags": 0,
        }


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    guild_id: str
    type: ChannelType = ChannelType.TEXT
    position: int = 0
    topic: str | None = None
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    role_ids: frozenset[str] = frozenset()
    """Which of the overwrites are roles; the others are members."""
    rate_limit_per_user: int = 0
    last_message_id: str | None = None

    def wire(self) -> Json:
        return {
            "id": self.id,
            "type": int(self.type),
            "guild_id": self.guild_id,
            "name": self.name,
            "position": self.position,
            "topic": self.topic,
            "nsfw": False,
            "parent_id": None,
            "last_message_id": self.last_message_id,
            "last_pin_timestamp": None,
            "rate_limit_per_user": self.rate_limit_per_user,
            "flags": 0,
            "permission_overwrites": [
                {
                    "id": target,
                    "type": 0 if target in self.role_ids else 1,
                    "allow": str(int(overwrite.allow)),
                    "deny": str(int(overwrite.deny)),
                }
                for target, overwrite in self.overwrites.items()
            ],
        }


@dataclass(slots=True, kw_only=True)
class Thread(Channel):
    parent_id: str
    owner_id: str
    created_at: float
    archive_changed_at: float
    auto_archive_minutes: int = 4320
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    active_at: float = 0.0
    message_count: int = 0
    total_message_sent: int = 0
    members: dict[str, float] = field(default_factory=dict)
    """Who has joined, and when."""

    def wire(self) -> Json:
        metadata: Json = {
            "archived": self.archived,
            "archive_timestamp": timestamp(self.archive_changed_at),
            "auto_archive_duration": self.auto_archive_minutes,
            "locked": self.locked,
            "create_timestamp": timestamp(self.created_at),
        }
        if self.type is ChannelType.PRIVATE_THREAD:
            metadata["invitable"] = self.invitable
        return {
            "id": self.id,
            "type": int(self.type),
            "guild_id": self.guild_id,
            "name": self.name,
            "parent_id": self.parent_id,
            "owner_id": self.owner_id,
            "last_message_id": self.last_message_id,
            "rate_limit_per_user": self.rate_limit_per_user,
            "flags": 0,
            "message_count": self.message_count,
            "member_count": min(len(self.members), 50),
            "total_message_sent": self.total_message_sent,
            "thread_metadata": metadata,
        }

    def member(self, user_id: str) -> Json:
        return {
            "id": self.id,
            "user_id": user_id,
            "join_timestamp": timestamp(self.members[user_id]),
            "flags": 0,
        }


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
    shown_inside: set[str] = field(default_factory=set)
    """Ids of the files that an embed or a component shows: Discord leaves them out of `attachments`."""
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[str] = field(default_factory=list)
    mention_everyone: bool = False
    flags: MessageFlag = NO_FLAGS
    tts: bool = False
    pinned: bool = False
    edited_at: float | None = None
    nonce: str | int | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Emoji (`name` or `name:id`) to the ids of who reacted, in order."""
    reference: Json | None = None
    referenced: "Message | None" = None
    application_id: str | None = None
    interaction: Json | None = None
    """`interaction` and `interaction_metadata`, where the message answers one."""
    only_for: str | None = None
    """The one person who can see an ephemeral message."""

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
            "attachments": [file.wire() for file in self.files if file.id not in self.shown_inside],
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
        """Newest first."""
        end = bisect_left(self._order, message_id)
        return (self._by_id[str(self._order[at])] for at in range(end - 1, -1, -1))

    def after(self, message_id: int) -> Iterator[Message]:
        """Oldest first."""
        start = bisect_right(self._order, message_id)
        return (self._by_id[str(self._order[at])] for at in range(start, len(self._order)))
