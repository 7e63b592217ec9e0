"""A client for the person API, for tests, the demo and the benchmarks.

async with Person(discord.url, "mika") as mika:
    outcome = await mika.type("/train branch:main lr:0.1", channel="training")
"""

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from deploy.sandbox.discord.protocol.wire import Json

_NO_LIMIT = 0
_JSON = {"Content-Type": "application/json"}


class Refused(Exception):
    """Discord's client would not have sent this. The text has the reason and the valid choices."""


class Person:
    """Acts as one person. `channel` is an id or, except for threads, a name."""

    def __init__(self, url: str, name: str, session: aiohttp.ClientSession | None = None) -> None:
        self._url, self.name = url, name
        self._session = session
        self._owned: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=_NO_LIMIT)
            self._session = self._owned = aiohttp.ClientSession(connector=connector)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owned is not None:
            await self._owned.close()
            self._session = self._owned = None

    async def write(self, content: str, *, channel: str) -> Json:
        """Send a plain message."""
        return await self._post("messages", {"channel_id": channel, "content": content})

    async def type(self, text: str, *, channel: str, wait: bool = False, timeout: float = 15) -> Json:
        """Run a slash command typed as a line. Raises Refused if Discord's client would not send it."""
        body = {"channel_id": channel, "text": text, "wait": wait, "timeout": timeout}
        return await self._post("commands", body)

    async def run(
        self,
        name: str,
        options: Mapping[str, object] | None = None,
        *,
        channel: str,
        wait: bool = False,
        timeout: float = 15,
    ) -> Json:
        """Run a slash command by name, with typed options."""
        body = {"channel_id": channel, "name": name, "options": dict(options or {})}
        return await self._post("commands", body | {"wait": wait, "timeout": timeout})

    async def autocomplete(
        self, name: str, focused: str, options: Mapping[str, object] | None = None, *, channel: str
    ) -> list[Json]:
        body = {"channel_id": channel, "name": name, "focused": focused, "options": dict(options or {})}
        choices: list[Json] = (await self._post("autocomplete", body))["choices"]
        return choices

    async def click(
        self,
        message: Json,
        custom_id: str,
        *,
        values: list[str] | None = None,
        wait: bool = False,
        timeout: float = 15,
    ) -> Json:
        """Click a button, or choose `values` in a select."""
        place = {"channel_id": message["channel_id"], "message_id": message["id"], "custom_id": custom_id}
        more = {} if values is None else {"values": values}
        return await self._post("clicks", place | more | {"wait": wait, "timeout": timeout})

    async def fill(
        self,
        interaction_id: str,
        fields: Mapping[str, object],
        *,
        wait: bool = False,
        timeout: float = 15,
    ) -> Json:
        """Submit the modal that an interaction opened. `fields`: values by custom id."""
        body = {"interaction_id": interaction_id, "fields": dict(fields), "wait": wait, "timeout": timeout}
        return await self._post("modals", body)

    async def channels(self) -> list[Json]:
        found: list[Json] = await self._get("channels")
        return found

    async def threads(self, channel: str | None = None) -> list[Json]:
        """Return the threads of one channel (by id) or of all."""
        found = [entry for entry in await self.channels() if entry["parent_id"]]
        return [entry for entry in found if channel in (None, entry["parent_id"])]

    async def messages(
        self, channel: str, *, after: str | None = None, before: str | None = None, limit: int = 100
    ) -> list[Json]:
        """Return messages, oldest first."""
        query = {"after": after, "before": before, "limit": str(limit)}
        params = {name: value for name, value in query.items() if value is not None}
        found: list[Json] = await self._get(f"channels/{channel}/messages", params)
        return found

    async def commands(self) -> list[Json]:
        found: list[Json] = await self._get("commands")
        return found

    async def events(self) -> AsyncIterator[Json]:
        """Yield what this person sees as it happens, starting with HELLO."""
        async with self._http.ws_connect(f"{self._url}/sandbox/people/{self.name}/events") as socket:
            async for message in socket:
                yield orjson.loads(message.data)

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use Person in `async with`, or pass it a session")
        return self._session

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        address = f"{self._url}/sandbox/people/{self.name}/{path}"
        async with self._http.get(address, params=params) as response:
            return _checked(response.status, orjson.loads(await response.read()))

    async def _post(self, path: str, body: Json) -> Json:
        address = f"{self._url}/sandbox/people/{self.name}/{path}"
        async with self._http.post(address, data=orjson.dumps(body), headers=_JSON) as response:
            answer: Json = _checked(response.status, orjson.loads(await response.read()))
            return answer


def _checked(status: int, answer: Any) -> Any:
    if status >= 400:
        raise Refused(answer["error"])
    return answer
