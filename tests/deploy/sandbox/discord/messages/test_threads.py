"""Threads: started from a message, archived, unarchived, locked, renamed, limited."""

import pytest

from deploy.sandbox.discord.limits.rate_limiter import RateLimited
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.state.entities import Thread
from deploy.sandbox.discord.state.message import MessageFlag, MessageType
from deploy.sandbox.discord.state.permissions import Permission
from tests.deploy.sandbox.discord.room import Room


@pytest.fixture
def thread(room: Room) -> Thread:
    return room.discord.threads.start_from(room.post("card"), room.bot, {"name": "log"})


def refused(code: Code) -> "pytest.RaisesExc[ApiError]":
    return pytest.raises(ApiError, check=lambda error: error.code is code)


def test_thread_has_the_id_of_its_message(room: Room, thread: Thread) -> None:
    card = room.core.message(room.channel().id, thread.id)
    assert card.flags & MessageFlag.HAS_THREAD
    assert room.discord.messages.wire(card)["thread"]["id"] == card.id
    [starter] = room.core.timeline(thread.id)
    assert starter.type is MessageType.THREAD_STARTER
    assert room.discord.messages.wire(starter)["referenced_message"]["id"] == card.id
    with refused(Code.THREAD_EXISTS):
        room.discord.threads.start_from(card, room.bot, {"name": "again"})


def test_posts_are_counted_without_the_starter(room: Room, thread: Thread) -> None:
    first = room.post("line", channel=thread)
    room.post("line", channel=thread, by=room.person("noor"))
    assert (thread.message_count, thread.total_message_sent) == (2, 2)
    assert room.person("noor").id in thread.members
    room.discord.messages.delete(first, room.bot)
    assert (thread.message_count, thread.total_message_sent) == (1, 2)


def test_post_unarchives_a_thread(room: Room, thread: Thread) -> None:
    room.discord.threads.update(thread, room.bot, {"archived": True})
    assert thread.archived
    room.post("awake", channel=thread)
    assert not thread.archived


def test_archived_thread_can_only_be_unarchived(room: Room, thread: Thread) -> None:
    line = room.post("line", channel=thread)
    room.discord.threads.update(thread, room.bot, {"archived": True})
    with refused(Code.ARCHIVED_THREAD):
        room.discord.threads.update(thread, room.bot, {"name": "new"})
    with refused(Code.ARCHIVED_THREAD):
        room.discord.messages.edit(line, {"content": "new"})
    room.discord.threads.update(thread, room.bot, {"archived": False, "name": "new"})
    assert (thread.archived, thread.name) == (False, "new")


def test_only_moderators_write_and_edit_in_a_locked_thread(room: Room, thread: Thread) -> None:
    noors = room.post("noor's", channel=thread, by=room.person("noor"))
    room.discord.threads.update(thread, room.person("mika"), {"locked": True})
    with refused(Code.THREAD_LOCKED):
        room.post("no", channel=thread, by=room.person("noor"))
    with refused(Code.THREAD_LOCKED):
        room.discord.messages.edit(noors, {"content": "nor this"})
    room.post("a moderator may", channel=thread)
    room.discord.threads.update(thread, room.person("mika"), {"archived": True})
    with refused(Code.ARCHIVED_THREAD):
        room.post("not even a moderator", channel=thread)
    with refused(Code.MISSING_PERMISSIONS):
        room.discord.threads.update(thread, room.person("noor"), {"archived": False})


def test_only_owner_and_moderators_change_a_thread(room: Room, thread: Thread) -> None:
    noor = room.person("noor")
    with refused(Code.MISSING_PERMISSIONS):
        room.discord.threads.update(thread, noor, {"name": "mine"})
    own = room.discord.threads.start_from(room.post(by=noor), noor, {"name": "noor's"})
    room.discord.threads.update(own, noor, {"name": "noor's own"})
    with refused(Code.MISSING_PERMISSIONS):
        room.discord.threads.update(own, noor, {"locked": True})


def test_renames_are_limited_and_announced(room: Room, thread: Thread) -> None:
    for name in ("one", "two"):
        room.discord.threads.update(thread, room.bot, {"name": name})
    with pytest.raises(RateLimited) as caught:
        room.discord.threads.update(thread, room.bot, {"name": "three"})
    assert caught.value.answer.retry_after == pytest.approx(600)
    notes = [m.content for m in room.core.timeline(thread.id) if m.type is MessageType.CHANNEL_NAME_CHANGE]
    assert notes == ["one", "two"]


def test_inactive_thread_is_archived(room: Room) -> None:
    body = {"name": "log", "auto_archive_duration": 60}
    thread = room.discord.threads.start_from(room.post(), room.bot, body)
    room.clock.now += 3000
    room.post("busy", channel=thread)
    room.clock.now += 3600
    room.discord.threads.archive_inactive()
    assert not thread.archived
    room.clock.now += 1
    room.discord.threads.archive_inactive()
    assert thread.archived


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "n" * 101},
        {"name": "n", "auto_archive_duration": 61},
        {"name": "n", "rate_limit_per_user": -1},
    ],
)
def test_invalid_settings_are_refused(room: Room, body: dict[str, object]) -> None:
    with refused(Code.INVALID_FORM):
        room.discord.threads.start_from(room.post(), room.bot, body)


def test_active_threads_are_limited(room: Room, thread: Thread) -> None:
    room.core.limits = Limits(active_threads=1)
    with refused(Code.TOO_MANY_THREADS):
        room.discord.threads.start_from(room.post(), room.bot, {"name": "one too many"})
    room.discord.threads.update(thread, room.bot, {"archived": True})
    room.discord.threads.start_from(room.post(), room.bot, {"name": "fits now"})


def test_thread_without_message_is_announced_in_its_channel(room: Room) -> None:
    thread = room.discord.threads.start(room.channel(), room.bot, {"name": "talk", "type": 11})
    [note] = room.core.timeline(room.channel().id)
    assert (note.type, note.content) == (MessageType.THREAD_CREATED, "talk")
    assert note.reference == {"type": 0, "channel_id": thread.id, "guild_id": thread.guild_id}


def test_creating_a_thread_needs_permission(room: Room) -> None:
    message = room.post()
    room.core.guild.roles[room.bot.role_ids[0]].permissions &= ~Permission.CREATE_PUBLIC_THREADS
    room.core.guild.roles[room.core.guild.id].permissions &= ~Permission.CREATE_PUBLIC_THREADS
    with refused(Code.MISSING_PERMISSIONS):
        room.discord.threads.start_from(message, room.bot, {"name": "log"})


def test_deleted_thread_is_an_unknown_channel(room: Room, thread: Thread) -> None:
    room.discord.threads.delete(thread, room.bot)
    with refused(Code.UNKNOWN_CHANNEL):
        room.core.guild.channel(thread.id)


def test_somebody_is_added_once_and_the_thread_says_so(room: Room, thread: Thread) -> None:
    noor = room.person("noor")
    for _ in range(2):
        room.discord.threads.add(thread, noor, room.bot)
    notes = [m for m in room.core.timeline(thread.id) if m.type is MessageType.RECIPIENT_ADD]
    assert [note.mentions for note in notes] == [[noor]]
    room.discord.threads.update(thread, room.bot, {"archived": True})
    with refused(Code.ARCHIVED_THREAD):
        room.discord.threads.add(thread, noor, room.bot)
