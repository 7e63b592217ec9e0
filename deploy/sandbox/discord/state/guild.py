"""The guild: its people, roles and channels, and each person's permissions."""

from base64 import urlsafe_b64encode
from enum import Enum
from secrets import token_urlsafe

from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.protocol.wire import Clock, Json, Snowflakes, comma_list, timestamp
from deploy.sandbox.discord.state.entities import Channel, ChannelType, DirectChannel, Role, Thread, User
from deploy.sandbox.discord.state.permissions import DIRECT, Overwrite, Permission, in_channel, in_guild
from deploy.sandbox.discord.state.world_spec import ChannelSpec, World


class Membership(Enum):
    """Where the bot stands with the guild."""

    JOINED = "joined"
    UNAVAILABLE = "unavailable"
    """In an outage: https://docs.discord.com/developers/resources/guild#unavailable-guild-object"""
    REMOVED = "removed"
    """Kicked, or not invited yet."""


_FIXED_FIELDS: Json = {
    "icon": None,
    "splash": None,
    "discovery_splash": None,
    "banner": None,
    "home_header": None,
    "description": None,
    "application_id": None,
    "afk_channel_id": None,
    "afk_timeout": 300,
    "widget_enabled": False,
    "widget_channel_id": None,
    "verification_level": 0,
    "default_message_notifications": 1,
    "explicit_content_filter": 0,
    "emojis": [],
    "stickers": [],
    "features": [],
    "mfa_level": 0,
    "system_channel_id": None,
    "system_channel_flags": 0,
    "rules_channel_id": None,
    "public_updates_channel_id": None,
    "safety_alerts_channel_id": None,
    "vanity_url_code": None,
    "premium_tier": 0,
    "premium_subscription_count": 0,
    "premium_progress_bar_enabled": False,
    "preferred_locale": "en-US",
    "max_members": 500000,
    "max_presences": None,
    "max_video_channel_users": 25,
    "max_stage_video_channel_users": 50,
    "nsfw_level": 0,
    "nsfw": False,
    "region": "us-east",
    "hub_type": None,
    "latest_onboarding_question_id": None,
    "incidents_data": None,
}
"""Fields of the guild object that are the same in every guild here."""


class Guild:
    """`channel` and `user` raise Discord's errors for unknown ids."""

    def __init__(self, world: World, snowflakes: Snowflakes, clock: Clock) -> None:
        self.world = world
        self.created_at = clock()
        self.id = snowflakes.next()
        self.roles: dict[str, Role] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.direct: dict[str, DirectChannel] = {}
        """By the person's id: the channels for direct messages that the bot has opened."""
        self.refuse_direct: set[str] = set()
        """Ids of the people who accept no direct messages from members of the server."""
        self.membership = Membership.JOINED if world.invited else Membership.REMOVED
        self._snowflakes = snowflakes
        self._add_role(Role(self.id, "@everyone", world.everyone, 0))
        for spec in world.roles:
            self._add_role(
                Role(
                    snowflakes.next(),
                    spec.name,
                    spec.permissions,
                    len(self.roles),
                    spec.color,
                    spec.mentionable,
                )
            )
        self.bot = self._add_bot(world)
        self.application_id = self.bot.id
        self.token = _token(self.application_id)
        for person in world.people:
            roles = [self.role_named(name).id for name in person.roles]
            user = User(snowflakes.next(), person.name, person.global_name, False, roles, self.created_at)
            self.users[user.id] = user
        self.owner_id = next(iter(self.people), self.bot).id
        for spec_ in world.channels:
            self._add_channel(spec_)

    @property
    def people(self) -> list[User]:
        return [user for user in self.users.values() if not user.bot]

    @property
    def threads(self) -> list[Thread]:
        return [channel for channel in self.channels.values() if isinstance(channel, Thread)]

    def active_threads(self) -> list[Thread]:
        return [thread for thread in self.threads if not thread.archived]

    def channel(self, channel_id: str) -> Channel:
        if (channel := self.channels.get(channel_id)) is not None:
            return channel
        for direct in self.direct.values():
            if direct.id == channel_id:
                return direct
        raise ApiError(Code.UNKNOWN_CHANNEL)

    def open_direct(self, user_id: str) -> DirectChannel:
        """Open the channel for direct messages with a person; later calls give the same one."""
        if user_id not in self.direct:
            person = self.user(user_id)
            self.direct[user_id] = DirectChannel(
                self._snowflakes.next(), person.name, "", ChannelType.DM, recipient=person
            )
        return self.direct[user_id]

    def user(self, user_id: str) -> User:
        if (user := self.users.get(user_id)) is None:
            raise ApiError(Code.UNKNOWN_USER)
        return user

    def role_named(self, name: str) -> Role:
        for role in self.roles.values():
            if role.name == name:
                return role
        raise ValueError(
            f"unknown role {name!r}; the roles are {comma_list(role.name for role in self.roles.values())}"
        )

    def permissions(self, user: User, channel: Channel | None = None) -> Permission:
        """Return a user's permissions in the guild or in a channel. A thread has its parent's.

        A private thread is visible only to its members and to who may manage threads. Unlike on Discord, the owner has
        no permissions beyond those of their roles. A removed bot has none: its calls get 50001 (Missing Access).
        """
        if isinstance(channel, DirectChannel):
            return DIRECT if user in (self.bot, channel.recipient) else Permission(0)
        if self.membership is Membership.REMOVED and user is self.bot:
            return Permission(0)
        base = in_guild(self.roles[self.id].permissions, (self.roles[role].permissions for role in user.role_ids))
        if channel is None:
            return base
        place = self.channels.get(channel.parent_id) if isinstance(channel, Thread) else channel
        if place is None:
            return Permission(0)
        allowed = in_channel(base, place.overwrites, self.id, user.role_ids, user.id)
        if _is_hidden_thread(user, channel) and not allowed & Permission.MANAGE_THREADS:
            return Permission(0)
        return allowed

    def can_see(self, user: User, channel: Channel) -> bool:
        return bool(self.permissions(user, channel) & Permission.VIEW_CHANNEL)

    def require(self, user: User, channel: Channel, needed: Permission = Permission.VIEW_CHANNEL) -> None:
        """Raise 50001 if the user cannot see the channel, 50013 if any other permission is missing."""
        allowed = self.permissions(user, channel)
        if not allowed & Permission.VIEW_CHANNEL:
            raise ApiError(Code.MISSING_ACCESS)
        if needed & ~allowed:
            raise ApiError(Code.MISSING_PERMISSIONS)

    def visible_channels(self, user: User) -> list[Channel]:
        return [channel for channel in self.channels.values() if self.can_see(user, channel)]

    def member(self, user: User) -> Json:
        return {"user": user.wire(), **user.member()}

    def wire(self) -> Json:
        """Return the guild object without the fields that only GUILD_CREATE has."""
        return {
            "id": self.id,
            "name": self.world.guild_name,
            "owner_id": self.owner_id,
            "roles": [role.wire() for role in self.roles.values()],
            **_FIXED_FIELDS,
        }

    def gateway_wire(self) -> Json:
        """Return GUILD_CREATE as the bot receives it."""
        threads = [thread for thread in self.active_threads() if self.can_see(self.bot, thread)]
        return {
            **self.wire(),
            "joined_at": timestamp(self.created_at),
            "large": False,
            "unavailable": False,
            "member_count": len(self.users),
            "members": [self.member(user) for user in self.users.values()],
            "channels": [
                channel.wire() for channel in self.visible_channels(self.bot) if channel.type is ChannelType.TEXT
            ],
            "threads": [
                {**thread.wire()} | ({"member": thread.member(self.bot.id)} if self.bot.id in thread.members else {})
                for thread in threads
            ],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def _add_role(self, role: Role) -> None:
        self.roles[role.id] = role

    def _add_bot(self, world: World) -> User:
        bot_id = self._snowflakes.next()
        role = Role(
            self._snowflakes.next(),
            world.application_name,
            world.bot_permissions,
            len(self.roles),
            bot_id=bot_id,
        )
        self._add_role(role)
        bot = User(bot_id, world.application_name, None, True, [role.id], self.created_at)
        self.users[bot_id] = bot
        return bot

    def _add_channel(self, spec: ChannelSpec) -> None:
        targets = {self._overwrite_target(name): overwrite for name, overwrite in spec.overwrites.items()}
        channel = Channel(
            self._snowflakes.next(),
            spec.name,
            self.id,
            position=len(self.channels),
            topic=spec.topic,
            default_archive_minutes=spec.archive_minutes,
            overwrites=targets,
            role_ids=frozenset(target for target in targets if target in self.roles),
        )
        self.channels[channel.id] = channel

    def _overwrite_target(self, name: str) -> str:
        """Return the id of the role or member that an overwrite is for."""
        if name == "everyone":
            return self.id
        if name == "bot":
            return self.bot.id
        named = {user.name: user.id for user in self.users.values()}
        named |= {role.name: role.id for role in self.roles.values()}
        if name in named:
            return named[name]
        raise ValueError(f"unknown overwrite {name!r}; use a role's name, a person's name, `everyone` or `bot`")

    def set_overwrite(self, channel: Channel, name: str, overwrite: Overwrite) -> None:
        target = self._overwrite_target(name)
        channel.overwrites[target] = overwrite
        if target in self.roles:
            channel.role_ids |= {target}


def _is_hidden_thread(user: User, channel: Channel) -> bool:
    """Whether the channel is a private thread that the user has not joined."""
    return isinstance(channel, Thread) and channel.type is ChannelType.PRIVATE_THREAD and user.id not in channel.members


def _token(application_id: str) -> str:
    """Make a token in the shape of a real one: libraries read the application's id from its first part."""
    return f"{urlsafe_b64encode(application_id.encode()).decode().rstrip('=')}.{token_urlsafe(4)}.{token_urlsafe(27)}"
