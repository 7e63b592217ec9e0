"""The `Chat` port against the stand-in."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.inert import phrase
from bot.domain.model.job import Job
from bot.domain.model.publication import NOWHERE
from bot.domain.model.states import EndReason
from bot.domain.model.tally import Tally
from bot.domain.model.trial import TrialState
from bot.domain.posts import File, Post, PostKind
from bot.errors import Denied, Missing, Refused, Throttled, Unavailable
from deploy.sandbox.discord.protocol.wire import Json
from tests.bot.chat.jobs import PNG, a_job, a_post, a_running_job, a_sweep, an_ended_job, ended_sweep
from tests.bot.chat.room import CHANNEL, Room
from tests.support.rows import changed

pytestmark = pytest.mark.slow


async def with_card(room: Room, make: Callable[..., Job] = a_running_job, **changes: object) -> Job:
    card = await room.posted(make(channel_id=room.channel_id, **changes))
    return changed(room.services.known["k7q2mx"], card_id=int(card["id"]))


async def with_thread(room: Room) -> Job:
    job = await with_card(room)
    return changed(job, thread_id=await room.client.poster.send(a_post(PostKind.THREAD, id=900), job))


async def last(room: Room, channel: int | str = CHANNEL) -> Json:
    message: Json = (await room.mika.messages(str(channel)))[-1]
    return message


# ---- sending ---------------------------------------------------------------------------------------------
async def test_a_card_is_posted_and_edited_in_place(room: Room) -> None:
    job = await with_card(room)
    before = await last(room)
    assert before["embeds"][0]["title"] == "mnist k7q2mx"
    assert [button["label"] for button in before["components"][0]["components"]] == ["Stop", "Logs", "Plot"]
    await room.client.poster.show(changed(job.ended(EndReason.COMMAND_FAILED, 1.0), detail="boom"))
    after = await last(room)
    assert after["id"] == before["id"]
    assert "boom" in after["embeds"][0]["description"]
    assert [button["label"] for button in after["components"][0]["components"]] == ["Retry", "Logs", "Plot"]


async def test_the_picture_of_a_sweep_goes_with_its_card_only_when_it_is_new(room: Room, tmp_path: Path) -> None:
    job = await with_card(room, a_sweep)
    assert "image" not in (await last(room))["embeds"][0]

    async def shown(picture: str, before: str) -> Json:
        await room.client.poster.show(changed(job, picture=picture, shown_picture=before))
        return await last(room)

    first, second = tmp_path / "1.png", tmp_path / "2.png"
    first.write_bytes(PNG)
    second.write_bytes(PNG)
    new = await shown(str(first), "")
    address = new["embeds"][0]["image"]["url"]
    assert address.endswith("/board.png")
    assert new["attachments"] == []
    same = await shown(str(first), str(first))
    assert same["embeds"][0]["image"]["url"] == address
    other = await shown(str(second), str(first))
    assert other["embeds"][0]["image"]["url"] not in (address, "attachment://board.png")
    gone = await shown(str(tmp_path / "3.png"), str(second))
    assert gone["embeds"][0]["image"]["url"] == other["embeds"][0]["image"]["url"]
    (message,) = [m for m in room.discord.discord.core.timeline(str(room.channel_id)) if m.id == new["id"]]
    assert len(message.files) == 1


async def test_a_picture_that_is_gone_leaves_a_card_without(room: Room) -> None:
    card = await room.posted(a_sweep(channel_id=room.channel_id, picture="/nowhere/board.png"))
    assert "image" not in card["embeds"][0]


async def test_a_card_that_has_a_picture_from_the_beginning_is_posted_with_it(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "board.png"
    path.write_bytes(PNG)
    card = await room.posted(a_sweep(channel_id=room.channel_id, picture=str(path)))
    assert card["embeds"][0]["image"]["url"].endswith("/board.png")


async def test_a_sweep_has_one_thread_and_one_end_with_its_files(room: Room) -> None:
    job = await with_card(room, ended_sweep)
    await room.client.poster.send(a_post(PostKind.THREAD), job)
    assert [thread["name"] for thread in await room.mika.threads()] == ["k7q2mx sweep"]
    files = (File("board.png", PNG), File("k7q2mx.csv", b"trial,lr\n0,0.1\n"))
    post = a_post(PostKind.END, id=9, files=files, attempted_at=time.time())
    message_id = await room.client.poster.send(post, job)
    end = await last(room)
    assert end["content"].startswith("k7q2mx finished 9 trials: val_accuracy 96.7 at lr 0.1, momentum 0.5 (k7q2mx.0)")
    assert [a["filename"] for a in end["attachments"]] == ["board.png", "k7q2mx.csv"]
    assert [button["label"] for button in end["components"][0]["components"]] == ["Plot best", "Train best again"]
    assert await room.client.poster.sent(post, job) == message_id


async def test_an_end_without_a_button_is_told_all_the_same(room: Room) -> None:
    job = ended_sweep(Tally({TrialState.SUCCEEDED: 9}), channel_id=room.channel_id)
    await room.client.poster.send(a_post(PostKind.END), job)
    assert (await last(room))["components"] == []


@pytest.mark.parametrize("kind", [PostKind.CARD, PostKind.END])
async def test_a_post_that_is_sent_again_is_the_same_message(room: Room, kind: PostKind) -> None:
    job = an_ended_job(EndReason.SUCCEEDED, channel_id=room.channel_id)
    first = await room.client.poster.send(a_post(kind), job)
    assert await room.client.poster.send(a_post(kind), job) == first
    assert len(await room.mika.messages(CHANNEL)) == 1
    assert await room.client.poster.send(a_post(kind, id=6), job) != first


async def test_a_thread_is_started_once_and_has_the_id_of_its_card(room: Room) -> None:
    job = await with_card(room)
    thread_id = await room.client.poster.send(a_post(PostKind.THREAD), job)
    assert thread_id == job.publication.card_id
    assert await room.client.poster.send(a_post(PostKind.THREAD), job) == thread_id
    assert [thread["name"] for thread in await room.mika.threads()] == ["k7q2mx log"]


async def test_the_log_goes_into_the_thread_in_each_of_its_forms(room: Room, tmp_path: Path) -> None:
    job = await with_thread(room)
    send = room.client.poster.send
    await send(a_post(PostKind.LOG, id=1, text="```\nepoch 1\n```"), job)
    await send(a_post(PostKind.LOG, id=2, text="```\n" + "x" * 4_000 + "\n```", digest=True), job)
    await send(a_post(PostKind.NOTE, id=3, text="It is silent. https://example.org"), job)
    whole = tmp_path / "kept.txt"
    whole.write_text("epoch 1\n")
    await send(
        a_post(PostKind.LOG_FILE, id=4, text="The whole log.", files=(File("k7q2mx.log", path=str(whole)),)), job
    )
    log, digest, note, file = (await room.mika.messages(str(job.publication.thread_id)))[-4:]
    assert log["content"] == "```\nepoch 1\n```"
    assert digest["embeds"][0]["description"].startswith("```\nxxx")
    assert note["content"] == "It is silent. https://example.org"
    assert [a["filename"] for a in file["attachments"]] == ["k7q2mx.log"]


async def test_the_end_mentions_the_asker_alone_and_refers_to_the_card(room: Room) -> None:
    mika, noor = (int(room.discord.people[name]) for name in ("mika", "noor"))
    job = await with_card(room, an_ended_job, reason=EndReason.SUCCEEDED, asker_id=mika)
    post = a_post(PostKind.END, text=f"Best at 6. <@{noor}> @everyone", files=(File("k7q2mx.png", PNG),))
    await room.client.poster.send(post, job)
    end = await last(room)
    first, *rest = end["content"].split("\n")
    assert first == f"k7q2mx succeeded: val_accuracy 96.7 at epoch 6 of 10, 4 min 31 s <@{mika}>"
    assert rest == [f"Best at 6. <@{noor}> @everyone"]
    assert [person["username"] for person in end["mentions"]] == ["mika"]
    assert end["mention_everyone"] is False
    assert end["message_reference"]["message_id"] == str(job.publication.card_id)
    assert end["attachments"][0]["filename"] == "k7q2mx.png"
    assert [button["custom_id"] for button in end["components"][0]["components"]] == ["sb:retry:k7q2mx"]


@pytest.mark.parametrize("pinged", [(), ("mika",)])
async def test_a_text_mentions_the_people_that_are_named_with_it_alone(room: Room, pinged: tuple[str, ...]) -> None:
    mika, noor = (int(room.discord.people[name]) for name in ("mika", "noor"))
    text = phrase("<@{mika}> <@{noor}> @everyone", mika=mika, noor=noor)
    users = [int(room.discord.people[name]) for name in pinged]
    await room.client.poster.send_text(room.channel_id, text, nonce="sw1-1", users=users)
    message = await last(room)
    assert [person["username"] for person in message["mentions"]] == list(pinged)
    assert message["mention_everyone"] is False


@pytest.mark.parametrize("message_id", [None, NOWHERE, 123])
async def test_the_end_is_told_also_where_the_card_is_gone(room: Room, message_id: int | None) -> None:
    job = an_ended_job(EndReason.STOPPED, channel_id=room.channel_id, card_id=message_id)
    await room.client.poster.send(a_post(PostKind.END), job)
    assert (await last(room))["content"].startswith("k7q2mx was stopped")


# ---- refusals --------------------------------------------------------------------------------------------
async def test_what_is_gone_is_missing(room: Room) -> None:
    poster = room.client.poster
    for job in (a_job(channel_id=room.channel_id, card_id=123), a_job(channel_id=room.channel_id)):
        with pytest.raises(Missing):
            await poster.show(job)
        with pytest.raises(Missing):
            await poster.send(a_post(PostKind.THREAD), job)
    with pytest.raises(Missing):
        await poster.send(a_post(PostKind.CARD), a_job(channel_id=123))
    for thread_id in (None, NOWHERE, 123):
        with pytest.raises(Missing):
            await poster.send(a_post(PostKind.LOG, text="x"), a_job(thread_id=thread_id))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"fault": "reset"}, Unavailable),
        ({"fault": "status", "status": 503}, Unavailable),
        ({"fault": "429", "times": 5, "retry_after": 0.01}, Throttled),
    ],
)
async def test_what_passes_is_said_so(room: Room, fault: Json, kind: type[Exception]) -> None:
    room.fault("POST", "/channels/.*/messages", **fault)
    with pytest.raises(kind) as caught:
        await room.client.poster.send(a_post(PostKind.CARD), a_job(channel_id=room.channel_id))
    assert not isinstance(caught.value, Refused)


async def test_a_locked_thread_is_denied(room: Room) -> None:
    job = await with_thread(room)
    discord = room.discord.discord
    (thread,) = discord.core.guild.threads
    thread.archived = thread.locked = True
    with pytest.raises(Denied):
        await room.client.poster.send(a_post(PostKind.LOG, text="x"), job)


# ---- finding what has arrived ----------------------------------------------------------------------------
async def test_each_kind_of_post_is_found_again_by_what_it_carries(room: Room) -> None:
    job = await with_thread(room)
    posts = [
        a_post(PostKind.CARD, id=1),
        a_post(PostKind.END, id=2, text="Best at 6."),
        a_post(PostKind.LOG, id=3, text="```\nepoch 1\n```"),
        a_post(PostKind.LOG, id=4, text="```\nepoch 2\n```", digest=True),
        a_post(PostKind.NOTE, id=5, text="It is silent."),
        a_post(PostKind.LOG_FILE, id=6, files=(File("k7q2mx.log", b"epoch 1"),)),
    ]
    await room.client.poster.send(a_post(PostKind.END, id=7), changed(job, id="b2c3d4"))
    for post in posts:
        attempted = replace(post, attempted_at=time.time())
        if post.new.kind is not PostKind.CARD:
            assert await room.client.poster.sent(attempted, job) is None
        message_id = await room.client.poster.send(post, job)
        found = await room.client.poster.sent(attempted, job)
        assert found == message_id


async def test_what_others_say_is_not_taken_for_a_post(room: Room) -> None:
    job = await with_thread(room)
    await room.mika.write("k7q2mx succeeded: no, it did not", channel=CHANNEL)
    await room.mika.write("epoch 1", channel=str(job.publication.thread_id))
    assert await room.client.poster.sent(_tried(PostKind.END), job) is None
    assert await room.client.poster.sent(_tried(PostKind.LOG, text="epoch 1"), job) is None


async def test_a_post_that_was_never_tried_and_a_thread_are_not_looked_for(room: Room) -> None:
    job = await with_card(room)
    assert await room.client.poster.sent(a_post(PostKind.CARD), job) is None
    assert await room.client.poster.sent(_tried(PostKind.THREAD), job) is None


async def test_a_block_with_the_same_text_as_the_one_before_is_not_taken_for_it(room: Room) -> None:
    job = await with_thread(room)
    first = await room.client.poster.send(a_post(PostKind.LOG, id=3, text="```\nsame\n```"), job)
    second = a_post(PostKind.LOG, id=4, text="```\nsame\n```", attempted_at=time.time(), previous_id=first)
    assert await room.client.poster.sent(second, job) is None
    arrived = await room.client.poster.send(second, job)
    assert await room.client.poster.sent(second, job) == arrived != first


async def test_what_was_said_before_the_command_is_not_looked_at_and_no_clock_counts(room: Room) -> None:
    job = await with_card(room)
    an_hour_ahead = a_post(PostKind.CARD, attempted_at=time.time() + 3600)
    assert await room.client.poster.sent(an_hour_ahead, job) == job.publication.card_id
    assert (
        await room.client.poster.sent(an_hour_ahead, changed(job, interaction_id=job.publication.card_id or 0)) is None
    )


async def test_a_message_whose_answer_was_lost_is_found_in_a_busy_channel(room: Room) -> None:
    room.fault("POST", "/channels/.*/messages", fault="reset", when="after")
    job = a_job(channel_id=room.channel_id)
    started = time.time()
    with pytest.raises(Unavailable):
        await room.client.poster.send(a_post(PostKind.CARD), job)
    (card,) = await room.mika.messages(CHANNEL)
    for number in range(130):
        await room.mika.write(f"chatter {number}", channel=CHANNEL)
    assert await room.client.poster.sent(a_post(PostKind.CARD, attempted_at=started), job) == int(card["id"])
    await room.client.poster.send(a_post(PostKind.END, id=9), job)
    end = await room.client.poster.sent(a_post(PostKind.END, id=9, attempted_at=started), job)
    assert end == int((await last(room))["id"])


async def test_posts_of_one_thread_arrive_in_the_order_in_which_they_were_sent(room: Room) -> None:
    job = await with_thread(room)
    async with asyncio.TaskGroup() as group:
        for number in range(12):
            post = a_post(PostKind.LOG, id=number + 1, text=f"line {number}")
            group.create_task(room.client.poster.send(post, job))
    messages = await room.mika.messages(str(job.publication.thread_id))
    assert [m["content"] for m in messages if m["content"]] == [f"line {number}" for number in range(12)]


def _tried(kind: PostKind, text: str = "") -> Post:
    return a_post(kind, text=text, attempted_at=time.time())
