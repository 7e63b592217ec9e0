"""A client for the sandbox's own calls, `/sandbox/…`, which both stand-ins answer: ledger, faults, settings.

discord = ControlClient(running.ready["discord"]["url"])
aws = ControlClient(running.ready["aws"]["endpoint"])
"""

from collections.abc import Mapping
from typing import Any

import aiohttp

Json = dict[str, Any]


class ControlError(RuntimeError):
    """The stand-in refused a call; the message is its reason."""


class ControlClient:
    """One stand-in's calls; `url` is its address. Every method raises ControlError if the call is refused."""

    def __init__(self, url: str) -> None:
        self._base = f"{url}/sandbox"

    async def get(self, path: str, **query: str) -> Any:
        return await self._call("GET", path, params=query)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return await self._call("POST", path, json=dict(body))

    async def ledger(self, kind: str = "", after: int = 0) -> list[Json]:
        """Entries in order: of one kind if it is given, and only those numbered above `after`."""
        query = {"kind": kind} if kind else {}
        entries: list[Json] = await self.get("ledger", **query, after=str(after))
        return entries

    async def add_fault(self, fault: Mapping[str, Any]) -> None:
        """Make coming requests fail. Each stand-in has its own fields: see its `faults` module."""
        await self.post("faults", fault)

    async def clear_faults(self) -> None:
        """Drop the faults that no request has met yet."""
        await self._call("DELETE", "faults")

    async def change_settings(self, **changes: Any) -> None:
        """Change the AWS stand-in's settings: deploy/sandbox/aws/common/settings.py."""
        await self.post("settings", changes)

    async def reclaim(self, job_id: str, notice_seconds: float = 0) -> None:
        """Take away the host of a job in STARTING or RUNNING, in the AWS stand-in. `job_id` is Batch's."""
        await self.post("reclaim", {"jobId": job_id, "notice_seconds": notice_seconds})

    async def _call(self, method: str, path: str, **more: Any) -> Any:
        address = f"{self._base}/{path}"
        async with aiohttp.ClientSession() as session, session.request(method, address, **more) as response:
            if response.status >= 400:
                raise ControlError(await response.text())
            return await response.json()
