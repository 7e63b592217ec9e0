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
