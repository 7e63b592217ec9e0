"""The gateway's protocol, frame by frame."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from deploy.sandbox.discord.gateway.session import Intents
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.server import DiscordStandIn
from deploy.sandbox.discord.state.world_spec import World
from tests.deploy.sandbox.discord.gateway.sockets import ALL, connect
from tests.deploy.sandbox.discord.room import WORLD
from tests.support.clock import Clock

pytestmark = pytest.mark.slow

NO_CONTENT = int(Intents.GUILDS | Intents.GUILD_MESSAGES)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stand_in(clock: Clock) -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn(WORLD, page_dir=None, clock=clock) as stand_in:
        yield stand_in


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def post(stand_in: DiscordStandIn, content: str, person: bool = True) -> None:
    core = stand_in.discord.core
    author = core.guild.people[0] if person else core.guild.bot
    stand_in.discord.messages.create(author, core.guild.channel(stand_in.channels["training"]), {"content": content})


async def test_identify_returns_ready_and_the_guild(stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    socket = await connect(stand_in, http, "&compress=zlib-stream")
    ready = (await socket.identify())["d"]
    assert ready["resume_gateway_url"] == stand_in.gateway_url
    assert ready["user"]["id"] == ready["application"]["id"] == stand_in.application_id
    await socket.send(1, 2)
    assert (await socket.receive())["op"] == 11


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([(2, {"token": "wrong", "intents": 1})], 4004),
        ([(2, {"token": True, "intents": 1 << 40})], 4013),
        ([(3, {})], 4003),
        ([(77, {})], 4001),
        ([(2, {"token": True, "intents": 1}), (2, {"token": True, "intents": 1})], 4005),
    ],
)
async def test_close_codes(
    stand_in: DiscordStandIn, http: aiohttp.ClientSession, frames: list[tuple[int, Json]], code: int
) -> None:
    socket = await connect(stand_in, http)
    for op, data in frames:
        await socket.send(op, data | ({"token": stand_in.token} if data.get("token") is True else {}))
    assert await socket.close_code() == code


async def test_frame_that_is_not_json_closes_the_connection(
    stand_in: DiscordStandIn, http: aiohttp.ClientSession
) -> None:
    socket = await connect(stand_in, http)
    await socket.raw.send_str("hello")
    assert await socket.close_code() == 4002


async def test_privileged_intents_can_be_disallowed(http: aiohttp.ClientSession) -> None:
    async with DiscordStandIn(World(privileged_intents=False), page_dir=None) as stand_in:
        socket = await connect(stand_in, http)
        await socket.send(2, {"token": stand_in.token, "intents": ALL})
        assert await socket.close_code() == 4014


async def test_more_than_120_frames_a_minute_close_the_connection(
    stand_in: DiscordStandIn, http: aiohttp.ClientSession
) -> None:
    socket = await connect(stand_in, http)
    for _ in range(121):
        await socket.send(1)
    assert await socket.close_code() == 4008


async def test_silent_client_is_dropped(stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    core = stand_in.discord.core
    core.limits = core.limits.with_changes({"heartbeat_interval": 0.01})
    socket = await connect(stand_in, http)
    assert await socket.close_code() == 4009


async def test_message_content_needs_its_intent(stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    reads, blind = await connect(stand_in, http), await connect(stand_in, http)
    await reads.identify()
    await blind.identify(NO_CONTENT)
    mention = f"<@{stand_in.application_id}> hi"
    post(stand_in, "between people")
    post(stand_in, mention)
    post(stand_in, "my own", person=False)
    seen = [[(await socket.receive())["d"]["content"] for _ in range(3)] for socket in (reads, blind)]
    assert seen == [["between people", mention, "my own"], ["", mention, "my own"]]


async def test_events_of_hidden_channels_are_not_sent(stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    socket = await connect(stand_in, http)
    await socket.identify()
    core = stand_in.discord.core
    hidden = core.guild.channel(stand_in.channels["hidden"])
    stand_in.discord.messages.create(core.guild.people[0], hidden, {"content": "hidden"})
    post(stand_in, "open")
    message = await socket.receive()
    assert (message["d"]["content"], message["d"]["guild_id"]) == ("open", core.guild.id)
    assert message["d"]["member"]["roles"]


async def test_resumed_session_gets_missed_events_once(stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    first = await connect(stand_in, http)
    session_id = (await first.identify())["d"]["session_id"]
    post(stand_in, "heard")
    seq = (await first.receive())["s"]
    await first.raw.close()
    post(stand_in, "missed")
    second = await connect(stand_in, http, "&compress=zlib-stream")
    await second.send(6, {"token": stand_in.token, "session_id": session_id, "seq": seq})
    missed, resumed = await second.receive(), await second.receive()
    assert (missed["d"]["content"], missed["s"], resumed["t"]) == ("missed", seq + 1, "RESUMED")
    post(stand_in, "live again")
    assert (await second.receive())["d"]["content"] == "live again"


async def test_session_that_cannot_be_resumed_is_invalid(
    stand_in: DiscordStandIn, http: aiohttp.ClientSession, clock: Clock
) -> None:
    core = stand_in.discord.core
    core.limits = core.limits.with_changes({"replay_events": 3})
    first = await connect(stand_in, http)
    session_id = (await first.identify())["d"]["session_id"]
    await first.raw.close()
    for _ in range(4):
        post(stand_in, "x")
    for attempt in (
        {"session_id": "unknown", "seq": 1},
        {"session_id": session_id, "seq": 2},
        {"session_id": session_id, "seq": 99},
    ):
        socket = await connect(stand_in, http)
        await socket.send(6, {"token": stand_in.token, **attempt})
        assert await socket.receive() == {"op": 9, "d": False, "s": None, "t": None}
        await socket.raw.close()
    clock.now += core.limits.resume_seconds + 1
    socket = await connect(stand_in, http)
    await socket.send(6, {"token": stand_in.token, "session_id": session_id, "seq": 5})
    assert (await socket.receive())["op"] == 9
    await socket.identify()


async def test_members_can_be_requested(stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    socket = await connect(stand_in, http)
    await socket.identify()
    await socket.send(8, {"guild_id": stand_in.discord.core.guild.id, "query": "mi", "limit": 5, "nonce": "n"})
    chunk = (await socket.receive())["d"]
    assert [member["user"]["username"] for member in chunk["members"]] == ["mika"]
    assert chunk["nonce"] == "n"


async def test_unsupported_compression_is_explained(stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{stand_in.discord.core.url}/gateway?compress=zstd-stream") as response:
        assert (response.status, await response.text()) == (
            400,
            "compress=zstd-stream is not supported here: use zlib-stream",
        )


async def test_gateway_actions_over_http(stand_in: DiscordStandIn, http: aiohttp.ClientSession) -> None:
    socket = await connect(stand_in, http)
    await socket.identify()
    address = f"{stand_in.url}/sandbox/gateway"
    for body, expected in (({"action": "reconnect"}, 7), ({"action": "invalidate", "resumable": True}, 9)):
        async with http.post(address, json=body) as response:
            assert await response.json() == {"connections": 1}
        assert (await socket.receive())["op"] == expected
    async with http.post(address, json={"action": "drop"}) as response:
        assert await response.json() == {"connections": 1}
    assert await socket.close_code() == 1006
    async with http.post(address, json={"action": "kick"}) as response:
        assert "`action` must be one of drop, reconnect and invalidate" in (await response.json())["error"]
