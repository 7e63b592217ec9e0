"""What people see when they click a button."""

import asyncio

import pytest

from bot.chat.client import SignalboxClient
from bot.domain.model.states import EndReason
from tests.bot.chat.jobs import PROJECT, a_running_job, an_ended_job
from tests.bot.chat.room import CHANNEL, EPHEMERAL, Room, connected, settings

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
