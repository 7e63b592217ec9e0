"""Start, rename, archive, lock, join and delete threads.

https://discord.com/developers/docs/topics/threads
"""

from deploy.sandbox.discord.limits.rate_limiter import RateLimited, too_many_requests
from deploy.sandbox.discord.messages.posting import Messages
from deploy.sandbox.discord.protocol.errors import ApiError, Code, FormErrors
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.entities import Channel, ChannelType, Thread, User
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.message import Message, MessageFlag, MessageType
from deploy.sandbox.discord.state.permissions import Permission

ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
NO_DEFAULT_MINUTES = 4320
"""In a channel without a setting of its own: three days. Assumed, documented nowhere."""
_SETTABLE = {
    "archived": bool,
    "locked": bool,
    "invitable": bool,
    "rate_limit_per_user": int,
}


class Threads:
    def __init__(self, core: Core, messages: Messages) -> None:
        self._core, self._messages = core, messages

    def start_from(self, message: Message, author: User, body: Json) -> Thread:
        """Start a thread from a message, whose id it gets. Raises 160004 if the message already has a thread."""
        channel = self._core.guild.channel(message.channel_id)
        self._core.guild.require(author, channel, Permission.CREATE_PUBLIC_THREADS | Permission.READ_MESSAGE_HISTORY)
        if isinstance(self._core.guild.channels.get(message.id), Thread):
            raise ApiError(Code.THREAD_EXISTS)
        thread = self._make(message.id, channel, author, body, ChannelType.PUBLIC_THREAD)
        message.flags |= MessageFlag.HAS_THREAD
        self._announce(thread, author)
        self._messages.publish("MESSAGE_UPDATE", message)
        starter = Message(self._core.snowflakes.next(), thread.id, author, MessageType.THREAD_STARTER)
        starter.referenced = message
        starter.reference = _reference(message.channel_id, thread.guild_id, message.id)
        self._messages.add(starter)
        return thread

    def start(self, channel: Channel, author: User, body: Json) -> Thread:
        """Start a thread without a message. As on Discord, it is private unless the body has another type."""
        kind = body.get("type", ChannelType.PRIVATE_THREAD)
        if kind not in (ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD):
            errors = FormErrors()
            errors.choice("type", "(10, 11, 12)")
            errors.raise_if_any()
        private = kind == ChannelType.PRIVATE_THREAD
        needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
        self._core.guild.require(author, channel, needed)
        thread = self._make(self._core.snowflakes.next(), channel, author, body, ChannelType(kind))
        self._announce(thread, author)
        if not private:
            note = Message(self._core.snowflakes.next(), channel.id, author, MessageType.THREAD_CREATED)
            note.content = thread.name
            note.reference = _reference(thread.id, thread.guild_id, None)
            self._messages.add(note)
        return thread

    def update(self, thread: Thread, by: User, body: Json) -> Thread:
        """Change a thread. Raises 50013, 50035, and 50083 if it is archived and the request does not unarchive it."""
        body = {name: value for name, value in body.items() if value is not None}
        self._require_may_change(thread, by, body)
        _check(body, FormErrors(), creating=False)
        if thread.archived and body.get("archived", True):
            raise ApiError(Code.ARCHIVED_THREAD)
        old_name = thread.name
        self._limit_renames(thread, body)
        if body.get("archived", thread.archived) != thread.archived:
            thread.archive_changed_at = self._core.clock()
        for name in _SETTABLE:
            if name in body:
                setattr(thread, name, body[name])
        thread.auto_archive_minutes = body.get("auto_archive_duration") or thread.auto_archive_minutes
        thread.name = body.get("name") or thread.name
        self._publish_update(thread, by)
        if thread.name != old_name:
            note = Message(self._core.snowflakes.next(), thread.id, by, MessageType.CHANNEL_NAME_CHANGE)
            note.content = thread.name
            self._messages.add(note)
        return thread

    def delete(self, thread: Thread, by: User) -> None:
        self._core.guild.require(by, thread, Permission.MANAGE_THREADS)
        del self._core.guild.channels[thread.id]
        self._core.timelines.pop(thread.id, None)
        self._core.ledger.add("thread.delete", self._core.actor_name(by.id), channel_id=thread.id)
        data = {
            "id": thread.id,
            "guild_id": thread.guild_id,
            "parent_id": thread.parent_id,
            "type": int(thread.type),
        }
        parent = self._core.guild.channels.get(thread.parent_id)
        self._core.hub.publish(Event("THREAD_DELETE", data, parent))

    def join(self, thread: Thread, user: User) -> None:
        if thread.archived:
            raise ApiError(Code.ARCHIVED_THREAD)
        if user.id in thread.members:
            return
        thread.members[user.id] = self._core.clock()
        self._publish_members(thread, added=[user.id], removed=[])

    def add(self, thread: Thread, user: User, by: User) -> None:
        """Add somebody else. "Requires the ability to send messages in the thread", and nobody is added twice.

        https://docs.discord.com/developers/resources/channel#add-thread-member. The thread says so: "a constant barrage
        of `[bot] added [user] to the thread.`" (discord-api-docs issue 5041). Which code Discord has for a locked
        thread or for somebody who cannot see the channel is documented nowhere; these two are assumed.
        Assumption: member-codes.
        """
        self._core.guild.require(by, thread, Permission.SEND_MESSAGES_IN_THREADS)
        if thread.locked:
            self._core.guild.require(by, thread, Permission.MANAGE_THREADS)
        if not self._core.guild.can_see(user, thread):
            raise ApiError(Code.MISSING_ACCESS)
        if user.id in thread.members and not thread.archived:
            return
        self.join(thread, user)
        self._core.ledger.add("thread.member", self._core.actor_name(by.id), channel_id=thread.id, user_id=user.id)
        note = Message(self._core.snowflakes.next(), thread.id, by, MessageType.RECIPIENT_ADD)
        note.mentions = [user]
        self._messages.add(note)

    def leave(self, thread: Thread, user: User) -> None:
        if thread.members.pop(user.id, None) is not None:
            self._publish_members(thread, added=[], removed=[user.id])

    def archive_inactive(self) -> None:
        """Archive every thread that was inactive for its auto-archive duration."""
        now = self._core.clock()
        for thread in self._core.guild.active_threads():
            inactive_since = max(thread.active_at, thread.archive_changed_at)
            if now - inactive_since > thread.auto_archive_minutes * 60:
                thread.archived, thread.archive_changed_at = True, now
                self._core.hub.publish(Event("THREAD_UPDATE", thread.wire(), thread))

    def _make(self, thread_id: str, channel: Channel, author: User, body: Json, kind: ChannelType) -> Thread:
        if channel.type is not ChannelType.TEXT:
            raise ApiError(Code.WRONG_CHANNEL_TYPE)
        _check(body, FormErrors(), creating=True)
        if len(self._core.guild.active_threads()) >= self._core.limits.active_threads:
            raise ApiError(Code.TOO_MANY_THREADS)
        now = self._core.clock()
        thread = Thread(
            thread_id,
            body["name"],
            channel.guild_id,
            kind,
            parent_id=channel.id,
            owner_id=author.id,
            created_at=now,
            archive_changed_at=now,
            active_at=now,
            # "default duration, copied onto newly created threads":
            # https://docs.discord.com/developers/resources/channel#channel-object-channel-structure
            auto_archive_minutes=(
                body.get("auto_archive_duration") or channel.default_archive_minutes or NO_DEFAULT_MINUTES
            ),
            rate_limit_per_user=body.get("rate_limit_per_user") or 0,
            invitable=body.get("invitable", True),
            members={author.id: now},
        )
        self._core.guild.channels[thread.id] = thread
        return thread

    def _announce(self, thread: Thread, author: User) -> None:
        self._core.ledger.add(
            "thread.create",
            self._core.actor_name(author.id),
            channel_id=thread.id,
            parent_id=thread.parent_id,
            name=thread.name,
        )
        data = {**thread.wire(), "newly_created": True, "member": thread.member(author.id)}
        self._core.hub.publish(Event("THREAD_CREATE", data, thread))

    def _require_may_change(self, thread: Thread, by: User, body: Json) -> None:
        guild = self._core.guild
        guild.require(by, thread)
        only_unarchives = set(body) == {"archived"} and body["archived"] is False
        if only_unarchives and not thread.locked:
            guild.require(by, thread, Permission.SEND_MESSAGES_IN_THREADS)
        elif thread.owner_id != by.id or thread.locked or "locked" in body:
            guild.require(by, thread, Permission.MANAGE_THREADS)

    def _limit_renames(self, thread: Thread, body: Json) -> None:
        if not body.get("name") or body["name"] == thread.name:
            return
        rate = self._core.limits.buckets.get("channel.rename", self._core.limits.any_bucket)
        if (wait := self._core.limiter.check_hidden("rename", thread.id, rate)) is not None:
            raise RateLimited(too_many_requests("user", wait))

    def _publish_update(self, thread: Thread, by: User) -> None:
        self._core.ledger.add(
            "thread.update",
            self._core.actor_name(by.id),
            channel_id=thread.id,
            name=thread.name,
            archived=thread.archived,
            locked=thread.locked,
        )
        self._core.hub.publish(Event("THREAD_UPDATE", thread.wire(), thread))

    def _publish_members(self, thread: Thread, added: list[str], removed: list[str]) -> None:
        data = {
            "id": thread.id,
            "guild_id": thread.guild_id,
            "member_count": len(thread.members),
            "added_members": [thread.member(user_id) for user_id in added],
            "removed_member_ids": removed,
        }
        self._core.hub.publish(Event("THREAD_MEMBERS_UPDATE", data, thread, to_people=False))


def _check(body: Json, errors: FormErrors, *, creating: bool) -> None:
    errors.text(body.get("name"), "name", maximum=100, minimum=1, required=creating)
    minutes = body.get("auto_archive_duration")
    if minutes is not None and minutes not in ARCHIVE_MINUTES:
        errors.choice("auto_archive_duration", str(ARCHIVE_MINUTES))
    for name, kind in _SETTABLE.items():
        value = body.get(name)
        if value is not None and type(value) is not kind:
            errors.add(name, f"{kind.__name__.upper()}_TYPE_COERCE", f"Value {value!r} is not {kind.__name__}.")
    slow = body.get("rate_limit_per_user")
    if isinstance(slow, int) and not 0 <= slow <= 21600:
        errors.add("rate_limit_per_user", "NUMBER_TYPE_MAX", "int value should be between 0 and 21600.")
    errors.raise_if_any()


def _reference(channel_id: str, guild_id: str, message_id: str | None) -> Json:
    reference: Json = {"type": 0, "channel_id": channel_id, "guild_id": guild_id}
    return reference | ({"message_id": message_id} if message_id else {})
