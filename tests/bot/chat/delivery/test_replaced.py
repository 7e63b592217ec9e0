"""What is sent in place of a message that Discord refuses, and a thread that a moderator locks for a while."""

from dataclasses import replace

import pytest

from bot.domain.model.states import EndReason
from bot.domain.posts import File, PostKind
from bot.domain.texts import notes
from bot.domain.texts.command_names import command
from bot.errors import Deleted, Denied, Refused, Unavailable
from tests.bot.chat.jobs import PNG, a_job, a_post, a_running_job, an_ended_job
from tests.bot.chat.room import CHANNEL, Room
from tests.support.rows import changed

pytestmark = pytest.mark.slow

SENTENCE = notes.refused_message("Posting: Message blocked by harmful links filter (240000)")


async def test_a_refused_card_is_replaced_by_one_with_the_sentence_alone(room: Room) -> None:
    job = a_job(channel_id=room.channel_id)
    await room.client.poster.send(a_post(PostKind.CARD, text=SENTENCE), job)
    (card,) = await room.mika.messages(CHANNEL)
    assert card["embeds"][0]["title"] == "mnist k7q2mx"
    assert card["embeds"][0]["description"] == SENTENCE


async def test_a_refused_result_is_replaced_by_its_state_and_who_asked(room: Room) -> None:
    job = an_ended_job(EndReason.COMMAND_FAILED, channel_id=room.channel_id, detail="see https://harmful.example")
    post = a_post(PostKind.END, text=SENTENCE)
    message_id = await room.client.poster.send(post, job)
    (end,) = await room.mika.messages(CHANNEL)
    assert end["content"].startswith("k7q2mx failed <@")
    assert "harmful.example" not in end["content"]
    assert end["content"].endswith(f"{command('status', 'job:k7q2mx')} shows the rest.")
    assert await room.client.poster.sent(replace(post, attempted_at=1.0), job) == message_id


async def test_a_post_that_somebody_deleted_is_told_apart_from_a_place_that_is_gone(room: Room) -> None:
    job, post = an_ended_job(EndReason.SUCCEEDED, channel_id=room.channel_id), a_post(PostKind.END)
    message_id = await room.client.poster.send(post, job)
    assert await room.client.poster.send(post, job) == message_id
    discord = room.discord.discord
    discord.messages.delete(discord.messages.find(str(room.channel_id), str(message_id)), discord.core.guild.bot)
    with pytest.raises(Deleted):
        await room.client.poster.send(post, job)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"fault": "html", "status": 400}, Unavailable),
        ({"fault": "html", "status": 404}, Unavailable),
        ({"fault": "status", "status": 400, "code": 240000}, Refused),
        ({"fault": "status", "status": 403, "code": 50001}, Denied),
        ({"fault": "status", "status": 403, "code": 40333}, Unavailable),
    ],
)
async def test_only_a_code_makes_an_answer_final(room: Room, fault: dict[str, object], kind: type[Exception]) -> None:
    room.fault("POST", "/channels/.*/messages", **fault)
    post = a_post(PostKind.END, files=(File("k7q2mx.png", PNG),))
    with pytest.raises(kind) as caught:
        await room.client.poster.send(post, an_ended_job(EndReason.SUCCEEDED, channel_id=room.channel_id))
    assert type(caught.value) is kind


async def test_shared_limits_do_not_count_as_invalid(room: Room) -> None:
    room.fault("POST", "/channels/.*/messages", fault="429", scope="shared", retry_after=0.1, times=2)
    await room.client.poster.send(a_post(PostKind.CARD), a_job(channel_id=room.channel_id))
    limited = room.discord.discord.core.ledger.of("rate_limited")
    assert [entry.details["scope"] for entry in limited] == ["shared", "shared"]
    assert room.discord.discord.core.limiter._invalid.used == 0


async def test_with_the_invitations_permissions_a_locked_thread_refuses_the_bot(room: Room) -> None:
    card = await room.posted(a_running_job(channel_id=room.channel_id))
    job = changed(room.services.known["k7q2mx"], card_id=int(card["id"]))
    job = changed(job, thread_id=await room.client.poster.send(a_post(PostKind.THREAD, id=900), job))
    (thread,) = room.discord.discord.core.guild.threads
    thread.locked = True
    with pytest.raises(Denied):
        await room.client.poster.send(a_post(PostKind.LOG, id=901, text="x"), job)
    thread.locked = False
    await room.client.poster.send(a_post(PostKind.LOG, id=901, text="x"), job)
