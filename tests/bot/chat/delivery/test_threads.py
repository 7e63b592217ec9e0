"""The thread of a job on the stand-in: who is in it, and how long it lasts."""

import pytest

from bot.domain.model.job import Job
from bot.domain.posts import PostKind
from bot.errors import Denied, Missing, Refused
from deploy.sandbox.discord.state.entities import Thread
from tests.bot.chat.jobs import a_post, a_running_job
from tests.bot.chat.room import Room
from tests.support.rows import changed

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
