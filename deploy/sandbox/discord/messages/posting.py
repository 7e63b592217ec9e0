"""Create, edit, delete and read messages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from deploy.sandbox.discord.checks import message_body as bodies
from deploy.sandbox.discord.checks.message_body import Upload
from deploy.sandbox.discord.limits.rate_limiter import RateLimited, too_many_requests
from deploy.sandbox.discord.limits.settings import Rate
from deploy.sandbox.discord.messages.compose import SETTABLE, apply_body
from deploy.sandbox.discord.protocol.errors import ApiError, Code, invalid
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.entities import Channel, DirectChannel, Thread, User
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.guild import Membership
from deploy.sandbox.discord.state.message import WRITTEN, Message, MessageFlag, MessageType
from deploy.sandbox.discord.state.permissions import Permission

_OLD = 3600.0


@dataclass(frozen=True)
class _Sent:
    """The message that a nonce has already created."""

    at: float
    message: Message


class Messages:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._nonces: dict[tuple[str, str], _Sent] = {}
        """By author and nonce, in whatever channel: "If another message was created by the same author with the same
        nonce, that message will be returned". https://docs.discord.com/developers/resources/message#create-message"""

    def create(self, author: User, channel: Channel, body: Json, files: Sequence[Upload] = ()) -> Message:
        """Create a message; with `enforce_nonce`, only one per nonce.

        Raises 50001, 50007, 50013, 50035, 50006, 40005, 50083, 160002, 160005.
        """
        self._require_may_write(author, channel, body, files)
        flags = _flags(body) & ~MessageFlag.EPHEMERAL
        bodies.check(body, files, self._core.limits, flags)
        if (earlier := self._sent_with_nonce(author, body)) is not None:
            self._record("message.create", earlier, replayed=True)
            return earlier
        message = Message(self._core.snowflakes.next(), channel.id, author, flags=flags, tts=bool(body.get("tts")))
        message.nonce = body.get("nonce")
        self._set_reference(message, body.get("message_reference"))
        apply_body(self._core, message, body, files)
        require_content(message)
        self.add(message)
        if message.nonce is not None:
            key = (author.id, str(message.nonce))
            self._nonces[key] = _Sent(self._core.clock(), message)
        return message

    def add(self, message: Message) -> None:
        """Add a finished message to its channel and publish it."""
        core, channel = self._core, self._core.guild.channel(message.channel_id)
        core.timeline(channel.id).add(message)
        core.serve_files(message)
        if message.only_for is None:
            channel.last_message_id = message.id
            if isinstance(channel, Thread):
                self._update_thread(channel, message)
        self._record("message.create", message, replayed=False)
        self.publish("MESSAGE_CREATE", message)

    def edit(self, message: Message, body: Json, files: Sequence[Upload] = ()) -> Message:
        """Edit a message. The caller has checked the permissions. Raises 50035, 50006, 30046, 50083, 160005."""
        self.require_not_archived(message)
        self._require_not_locked(message.author, self._core.guild.channel(message.channel_id))
        flags = message.flags
        if "flags" in body:
            flags = (flags & ~MessageFlag.SUPPRESS_EMBEDS) | (_flags(body) & ~MessageFlag.EPHEMERAL)
        bodies.check(body, files, self._core.limits, flags)
        self._limit_old_edits(message)
        draft = replace(message, flags=flags, files=list(message.files))
        apply_body(self._core, draft, body, files)
        require_content(draft)
        self._apply(message, draft)
        self._record("message.edit", message)
        self.publish("MESSAGE_UPDATE", message)
        return message

    def delete(self, message: Message, by: User) -> None:
        core, channel = self._core, self._core.guild.channel(message.channel_id)
        core.timeline(message.channel_id).remove(message.id)
        core.withdraw_files(message)
        if isinstance(channel, Thread) and message.only_for is None and message.type in WRITTEN:
            channel.message_count = max(0, channel.message_count - 1)
        core.ledger.add("message.delete", core.actor_name(by.id), channel_id=channel.id, message_id=message.id)
        data = {"id": message.id, "channel_id": channel.id} | _guild_id(message, channel)
        core.hub.publish(Event("MESSAGE_DELETE", data, channel, message.author, message.only_for))

    def find(self, channel_id: str, message_id: str) -> Message:
        """Find a message for the REST API, which does not know ephemeral ones. Raises 10008."""
        message = self._core.message(channel_id, message_id)
        if message.only_for is not None:
            raise ApiError(Code.UNKNOWN_MESSAGE)
        return message

    def visible(self, messages: Iterator[Message], person: User | None, limit: int) -> list[Message]:
        """Return the first `limit` messages that a person can see, or the bot if `person` is None.

        People see their own ephemeral messages.
        """
        found: list[Message] = []
        for message in messages:
            if len(found) == limit:
                break
            if message.only_for is None or (person is not None and message.only_for == person.id):
                found.append(message)
        return found

    def wire(self, message: Message, *, nonce: bool = False) -> Json:
        """Return the message object. Discord includes the nonce only when the message is created."""
        data = message.wire()
        thread = self._core.guild.channels.get(message.id)
        if isinstance(thread, Thread) and thread.parent_id == message.channel_id:
            data["thread"] = thread.wire()
        if message.reactions:
            bot = self._core.guild.bot.id
            data["reactions"] = [_reaction(emoji, users, bot) for emoji, users in message.reactions.items()]
        if nonce and message.nonce is not None:
            data["nonce"] = message.nonce
        return data

    def publish(self, name: str, message: Message) -> None:
        channel = self._core.guild.channel(message.channel_id)
        data = self.wire(message, nonce=name == "MESSAGE_CREATE")
        to_people = not isinstance(channel, DirectChannel)  # the page shows the server alone
        self._core.hub.publish(Event(name, data, channel, message.author, message.only_for, to_people=to_people))

    def require_not_archived(self, message: Message) -> None:
        """Raise 50083 if the message is in an archived thread."""
        channel = self._core.guild.channel(message.channel_id)
        if isinstance(channel, Thread) and channel.archived:
            raise ApiError(Code.ARCHIVED_THREAD)

    def _require_may_write(self, author: User, channel: Channel, body: Json, files: Sequence[Upload]) -> None:
        if isinstance(channel, DirectChannel):
            self._require_direct(channel)
        in_thread = isinstance(channel, Thread)
        needed = Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES
        if body.get("embeds"):
            needed |= Permission.EMBED_LINKS
        if files:
            needed |= Permission.ATTACH_FILES
        self._core.guild.require(author, channel, needed)
        if body.get("message_reference") and not (
            self._core.guild.permissions(author, channel) & Permission.READ_MESSAGE_HISTORY
        ):
            raise ApiError(Code.NO_HISTORY_FOR_REPLY)
        if isinstance(channel, Thread) and channel.locked and channel.archived:
            raise ApiError(Code.ARCHIVED_THREAD)
        self._require_not_locked(author, channel)

    def _require_not_locked(self, author: User, channel: Channel) -> None:
        """In a locked thread only moderators write, and edit: https://github.com/discordjs/discord.js/pull/9216."""
        if not isinstance(channel, Thread) or not channel.locked:
            return
        if not self._core.guild.permissions(author, channel) & Permission.MANAGE_THREADS:
            raise ApiError(Code.THREAD_LOCKED)

    def _require_direct(self, channel: DirectChannel) -> None:
        """The person accepts messages, and shares a server with the bot, as code 50278 says."""
        if channel.recipient.id in self._core.guild.refuse_direct:
            raise ApiError(Code.CANNOT_MESSAGE_USER)
        if self._core.guild.membership is Membership.REMOVED:
            raise ApiError(Code.NO_MUTUAL_GUILDS)

    def _sent_with_nonce(self, author: User, body: Json) -> Message | None:
        """The message that has this nonce. If it was deleted, Discord answers "Unknown Message": raises 10008.

        https://github.com/discord/discord-api-docs/pull/6647
        """
        if body.get("nonce") is None or not body.get("enforce_nonce"):
            return None
        sent = self._nonces.get((author.id, str(body["nonce"])))
        if sent is None or self._core.clock() - sent.at > self._core.limits.nonce_window:
            return None
        return self._core.message(sent.message.channel_id, sent.message.id)

    def _set_reference(self, message: Message, reference: Json | None) -> None:
        if reference is None:
            return
        if reference.get("type", 0) != 0:
            raise invalid("message_reference.type", "BASE_TYPE_CHOICES", "Value must be one of (0,).")
        channel_id = reference.get("channel_id") or message.channel_id
        found = self._core.timeline(str(channel_id)).get(str(reference.get("message_id")))
        if found is None or found.only_for is not None:
            if reference.get("fail_if_not_exists", True):
                raise invalid("message_reference", "REPLYING_TO_UNKNOWN_MESSAGE", "Unknown message")
            return
        message.type = MessageType.REPLY
        message.referenced = found
        message.reference = {
            "type": 0,
            "channel_id": found.channel_id,
            "message_id": found.id,
            "guild_id": self._core.guild.id,
        }

    def _update_thread(self, thread: Thread, message: Message) -> None:
        """Count a new post, unarchive the thread and add the author to its members."""
        if message.type in WRITTEN:
            thread.message_count += 1
            thread.total_message_sent += 1
            thread.members.setdefault(message.author.id, self._core.clock())
        thread.active_at = self._core.clock()
        if thread.archived:
            thread.archived, thread.archive_changed_at = False, self._core.clock()
            self._core.hub.publish(Event("THREAD_UPDATE", thread.wire(), thread))

    def _limit_old_edits(self, message: Message) -> None:
        """Assumption: old-edits."""
        if self._core.clock() - message.created_at < _OLD:
            return
        rate: Rate = self._core.limits.old_edits
        if (wait := self._core.limiter.check_hidden("old-edits", message.channel_id, rate)) is not None:
            code, _, text = Code.TOO_MANY_OLD_EDITS.value
            raise RateLimited(replace(too_many_requests("user", wait), code=code, message=text))

    def _apply(self, message: Message, draft: Message) -> None:
        was_loading = bool(message.flags & MessageFlag.LOADING)
        self._core.withdraw_files(message)
        for name in ("content", "embeds", "components", "files", "embedded_file_ids"):
            setattr(message, name, getattr(draft, name))
        self._core.serve_files(message)
        message.mentions, message.mention_roles = draft.mentions, draft.mention_roles
        message.mention_everyone = draft.mention_everyone
        message.flags = draft.flags & ~MessageFlag.LOADING
        message.edited_at = None if was_loading else self._core.clock()

    def _record(self, kind: str, message: Message, **details: object) -> None:
        self._core.ledger.add(
            kind,
            self._core.actor_name(message.author.id),
            channel_id=message.channel_id,
            message_id=message.id,
            nonce=message.nonce,
            type=int(message.type),
            ephemeral=message.only_for is not None,
            **details,
        )


def require_content(message: Message) -> None:
    """Raise 50006 if nothing is visible. Rows of buttons alone do not count."""
    visible = message.content or message.embeds or message.files
    if not visible and not (message.components and message.flags & MessageFlag.COMPONENTS_V2):
        raise ApiError(Code.EMPTY_MESSAGE)


def _flags(body: Json) -> MessageFlag:
    flags = body.get("flags") or 0
    if not isinstance(flags, int):
        raise invalid("flags", "NUMBER_TYPE_COERCE", f"Value {flags!r} is not an int.")
    return MessageFlag(flags & SETTABLE.value)


def _guild_id(message: Message, channel: Channel) -> Json:
    return {"guild_id": channel.guild_id} if message.only_for is None and channel.guild_id else {}


def _reaction(emoji: str, users: list[str], bot_id: str) -> Json:
    name, _, emoji_id = emoji.partition(":")
    return {
        "emoji": {"id": emoji_id or None, "name": name},
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "burst_colors": [],
        "me": bot_id in users,
        "me_burst": False,
        "burst_me": False,
    }
