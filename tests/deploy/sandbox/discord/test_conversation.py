"""discord.py and hikari hold the same conversation with the stand-in, as they would with Discord."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from deploy.sandbox.discord.people.client import Person, Refused
from deploy.sandbox.discord.server import DiscordStandIn
from tests.deploy.sandbox.discord.clients import HEIGHT, WIDTH, Bot
from tests.deploy.sandbox.discord.clients.with_discord_py import discord_py_bot
from tests.deploy.sandbox.discord.clients.with_hikari import hikari_bot
from tests.support.waiting import PATIENT, async_until

pytestmark = pytest.mark.slow

CHANNEL = "training"


@pytest.fixture(params=[discord_py_bot, hikari_bot], ids=["discord.py", "hikari"])
async def discord(request: pytest.FixtureRequest) -> AsyncIterator[DiscordStandIn]:
    bot: Bot = request.param
    async with DiscordStandIn(limits=PATIENT) as stand_in, bot(stand_in):
        yield stand_in
    assert not stand_in.discord.core.ledger.of("error")
    assert [entry.details for entry in stand_in.discord.core.ledger.of("openapi.violation")] == []


@pytest.fixture
async def mika(discord: DiscordStandIn) -> AsyncIterator[Person]:
    async with Person(discord.url, "mika") as person:
        yield person


@pytest.fixture
async def noor(discord: DiscordStandIn) -> AsyncIterator[Person]:
    async with Person(discord.url, "noor") as person:
        yield person


async def test_commands_are_registered_and_deferred_answer_arrives(mika: Person) -> None:
    assert {command["name"] for command in await mika.commands()} == {"hello", "secret", "panel", "log"}
    outcome = await mika.type("/hello robot:walker times:2", channel=CHANNEL, wait=True)
    message = outcome["message"]
    assert (outcome["state"], outcome["type"]) == ("acknowledged", 5)
    assert message["content"] == "hello walker x2"
    assert message["flags"] == 0
    assert message["interaction_metadata"]["user"]["username"] == "mika"
    picture = message["embeds"][0]["image"]
    assert (picture["width"], picture["height"]) == (WIDTH, HEIGHT)
    assert message["attachments"] == []


async def test_invalid_input_never_reaches_the_bot(discord: DiscordStandIn, mika: Person) -> None:
    with pytest.raises(Refused, match=r"times must be a whole number from 1 to 5 \(got 9\)"):
        await mika.type("/hello robot:walker times:9", channel=CHANNEL)
    with pytest.raises(Refused, match="robot must be given"):
        await mika.run("hello", {}, channel=CHANNEL)
    assert not discord.discord.core.ledger.of("interaction.create")


async def test_autocomplete_returns_the_choices(mika: Person) -> None:
    choices = await mika.autocomplete("hello", "robot", {"robot": "w"}, channel=CHANNEL)
    assert choices == [{"name": "walker", "value": "walker"}, {"name": "wheeler", "value": "wheeler"}]


async def test_only_its_person_sees_an_ephemeral_answer(mika: Person, noor: Person) -> None:
    outcome = await mika.type("/secret", channel=CHANNEL)
    assert outcome["message"]["flags"] == 64
    await async_until(lambda: _contents(mika, ["for you alone", "and this"]))
    assert await noor.messages(CHANNEL) == []


async def test_button_select_and_modal(mika: Person) -> None:
    panel = (await mika.type("/panel", channel=CHANNEL))["message"]
    poked = await mika.click(panel, "poke")
    assert (poked["type"], poked["message"]["id"], poked["message"]["content"]) == (7, panel["id"], "poked")
    picked = await mika.click(panel, "pick", values=["arm"])
    assert (picked["message"]["content"], picked["message"]["flags"]) == ("picked arm", 64)
    asked = await mika.click(panel, "ask")
    assert (asked["type"], asked["modal"]["title"]) == (9, "Reason")
    with pytest.raises(Refused, match=r"`why` takes 3 to .* characters \(got 2\)"):
        await mika.fill(asked["interaction_id"], {"why": "no"})
    filled = await mika.fill(asked["interaction_id"], {"why": "it fell"})
    assert filled["message"]["content"] == "because it fell"


async def test_card_thread_nonce_file_edit_delete(discord: DiscordStandIn, mika: Person) -> None:
    outcome = await mika.type("/log", channel=CHANNEL, wait=True)
    assert outcome["message"]["content"] == "logged"
    card = next(m for m in await mika.messages(CHANNEL) if m["content"] == "card done")
    assert card["edited_timestamp"] is not None
    assert "nonce" not in card
    assert card["thread"]["id"] == card["id"]
    lines = [m for m in await mika.messages(card["id"]) if m["type"] == 0]
    assert [line["content"] for line in lines] == ["line 1", "line 3"]
    [file] = lines[1]["attachments"]
    async with aiohttp.ClientSession() as http, http.get(file["url"]) as response:
        assert (response.headers["Content-Type"], await response.read()) == (
            "text/plain; charset=utf-8",
            b"all of it\n",
        )
    cards = [e for e in discord.discord.core.ledger.of("message.create") if e.details["nonce"] == "card-1"]
    assert [entry.details["replayed"] for entry in cards] == [False, True]


@pytest.mark.parametrize("action", ["drop", "ask_to_reconnect"])
async def test_bot_resumes_after_losing_the_gateway(discord: DiscordStandIn, mika: Person, action: str) -> None:
    assert getattr(discord.discord.gateway, action)() == 1
    await async_until(lambda: _recorded(discord, "gateway.resume"))
    outcome = await mika.type("/hello robot:arm", channel=CHANNEL, wait=True)
    assert outcome["message"]["content"] == "hello arm x1"
    assert len(discord.discord.core.ledger.of("gateway.identify")) == 1


async def test_events_missed_without_gateway_are_replayed(discord: DiscordStandIn, mika: Person) -> None:
    discord.discord.gateway.drop()
    outcome = await mika.type("/hello robot:arm", channel=CHANNEL, wait=True)
    assert outcome["message"]["content"] == "hello arm x1"


async def test_bot_identifies_again_after_invalid_session(discord: DiscordStandIn, mika: Person) -> None:
    discord.discord.gateway.invalidate(resumable=False)
    await async_until(lambda: _recorded(discord, "gateway.identify", 2))
    assert (await mika.type("/panel", channel=CHANNEL))["state"] == "acknowledged"


@pytest.mark.parametrize("fault", ["429", "global429", "status"])
async def test_refused_requests_are_retried(discord: DiscordStandIn, mika: Person, fault: str) -> None:
    async with aiohttp.ClientSession() as http:
        body = {"fault": fault, "method": "POST", "path": "/messages$", "retry_after": 0.05}
        async with http.post(f"{discord.url}/sandbox/faults", json=body) as response:
            assert response.status == 200
    outcome = await mika.type("/log", channel=CHANNEL, wait=True, timeout=30)
    assert outcome["message"]["content"] == "logged"
    assert len(discord.discord.core.ledger.of("fault")) == 1


async def _contents(person: Person, expected: list[str]) -> bool:
    return [message["content"] for message in await person.messages(CHANNEL)] == expected


async def _recorded(discord: DiscordStandIn, kind: str, count: int = 1) -> bool:
    return len(discord.discord.core.ledger.of(kind)) == count
