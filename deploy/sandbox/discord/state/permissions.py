"""Discord's permissions: in the guild, and in a channel with its overwrites.

https://discord.com/developers/docs/topics/permissions
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag


class Permission(IntFlag):
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


ALL = Permission((1 << 53) - 1)
NONE = Permission(0)

TALK = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.READ_MESSAGE_HISTORY
)
"""Enough to read and write messages."""

DIRECT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.ADD_REACTIONS
)
"""What both sides have in direct messages, where there are no roles."""

EVERYONE = (
    TALK
    | Permission.ADD_REACTIONS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
)
"""What `@everyone` has in a new guild."""


@dataclass(frozen=True, slots=True)
class Overwrite:
    """Permissions that a channel adds to or removes from one role or member."""

    allow: Permission = NONE
    deny: Permission = NONE


def in_guild(everyone: Permission, roles: Iterable[Permission]) -> Permission:
    total = everyone
    for role in roles:
        total |= role
    return ALL if total & Permission.ADMINISTRATOR else total


def in_channel(
    base: Permission,
    overwrites: Mapping[str, Overwrite],
    everyone_id: str,
    role_ids: Iterable[str],
    member_id: str,
) -> Permission:
    """Apply a channel's overwrites to `base`: @everyone's, then all roles' together, then the member's."""
    if base & Permission.ADMINISTRATOR:
        return ALL
    if not overwrites:
        return base if base & Permission.VIEW_CHANNEL else NONE
    everyone = overwrites.get(everyone_id, Overwrite())
    base = (base & ~everyone.deny) | everyone.allow
    roles = [overwrites[role] for role in role_ids if role in overwrites]
    allow, deny = NONE, NONE
    for role in roles:
        allow, deny = allow | role.allow, deny | role.deny
    base = (base & ~deny) | allow
    member = overwrites.get(member_id, Overwrite())
    base = (base & ~member.deny) | member.allow
    return base if base & Permission.VIEW_CHANNEL else NONE
