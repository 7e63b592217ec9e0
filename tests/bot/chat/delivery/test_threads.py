"""The thread of a job on the stand-in: who is in it, and how long it lasts."""

import pytest

from bot.domain.model.job import Job
from bot.domain.posts import PostKind
from bot.errors import Denied, Missing, Refused
from deploy.sandbox.discord.state.entities import Thread
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.permissions import Overwrite, Permission
from tests.bot.chat.jobs import a_post, a_running_job
from tests.bot.chat.room import Room
from tests.support.rows import changed
from tests.support.waiting import async_until

pytestmark = pytest.mark.slow


async def with_thread(room: Room, asker_id: int) -> tuple[Job, Thread]:
    card = await room.posted(a_running_job(channel_id=room.channel_id, asker_id=asker_id))
    job = changed(room.services.known["k7q2mx"], card_id=int(card["id"]))
    thread_id = await room.client.poster.send(a_post(PostKind.THREAD, id=900), job)
    thread = room.discord.discord.core.guild.channels[str(thread_id)]
    assert isinstance(thread, Thread)
    return changed(job, thread_id=thread_id), thread


def _id_of(room: Room, name: str) -> str:
    return next(person.id for person in room.discord.discord.core.guild.people if person.name == name)


async def test_asker_is_added_once(room: Room) -> None:
    mika = _id_of(room, "mika")
    job, thread = await with_thread(room, int(mika))
    for number in (901, 902):
        assert await room.client.poster.send(a_post(PostKind.MEMBER, id=number), job) == int(thread.id)
    assert list(thread.members) == [room.discord.discord.core.guild.bot.id, mika]
    assert len(room.discord.discord.core.ledger.of("thread.member")) == 1


async def test_asker_who_left_the_server_is_a_refusal(room: Room) -> None:
    job, _ = await with_thread(room, 4711)
    with pytest.raises(Missing, match="10013"):
        await room.client.poster.send(a_post(PostKind.MEMBER, id=901), job)


async def test_locked_thread_takes_no_member(room: Room) -> None:
    job, thread = await with_thread(room, int(_id_of(room, "mika")))
    thread.locked = True
    with pytest.raises(Denied):
        await room.client.poster.send(a_post(PostKind.MEMBER, id=901), job)
    thread.locked, thread.archived = False, True
    with pytest.raises(Refused, match="50083"):
        await room.client.poster.send(a_post(PostKind.MEMBER, id=901), job)


@pytest.mark.parametrize(("setting", "minutes"), [(10_080, 10_080), (60, 60), (None, 4_320)])
async def test_thread_is_archived_when_the_channel_says(room: Room, setting: int | None, minutes: int) -> None:
    room.discord.discord.core.guild.channel(str(room.channel_id)).default_archive_minutes = setting
    _, thread = await with_thread(room, 1)
    assert thread.auto_archive_minutes == minutes


async def _told(room: Room) -> list[int | None]:
    """What the services were told since the last call. The lab's channel changes last, so it is told last."""
    core, told = room.discord.discord.core, room.services.opened
    lab = core.guild.channel(room.discord.channels["lab"])
    core.hub.publish(Event("CHANNEL_UPDATE", lab.wire(), lab))
    await async_until(lambda: int(lab.id) in told)
    before = told[: told.index(int(lab.id))]
    told.clear()
    return before


async def test_a_thread_that_is_unlocked_is_told_to_the_services(room: Room) -> None:
    _, thread = await with_thread(room, int(_id_of(room, "mika")))
    await _told(room)
    threads, guild = room.discord.discord.threads, room.discord.discord.core.guild
    mika = guild.users[_id_of(room, "mika")]
    threads.update(thread, mika, {"locked": True, "archived": True})
    assert await _told(room) == []
    threads.update(thread, mika, {"locked": False, "archived": False})
    assert set(await _told(room)) == {int(thread.id)}


async def test_a_channel_with_changed_permissions_is_told_to_the_services(room: Room) -> None:
    core = room.discord.discord.core
    channel = core.guild.channel(str(room.channel_id))
    await _told(room)
    core.guild.set_overwrite(channel, "bot", Overwrite(allow=Permission.SEND_MESSAGES))
    core.hub.publish(Event("CHANNEL_UPDATE", channel.wire(), channel))
    assert await _told(room) == [room.channel_id]


async def test_a_role_with_changed_permissions_is_told_to_the_services(room: Room) -> None:
    core = room.discord.discord.core
    role = core.guild.role_named("Signalbox")
    told = []
    await _told(room)
    for permissions in (role.permissions, role.permissions & ~Permission.SEND_MESSAGES):
        wire = {**role.wire(), "permissions": str(int(permissions))}
        core.hub.publish(Event("GUILD_ROLE_UPDATE", {"guild_id": core.guild.id, "role": wire}, to_people=False))
        told.append(await _told(room))  # before the next: discord.py passes on the role as it is when the handler runs
    assert told == [[], [None]], "a new name or colour is nothing"
