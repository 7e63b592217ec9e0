"""What people see when they click a button."""

import asyncio
from dataclasses import replace

import pytest

from bot.chat.client import SignalboxClient
from bot.domain.model.states import EndReason
from bot.domain.remedy import Offer, RemedyKind
from tests.bot.chat.jobs import PROJECT, a_running_job, an_ended_job
from tests.bot.chat.room import CHANNEL, EPHEMERAL, Room, connected, settings
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.slow


async def test_stop_button_asks_the_clicker_privately(room: Room) -> None:
    card = await room.posted(a_running_job(channel_id=room.channel_id))
    question = (await room.mika.click(card, "sb:stop:k7q2mx", wait=True))["message"]
    assert question["content"].startswith("Stop k7q2mx?")
    assert question["flags"] & EPHEMERAL
    assert room.services.stopped == []
    confirmed = (await room.mika.click(question, "sb:confirm:k7q2mx", wait=True))["message"]
    assert confirmed["content"].startswith("Stopping k7q2mx.")
    assert confirmed["components"] == []
    assert [job_id for job_id, _ in room.services.stopped] == ["k7q2mx"]


async def test_click_checks_who_clicks(room: Room) -> None:
    card = await room.posted(a_running_job(channel_id=room.channel_id))
    refused = (await room.guest.click(card, "sb:stop:k7q2mx", wait=True))["message"]
    trainer = room.discord.ready()["roles"]["trainer"]
    assert f"<@&{trainer}>" in refused["content"]
    assert refused["content"].endswith(" to stop jobs here. Ask an admin for it.")
    assert not refused["mention_roles"]
    assert refused["flags"] & EPHEMERAL
    assert refused["id"] not in {message["id"] for message in await room.mika.messages(CHANNEL)}


async def test_the_other_buttons(room: Room) -> None:
    card = await room.posted(an_ended_job(EndReason.SUCCEEDED, channel_id=room.channel_id))
    logs = (await room.guest.click(card, "sb:logs:k7q2mx", wait=True))["message"]
    assert "epoch 2" in logs["content"]
    plot = (await room.guest.click(card, "sb:plot:k7q2mx", wait=True))["message"]
    assert plot["attachments"][0]["filename"] == "k7q2mx.png"
    async with asyncio.TaskGroup() as group:
        clicked = group.create_task(room.mika.click(card, "sb:retry:k7q2mx", wait=True))
        await room.posted(await room.services.made.get())
    retry = clicked.result()["message"]
    assert retry["content"].startswith("Retrying k7q2mx as job1")
    assert all(message["flags"] & EPHEMERAL for message in (logs, plot, retry))


async def test_buttons_outlive_a_restart(room: Room) -> None:
    card = await room.posted(a_running_job(channel_id=room.channel_id))
    await room.client.close()
    again = SignalboxClient(settings(room.discord), (PROJECT,))
    again.attach(room.services.services())
    async with connected(again, room.discord.token):
        question = (await room.mika.click(card, "sb:stop:k7q2mx", wait=True))["message"]
    assert question["content"].startswith("Stop k7q2mx?")


async def test_a_retry_with_more_says_what_it_costs_and_asks_again_if_that_has_risen(room: Room) -> None:
    offer = Offer(RemedyKind.MEMORY, 12_288, 18_432, usd_most=0.61)
    failed = an_ended_job(EndReason.OUT_OF_MEMORY, channel_id=room.channel_id)
    card = await room.posted(replace(failed, offer=offer))
    labels = [each["label"] for each in card["components"][0]["components"]]
    assert labels[:2] == ["Retry with 18 GiB, at most $0.61", "Retry"]
    remedies = room.services.remedies
    remedies.risen_usd = 0.8
    answer = (await room.mika.click(card, "sb:retry_with:k7q2mx.61", wait=True))["message"]
    assert answer["content"].startswith("Prices have risen.")
    (button,) = answer["components"][0]["components"]
    assert (button["label"], button["custom_id"]) == ("Retry with 18 GiB, at most $0.80", "sb:retry_with:k7q2mx.80")
    await room.mika.click(answer, button["custom_id"])
    async with asyncio.timeout(PATIENCE):
        while len(remedies.seen) < 2:
            await asyncio.sleep(0.01)
    assert remedies.seen == [("k7q2mx", 0.61), ("k7q2mx", 0.8)]
    refused = (await room.guest.click(card, "sb:retry_with:k7q2mx.61", wait=True))["message"]
    assert "to start jobs here" in refused["content"]
    assert len(remedies.seen) == 2
