"""Roles, users, channels and threads. `wire()` returns the JSON that Discord would send."""

from dataclasses import dataclass, field
from enum import IntEnum

from deploy.sandbox.discord.protocol.wire import Json, timestamp
from deploy.sandbox.discord.state.permissions import Overwrite, Permission


class ChannelType(IntEnum):
    TEXT = 0
    DM = 1
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


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
        """Return the member object without its `user`."""
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
    """The overwrites that are for roles; the others are for members."""
    rate_limit_per_user: int = 0
    last_message_id: str | None = None
    default_archive_minutes: int | None = None
    """None if nobody has set it."""

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
            **({"default_auto_archive_duration": self.default_archive_minutes} if self.default_archive_minutes else {}),
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
class DirectChannel(Channel):
    """The direct messages between the bot and one person. It is in no guild: `guild_id` is empty.

    https://docs.discord.com/developers/resources/channel#channel-object-example-dm-channel
    """

    recipient: User

    def wire(self) -> Json:
        return {
            "id": self.id,
            "type": int(self.type),
            "last_message_id": self.last_message_id,
            "flags": 0,
            "recipients": [self.recipient.wire()],
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
    """User id to the time of joining."""

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
