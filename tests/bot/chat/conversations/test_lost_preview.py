"""A preview is only in the client of whoever asked, and a reload drops it: `/status` shows it again."""

import pytest

from bot.chat.client import SignalboxClient
from deploy.sandbox.discord.protocol.wire import Json
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.room import CHANNEL, EPHEMERAL, Room, connected, settings

pytestmark = pytest.mark.slow

LINE = "/sweep lr=0.1,0.01,0.001 m=0.5,0.1,0.05"


async def typed(room: Room, text: str) -> Json:
    message: Json = (await room.mika.type(text, channel=CHANNEL, wait=True))["message"]
    return message


async def test_status_lists_the_preview_and_shows_it_again_with_buttons_that_work(room: Room) -> None:
    preview = await typed(room, LINE)
    (embed,) = (await typed(room, "/status"))["embeds"]
    line = embed["description"]
    assert line.startswith("`swept1` sweep mnist main@a1b2c3d, grid, 9 trials — not started; ")
    assert "job:swept1` shows its preview again" in line
    again = await typed(room, "/status job:swept1")
    assert again["embeds"] == preview["embeds"]
    assert again["components"] == preview["components"]
    assert again["flags"] & EPHEMERAL
    assert room.services.made.empty(), "showing it starts nothing"
    cancelled = (await room.mika.click(again, "sb:cancel_sweep:swept1", wait=True))["message"]
    assert cancelled["content"] == "swept1 was cancelled. Nothing was started."
    assert "No job is live." in (await typed(room, "/status"))["content"]


async def test_shown_again_after_a_restart_it_starts_the_sweep_once(room: Room) -> None:
    first = await typed(room, LINE)
    await room.client.close()
    restarted = SignalboxClient(settings(room.discord), (PROJECT,))
    restarted.attach(room.services.services())
    async with connected(restarted, room.discord.token):
        again = await typed(room, "/status job:swept1")
        for message in (again, first):  # the first is still open in another client
            confirmed = (await room.mika.click(message, "sb:confirm_sweep:swept1", wait=True))["message"]
            assert confirmed["content"].startswith("Starting swept1")
        assert room.services.made.qsize() == 1
        shown = await typed(room, "/status job:swept1")
        assert "footer" in shown["embeds"][0]
        assert "Nothing has been started" not in shown["embeds"][0]["footer"]["text"]
        assert "not started" not in (await typed(room, "/status"))["embeds"][0]["description"]


async def test_it_is_offered_while_typing_and_only_to_whoever_asked(room: Room) -> None:
    await typed(room, LINE)
    mine = await room.mika.autocomplete("status", "job", {"job": "SWEPT"}, channel=CHANNEL)
    assert mine == [{"name": "swept1  sweep mnist main@a1b2c3d not started: show its preview", "value": "swept1"}]
    assert await room.guest.autocomplete("status", "job", {"job": ""}, channel=CHANNEL) == []
    assert await room.mika.autocomplete("stop", "job", {"job": ""}, channel=CHANNEL) == []
    others = (await room.guest.type("/status", channel=CHANNEL, wait=True))["message"]
    assert "No job is live." in others["content"]
    refused = (await room.guest.type("/status job:swept1", channel=CHANNEL, wait=True))["message"]
    assert refused["content"].startswith("Only who asked for this sweep")
    assert refused["components"] == []
