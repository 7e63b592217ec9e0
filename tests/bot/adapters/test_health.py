import aiohttp
import pytest

from bot.adapters.health import serve


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9464", 200),
        ("localhost", 200),
        ("[::1]:9464", 200),
        ("10.0.0.5", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:9464", 403),
    ],
)
async def test_only_an_address_is_answered(host: str, status: int) -> None:
    async with serve(0, lambda: "") as port, aiohttp.ClientSession() as http:
        for path in ("healthz", "metrics"):
            async with http.get(f"http://127.0.0.1:{port}/{path}", headers={"Host": host}) as response:
                assert response.status == status


async def test_a_problem_is_a_503_with_its_words() -> None:
    async with (
        serve(0, lambda: "the store is away") as port,
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/healthz") as response,
    ):
        assert (response.status, await response.text()) == (503, "the store is away")
