"""A web page or another user of the machine can neither act in the sandbox nor read it."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.discord.server import DiscordStandIn
from deploy.sandbox.local_access import foreign, new_path, not_json, without_path, write_for_owner
from tests.support.aws_stand_in import running_stand_in

HOST = "127.0.0.1:4000"
COMMAND = {"channel_id": "training", "text": "/help"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": HOST},
        {"Host": "localhost:4000", "Origin": "http://localhost:4000"},
        {"Host": "[::1]:4000"},
        {"Host": "bucket.localhost:4000"},
        {"Host": HOST, "Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"},
        {"Host": HOST, "Sec-Fetch-Site": "same-site"},
    ],
)
def test_own_requests_pass(headers: dict[str, str]) -> None:
    assert foreign(headers) == ""


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": ""},
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example:4000"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "[::1"},
        {"Host": "10.0.0.5:4000"},
        {"Host": HOST, "Origin": "null"},
        {"Host": HOST, "Origin": ""},
        {"Host": HOST, "Origin": "http://127.0.0.1:4001"},
        {"Host": HOST, "Origin": "http://localhost:4000"},
        {"Host": HOST, "Origin": f"https://{HOST}"},
        {"Host": HOST, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_foreign_requests_are_refused(headers: dict[str, str]) -> None:
    assert foreign(headers)


@pytest.mark.parametrize(
    ("method", "headers", "refused"),
    [
        ("GET", {"Content-Type": "text/plain"}, False),
        ("POST", {"Content-Type": "application/json; charset=utf-8", "Content-Length": "2"}, False),
        ("DELETE", {}, False),
        ("POST", {"Content-Length": "2"}, True),
        ("POST", {"Content-Type": "text/plain", "Content-Length": "2"}, True),
        ("POST", {"Content-Type": "text/plain"}, True),
        ("PUT", {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "0"}, True),
        ("POST", {"Content-Type": "application/jsonp", "Content-Length": "2"}, True),
    ],
)
def test_bodies_are_json(method: str, headers: dict[str, str], refused: bool) -> None:
    assert bool(not_json(method, headers)) == refused


def test_a_secret_path_is_taken_whole() -> None:
    secret = new_path()
    assert without_path(f"{secret}/bucket/key", secret) == "/bucket/key"
    assert without_path(secret, secret) == "/"
    for other in ("/", "/bucket/key", secret[:-1], f"{secret}x/bucket", new_path(), "/\xe4"):
        assert without_path(other, secret) is None
    assert len({new_path() for _ in range(100)}) == 100


def test_addresses_are_written_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("old")
    path.chmod(0o644)
    write_for_owner(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


class TestDiscord:
    """The requests of the review: from a page of another origin, a rebound name, and a shell of another user."""

    async def test_the_calls_need_the_whole_address(self) -> None:
        async with DiscordStandIn() as stand_in, aiohttp.ClientSession() as http:
            port = stand_in.discord.core.url
            for path in (
                "/",
                "/sandbox/people",
                "/sandbox/transcript",
                "/page/main.js",
                f"{new_path()}/sandbox/people",
            ):
                async with http.get(port + path) as response:
                    assert response.status == 404, path
                    assert "address is incomplete" in (await response.json())["error"]
            async with http.post(f"{port}/sandbox/people/mika/commands", json=COMMAND) as response:
                assert response.status == 404
            async with http.get(f"{stand_in.url}/sandbox/people") as response:
                assert response.status == 200

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Host": "evil.example"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Content-Type": "text/plain"}, 415),
            ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
            ({}, 400),
        ],
        ids=str,
    )
    async def test_a_page_cannot_run_a_command(self, headers: dict[str, str], status: int) -> None:
        sent = {"Content-Type": "application/json"} | headers
        async with DiscordStandIn() as stand_in, aiohttp.ClientSession() as http:
            address = f"{stand_in.url}/sandbox/people/mika/commands"
            async with http.post(address, data=json.dumps(COMMAND), headers=sent) as response:
                # Without a bot there is no command: that is the 400 of a request that came through.
                assert response.status == status, await response.text()
            assert stand_in.discord.core.ledger.entries == []

    async def test_a_page_opens_neither_the_gateway_nor_the_events(self) -> None:
        async with DiscordStandIn() as stand_in, aiohttp.ClientSession() as http:
            events = f"{stand_in.url}/sandbox/people/mika/events"
            for address in (stand_in.gateway_url, events):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await http.ws_connect(address, origin="http://evil.example")
                assert refused.value.status == 403
            async with http.ws_connect(events, origin=stand_in.discord.core.url) as socket:
                assert (await socket.receive_json())["t"] == "HELLO"

    async def test_the_page_does_not_tell_its_address(self) -> None:
        async with DiscordStandIn() as stand_in, aiohttp.ClientSession() as http, http.get(stand_in.url) as response:
            assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running_stand_in(Settings()) as address:
        yield address


@pytest.mark.slow
class TestAws:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Origin": "http://evil.example"}, 403),
            ({"Host": "evil.example"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Content-Type": "text/plain"}, 400),
            ({}, 200),
        ],
        ids=str,
    )
    async def test_a_page_cannot_change_what_images_run(
        self, endpoint: str, headers: dict[str, str], status: int
    ) -> None:
        body = json.dumps({"images": {"signalbox/trainer:sandbox": ["/bin/true"]}})
        sent = {"Content-Type": "application/json"} | headers
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{endpoint}/sandbox/settings", data=body, headers=sent) as response,
        ):
            assert response.status == status, await response.text()

    async def test_the_services_need_the_whole_address(self, endpoint: str) -> None:
        port = endpoint.rpartition("/")[0]
        form = {"Action": "ListQueues", "Version": "2012-11-05"}
        async with aiohttp.ClientSession() as http:
            for base, status in ((port, 403), (port + new_path(), 403), (endpoint, 200)):
                async with http.post(f"{base}/", data=form) as response:
                    assert response.status == status
            async with http.post(f"{endpoint}/", data=form, headers={"Origin": "http://evil.example"}) as response:
                assert response.status == 403
