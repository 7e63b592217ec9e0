"""Two bots with one token: a command is carried out once, and the one that did nothing says so."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.chat.client import SignalboxClient
from tests.bot.chat.jobs import PROJECT, ended_sweep
from tests.bot.chat.room import CHANNEL, Room, connected, settings
from tests.bot.chat.services import FakeServices
from tests.support.rows import changed
from tests.support.waiting import async_until

pytestmark = pytest.mark.slow


async def test_each_command_is_carried_out_by_one_of_two_bots_and_the_other_says_so(room: Room) -> None:
    other = FakeServices()
    second = SignalboxClient(settings(room.discord), (PROJECT,))
    second.attach(other.services())
    with capture_logs() as logs:
        async with connected(second, room.discord.token):
            for _ in range(3):
                await room.mika.type("/train branch:main lr:0.1", channel=CHANNEL, wait=True)
            await async_until(lambda: sum("another bot" in entry["event"] for entry in logs) == 3)
    assert len(room.services.requests) + len(other.requests) == 3
    clients = [(room.client, other.requests), (second, room.services.requests)]
    for client, by_the_other in clients:
        assert bool(client.rivals.wrong()) == bool(by_the_other)


@pytest.mark.parametrize(
    "fault", [{"fault": "reset", "when": "after"}, {"fault": "status", "status": 502, "when": "after"}]
)
async def test_an_acknowledgement_whose_answer_was_lost_is_this_bots_own(room: Room, fault: dict[str, object]) -> None:
    """discord.py repeats the request by itself after a 502."""
    room.fault("POST", "/interactions/.*/callback", **fault)
    await room.mika.type("/train branch:main lr:0.1", channel=CHANNEL, wait=True)
    assert len(room.services.requests) == 1
    assert room.client.rivals.wrong() == ""


@pytest.mark.parametrize(
    "fault", [{"fault": "reset", "when": "after"}, {"fault": "status", "status": 502, "when": "after"}]
)
async def test_a_message_or_a_form_whose_answer_was_lost_is_this_bots_own(room: Room, fault: dict[str, object]) -> None:
    room.fault("POST", "/interactions/.*/callback", **fault)
    helped = await room.mika.type("/help", channel=CHANNEL, wait=True)
    assert helped["message"]["embeds"]
    card = await room.posted(changed(ended_sweep(), channel_id=room.channel_id))
    room.fault("POST", "/interactions/.*/callback", **fault)
    asked = await room.mika.click(card, "sb:train_best:k7q2mx", wait=True)
    assert asked["modal"]["title"] == "Train k7q2mx.0 again"
    await asyncio.sleep(1.5)  # discord.py repeats a request after 1 s
    assert room.client.rivals.wrong() == ""
