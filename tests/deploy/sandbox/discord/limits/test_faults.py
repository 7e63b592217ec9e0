"""Faults over HTTP: what a client of the REST API gets."""

import aiohttp
import pytest

from tests.deploy.sandbox.discord.room import Rest

pytestmark = pytest.mark.slow


async def fault(rest: Rest, **body: object) -> None:
    async with rest.http.post(f"{rest.stand_in.url}/sandbox/faults", json=body) as response:
        assert response.status == 200, await response.text()


async def test_faults_before_and_after_the_effect(rest: Rest) -> None:
    path = f"/channels/{rest.training}/messages"
    await fault(rest, fault="status", status=503, method="POST", path="messages$")
    assert (await rest("POST", path, {"content": "lost"}))[0] == 503
    await fault(rest, fault="status", status=500, when="after")
    assert (await rest("POST", path, {"content": "kept"}))[0] == 500
    assert [message["content"] for message in (await rest("GET", path))[1]] == ["kept"]


async def test_reset_hang_and_slow_faults(rest: Rest) -> None:
    path = f"/channels/{rest.training}/messages"
    await fault(rest, fault="reset", when="after", method="POST")
    with pytest.raises((aiohttp.ClientConnectionError, ConnectionResetError)):
        await rest("POST", path, {"content": "kept"})
    await fault(rest, fault="hang", seconds=0.05)
    with pytest.raises((aiohttp.ClientConnectionError, ConnectionResetError)):
        await rest("POST", path, {"content": "lost"})
    await fault(rest, fault="slow", seconds=0.01)
    assert [message["content"] for message in (await rest("GET", path))[1]] == ["kept"]
    await fault(rest, fault="global429", retry_after=2)
    status, body, _ = await rest("GET", path)
    assert (status, body["global"], body["retry_after"]) == (429, True, 2)


async def test_html_faults_replace_json(rest: Rest) -> None:
    for body in ({"fault": "html", "status": 200}, {"fault": "proxy429", "retry_after": 2}):
        await fault(rest, **body)
        async with rest.http.get(f"{rest.stand_in.api}/users/@me") as response:
            assert response.status == body.get("status", 429)
            assert response.content_type == "text/html"
            assert "Via" not in response.headers
            assert ("Retry-After" in response.headers) == (response.status == 429)
    assert (await rest("GET", "/users/@me"))[0] == 200


async def test_truncated_fault_sends_half_of_the_answer(rest: Rest) -> None:
    path = f"/channels/{rest.training}/messages"
    await fault(rest, fault="truncated", method="POST")
    with pytest.raises(aiohttp.ClientPayloadError):
        await rest("POST", path, {"content": "kept"})
    assert [message["content"] for message in (await rest("GET", path))[1]] == ["kept"]


async def test_faults_can_be_cleared(rest: Rest) -> None:
    await fault(rest, fault="status")
    async with rest.http.delete(f"{rest.stand_in.url}/sandbox/faults") as response:
        assert response.status == 200
    assert (await rest("GET", "/users/@me"))[0] == 200


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 240000),
        (400, 40060),
        (403, 50001),
        (400, 160006),
        (400, 160005),
        (404, 10008),
        (403, 50278),
        (503, 130000),
    ],
)
async def test_faults_carry_any_code(rest: Rest, status: int, code: int) -> None:
    await fault(rest, fault="status", status=status, code=code, message="Because.", method="POST")
    answered, body, headers = await rest("POST", f"/channels/{rest.training}/messages", {"content": "lost"})
    assert (answered, body) == (status, {"message": "Because.", "code": code})
    assert headers["Content-Type"].startswith("application/json")
    assert headers["Via"], "Discord's own answers have it"
    assert not (await rest("GET", f"/channels/{rest.training}/messages"))[1]


async def test_shared_limit_does_not_count_as_invalid(rest: Rest) -> None:
    path, limiter = f"/channels/{rest.training}/messages", rest.core.limiter
    await fault(rest, fault="429", scope="shared", retry_after=3, method="POST")
    status, body, headers = await rest("POST", path, {"content": "x"})
    assert (status, body["retry_after"], body["global"]) == (429, 3, False)
    assert headers["X-RateLimit-Scope"] == "shared"
    assert limiter._invalid.used == 0
    await fault(rest, fault="429", retry_after=3, method="POST")
    assert (await rest("POST", path, {"content": "x"}))[2]["X-RateLimit-Scope"] == "user"
    assert limiter._invalid.used == 1
