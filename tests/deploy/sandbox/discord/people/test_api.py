"""The person API, the ledger and the transcript over HTTP, with a minimal bot."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from deploy.sandbox.discord.people.api import NO_ANSWER
from deploy.sandbox.discord.people.client import Person, Refused
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.server import DiscordStandIn
from deploy.sandbox.discord.state.events import Event
from tests.deploy.sandbox.discord.room import WORLD

pytestmark = pytest.mark.slow

COMMANDS: list[Json] = [
    {"name": "train", "description": "d", "options": [{"type": 3, "name": "branch", "description": "d"}]},
    {"name": "look", "type": 3},
    {"name": "greet", "type": 2},
]
MENU = {
    "content": "panel",
    "components": [
        {"type": 1, "components": [{"type": 2, "style": 1, "label": "Old", "custom_id": "old", "disabled": True}]},
        {"type": 1, "components": [{"type": 5, "custom_id": "who", "max_values": 2}]},
    ],
}


@pytest.fixture
async def stand_in() -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn(WORLD, page_dir=None) as stand_in:
        stand_in.discord.commands.replace_all(None, COMMANDS)
        yield stand_in


@pytest.fixture
async def mika(stand_in: DiscordStandIn) -> AsyncIterator[Person]:
    async with Person(stand_in.url, "mika") as person:
        yield person


@pytest.fixture
async def noor(stand_in: DiscordStandIn) -> AsyncIterator[Person]:
    async with Person(stand_in.url, "noor") as person:
        yield person


def answering(stand_in: DiscordStandIn, answer: Callable[[Json], Json]) -> list[Json]:
    """Acknowledge every interaction with `answer(interaction)`. Return the list of received interactions."""
    received: list[Json] = []

    def receive(event: Event) -> None:
        if event.name == "INTERACTION_CREATE":
            received.append(event.data)
            body = answer(event.data)
            asyncio.get_running_loop().call_soon(
                lambda: stand_in.discord.interactions.callback(event.data["id"], event.data["token"], body, ())
            )

    stand_in.discord.core.hub.subscribe(receive)
    return received


def say(content: str) -> Callable[[Json], Json]:
    return lambda _: {"type": 4, "data": {"content": content}}


async def get(stand_in: DiscordStandIn, path: str) -> tuple[int, object]:
    async with aiohttp.ClientSession() as http, http.get(stand_in.url + path) as response:
        return response.status, await response.json()


async def test_people_and_the_channels_they_can_see(stand_in: DiscordStandIn, mika: Person, noor: Person) -> None:
    status, people = await get(stand_in, "/sandbox/people")
    assert status == 200
    assert isinstance(people, list)
    assert {person["name"]: person["roles"] for person in people} == {
        "mika": ["trainer", "admin"],
        "noor": ["trainer"],
        "guest": [],
    }
    assert {channel["name"] for channel in await mika.channels()} == {"training", "lab", "hidden", "quiet", "plain"}
    assert "hidden" not in {channel["name"] for channel in await noor.channels()}
    with pytest.raises(
        Refused, match="noor cannot see a channel 'hidden'; `channel_id` is an id or one of training, lab, quiet"
    ):
        await noor.messages("hidden")


async def test_guild_is_described(stand_in: DiscordStandIn) -> None:
    _, guild = await get(stand_in, "/sandbox/guild")
    assert isinstance(guild, dict)
    assert (guild["name"], guild["application"]["id"]) == ("Robot lab", stand_in.application_id)
    assert {"trainer", "admin"} < {role["name"] for role in guild["roles"]}


@pytest.mark.parametrize("path", ["/sandbox/people/any", "/sandbox/people/any/channels", "/sandbox/people/any/events"])
async def test_unknown_person_lists_the_people(stand_in: DiscordStandIn, path: str) -> None:
    status, body = await get(stand_in, path)
    assert (status, body) == (400, {"error": "unknown person 'any'; the people are mika, noor and guest"})


async def test_unknown_paths_list_the_known_ones(stand_in: DiscordStandIn) -> None:
    status, body = await get(stand_in, "/sandbox/people/mika/cats")
    assert (status, "a person has channels, messages" in str(body)) == (400, True)
    status, body = await get(stand_in, "/sandbox/cats")
    assert (status, "under /sandbox there are guild, people, ledger" in str(body)) == (404, True)


async def test_command_reaches_the_bot_as_discord_sends_it(stand_in: DiscordStandIn, mika: Person) -> None:
    received = answering(stand_in, say("started"))
    outcome = await mika.type("/train branch:main", channel="training")
    [interaction] = received
    assert interaction["data"]["options"] == [{"name": "branch", "type": 3, "value": "main"}]
    assert interaction["member"]["user"]["username"] == "mika"
    assert int(interaction["member"]["permissions"]) & 8
    assert interaction["guild_id"] == stand_in.discord.core.guild.id
    assert outcome == {
        "interaction_id": interaction["id"],
        "state": "acknowledged",
        "acknowledged_ms": outcome["acknowledged_ms"],
        "type": 4,
        "message": (await mika.messages("training"))[0],
        "modal": None,
        "error": None,
    }
    assert 0 <= outcome["acknowledged_ms"] < 3000


async def test_application_that_does_not_respond(stand_in: DiscordStandIn, mika: Person) -> None:
    core = stand_in.discord.core
    core.limits = core.limits.with_changes({"interaction_deadline": 0.02})
    outcome = await mika.type("/train branch:main", channel="training", wait=True)
    assert (outcome["state"], outcome["acknowledged_ms"], outcome["error"]) == ("failed", None, NO_ANSWER)


async def test_waiting_for_a_deferred_answer_times_out(stand_in: DiscordStandIn, mika: Person) -> None:
    answering(stand_in, lambda _: {"type": 5})
    outcome = await mika.type("/train branch:main", channel="training", wait=True, timeout=0.02)
    assert (outcome["type"], outcome["message"]["flags"]) == (5, 128)


async def test_message_and_member_menus(stand_in: DiscordStandIn, mika: Person) -> None:
    received = answering(stand_in, say("seen"))
    message = await mika.write("look at this", channel="training")
    noor_id = stand_in.people["noor"]
    async with aiohttp.ClientSession() as http:
        for name, target in (("look", message["id"]), ("greet", noor_id)):
            body = {"channel_id": "training", "name": name, "target_id": target}
            async with http.post(f"{stand_in.url}/sandbox/people/mika/commands", json=body) as response:
                assert (await response.json())["state"] == "acknowledged"
    assert received[0]["data"]["resolved"]["messages"][message["id"]]["content"] == "look at this"
    assert received[1]["data"]["resolved"]["users"][noor_id]["username"] == "noor"


async def test_clicks_that_the_client_would_not_send_are_refused(stand_in: DiscordStandIn, mika: Person) -> None:
    received = answering(stand_in, say("clicked"))
    core = stand_in.discord.core
    message = stand_in.discord.messages.create(core.guild.bot, core.guild.channel(stand_in.channels["lab"]), MENU)
    place = {"channel_id": message.channel_id, "id": message.id}
    for custom_id, values, error in (
        ("old", None, "'old' is disabled"),
        ("new", None, "has no component 'new'; it has old and who"),
        ("who", ["1", "2", "3"], "choose 1 to 2 `values`"),
    ):
        with pytest.raises(Refused, match=error):
            await mika.click(place, custom_id, values=values)
    with pytest.raises(Refused, match="mika cannot see a message '1' in #lab"):
        await mika.click({"channel_id": "lab", "id": "1"}, "who")
    assert received == []
    noor_id = stand_in.people["noor"]
    await mika.click(place, "who", values=[noor_id])
    assert received[0]["data"]["resolved"]["members"][noor_id]["roles"]


async def test_person_writes_and_reads_messages_in_pages(stand_in: DiscordStandIn, mika: Person, noor: Person) -> None:
    for n in range(5):
        await mika.write(str(n), channel="training")
    found = await noor.messages("training", limit=2)
    assert [message["content"] for message in found] == ["3", "4"]
    older = await noor.messages("training", before=found[0]["id"], limit=2)
    assert [message["content"] for message in older] == ["1", "2"]
    newer = await noor.messages("training", after=older[0]["id"])
    assert [message["content"] for message in newer] == ["2", "3", "4"]
    with pytest.raises(Refused, match=r"`limit` must be from 1 to 500 \(got 501\)"):
        await noor.messages("training", limit=501)
    with pytest.raises(Refused, match="50006"):
        await noor.write(" ", channel="training")


async def test_events_contain_only_what_the_person_can_see(
    stand_in: DiscordStandIn, mika: Person, noor: Person
) -> None:
    events = noor.events()
    assert (await anext(events))["t"] == "HELLO"
    core = stand_in.discord.core
    answering(stand_in, lambda _: {"type": 4, "data": {"content": "secret", "flags": 64}})
    hidden = core.guild.channel(stand_in.channels["hidden"])
    stand_in.discord.messages.create(core.guild.people[0], hidden, {"content": "hidden"})
    await mika.type("/train branch:main", channel="training")
    await noor.type("/train branch:main", channel="training")
    await mika.write("for all", channel="training")
    seen = [await anext(events) for _ in range(4)]
    await events.aclose()
    assert [(event["t"], event["d"].get("state") or event["d"].get("content")) for event in seen] == [
        ("INTERACTION", "pending"),
        ("MESSAGE_CREATE", "secret"),
        ("INTERACTION", "acknowledged"),
        ("MESSAGE_CREATE", "for all"),
    ]


async def test_transcript_contains_everything(stand_in: DiscordStandIn, mika: Person) -> None:
    answering(stand_in, lambda _: {"type": 4, "data": {"content": "secret", "flags": 64}})
    await mika.type("/train branch:main", channel="training")
    _, transcript = await get(stand_in, "/sandbox/transcript")
    assert isinstance(transcript, dict)
    assert transcript["guild"]["name"] == "Robot lab"
    training = next(channel for channel in transcript["channels"] if channel["name"] == "training")
    assert [message["content"] for message in training["messages"]] == ["secret"]


async def test_ledger_numbers_every_effect(stand_in: DiscordStandIn, mika: Person) -> None:
    answering(stand_in, say("started"))
    await mika.type("/train branch:main", channel="training")
    _, entries = await get(stand_in, "/sandbox/ledger")
    assert isinstance(entries, list)
    assert [(entry["n"], entry["kind"], entry["by"]) for entry in entries] == [
        (1, "commands.put", "bot"),
        (2, "interaction.create", "mika"),
        (3, "message.create", "bot"),
        (4, "interaction.callback", "bot"),
    ]
    _, some = await get(stand_in, "/sandbox/ledger?kind=message.create")
    assert some == [entries[2]]
    _, later = await get(stand_in, "/sandbox/ledger?after=3")
    assert later == entries[3:]


async def test_ready_part_is_complete(stand_in: DiscordStandIn) -> None:
    ready = stand_in.ready()
    assert set(ready) == {
        "url", "api", "gateway", "token", "application_id", "guild_id", "channels", "people", "roles",
    }  # fmt: skip
    assert set(ready["roles"]) == {"trainer", "admin"}
    assert ready["api"] == f"{stand_in.discord.core.url}/api/v10"
    assert ready["gateway"].startswith("ws://127.0.0.1:")


async def test_page_is_served(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>the page</title>")
    (tmp_path / "main.js").write_text("export {}")
    async with DiscordStandIn(page_dir=tmp_path) as stand_in, aiohttp.ClientSession() as http:
        async with http.get(stand_in.url) as response:
            assert await response.text() == "<title>the page</title>"
        async with http.get(f"{stand_in.url}/page/main.js") as response:
            assert response.content_type.endswith("/javascript")
