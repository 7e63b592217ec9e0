"""`/spot` as people type it, and what everybody in the channel sees."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import UnknownName
from deploy.sandbox.discord.protocol.wire import Json
from tests.bot.chat.room import CHANNEL, EPHEMERAL, Room
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.slow


async def typed(room: Room, text: str) -> Json:
    outcome = await room.mika.type(text, channel=CHANNEL, wait=True)
    assert (outcome["state"], outcome["error"]) == ("acknowledged", None)
    message: Json = outcome["message"]
    return message


async def test_the_cheapest_zone_is_named_above_a_picture_that_all_see(room: Room) -> None:
    spot = room.services.spot_prices
    spot.answer = replace(spot.answer, silent={"ap-east-1": "no answer"})
    message = await typed(room, "/spot type:g4dn.xlarge regions:us")
    first, second = message["content"].splitlines()
    assert first == (
        "`g4dn.xlarge` spot: cheapest now in **us-east-2b** at **$0.158** an hour, 70% less than on demand ($0.526). "
        "3 zones in 2 regions, $0.158 to $0.290."
    )
    assert second == "Left out, no answer: ap-east-1."
    assert [each["filename"] for each in message["attachments"]] == ["g4dn.xlarge-spot.png"]
    assert not message.get("flags", 0) & EPHEMERAL


async def test_options_typed_into_the_type_are_understood(room: Room) -> None:
    for line in ("/spot type:g4dn.xlarge regions:us,eu hours:12", "/spot type:g4dn.xlarge us eu hours:12"):
        await room.mika.type(line, channel=CHANNEL, wait=True)
    await room.mika.run("spot", {"type": "g4dn.xlarge regions:us hours:12"}, channel=CHANNEL, wait=True)
    assert room.services.spot_prices.asked == [
        *(("g4dn.xlarge", "us,eu", 12), ("g4dn.xlarge", "us eu", 12)),
        ("g4dn.xlarge", "us", 12),
    ]


async def test_a_mistake_is_answered_to_the_asker_alone(room: Room) -> None:
    room.services.spot_prices.error = UnknownName("machine type", given="g4dn.xlrage", near=["g4dn.xlarge"])
    await room.mika.type("/spot type:g4dn.xlrage", channel=CHANNEL)
    async with asyncio.timeout(PATIENCE):
        while not (seen := [m for m in await room.mika.messages(CHANNEL) if m["content"]]):
            await asyncio.sleep(0.01)
    assert seen[0]["content"] == 'There is no machine type "g4dn.xlrage". Did you mean g4dn.xlarge?'
    assert seen[0]["flags"] & EPHEMERAL
    assert await room.guest.messages(CHANNEL) == []


async def test_types_and_regions_are_suggested(room: Room) -> None:
    types = await room.mika.autocomplete("spot", "type", {"type": "g4dn"}, channel=CHANNEL)
    assert [each["value"] for each in types] == ["g4dn.xlarge"]
    regions = await room.mika.autocomplete("spot", "regions", {"regions": "u"}, channel=CHANNEL)
    assert regions[0] == {"name": "us: us-east-1, us-west-2", "value": "us"}


async def test_a_price_to_watch_for_is_watched_until_it_is_stopped(room: Room) -> None:
    message = await typed(room, "/spot type:g4dn.xlarge regions:us below:0.15 until:18:00")
    assert (
        "I watch `g4dn.xlarge` below **$0.1500** an hour in us-east-2, us-west-2, until <t:1800000000:f>"
        in (message["content"])
    )
    await room.mika.run("spot", {"type": "g5.xlarge us below:0.3 until:6h"}, channel=CHANNEL, wait=True)
    assert room.services.spot_watches.untils == ["18:00", "6h"]
    assert [each.below for each in room.services.spot_watches.kept] == [0.15, 0.3]
    listed = await typed(room, "/watches")
    assert listed["flags"] & EPHEMERAL
    assert [line[:2] for line in listed["content"].splitlines()] == ["Yo", "1.", "2."]
    await room.mika.click(listed, "sb:stop_watch:2", wait=True)
    stopped = (await room.mika.click(message, "sb:stop_watch:1", wait=True))["message"]
    assert stopped["content"].startswith("I've stopped watching `g4dn.xlarge` below **$0.1500**")
    assert room.services.spot_watches.kept == []
    assert (await typed(room, "/watches"))["content"].startswith("You watch no spot prices.")


async def test_an_end_without_a_price_is_refused(room: Room) -> None:
    await room.mika.type("/spot type:g4dn.xlarge until:18:00", channel=CHANNEL)
    async with asyncio.timeout(PATIENCE):
        while not (seen := [m for m in await room.mika.messages(CHANNEL) if m["content"]]):
            await asyncio.sleep(0.01)
    assert seen[0]["content"] == "`until` says how long to watch a price, and needs `below`, such as `below:0.20`."
