"""The sandbox as a benchmark needs it: a running bot, a person in the channel, and the times in the ledgers."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.demo.view import Json, View, text_of
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox, sandbox

CHANNEL = "training"
_JOB_ID = re.compile(r"\b[23456789bcdfghjkmnpqrstvwxz]{6}\b")


@dataclass(frozen=True, slots=True)
class SandboxStage:
    """`mika` types the commands, `view` is what mika sees."""

    sandbox: Sandbox
    mika: Person
    view: View

    async def train(self, text: str) -> str:
        """Type a command; return the id of the job it started. Raises RuntimeError if it started none."""
        answer = await self.mika.type(text, channel=CHANNEL, wait=True, timeout=30)
        match = _JOB_ID.search(text_of(answer["message"] or {}))
        if match is None:
            raise RuntimeError(f"{text}: no job id in the answer {answer}")
        return match[0]

    async def discord_ledger(self, kind: str) -> list[Json]:
        found: list[Json] = await _fetch_json(f"{self.sandbox.ready['discord']['url']}/sandbox/ledger?kind={kind}")
        return found

    async def aws_ledger(self, kind: str) -> list[Json]:
        found: list[Json] = await _fetch_json(f"{self.sandbox.ready['aws']['endpoint']}/sandbox/ledger")
        return [entry for entry in found if entry["kind"] == kind]

    async def succeeded_at(self, job_id: str) -> float:
        """When the job became SUCCEEDED in Batch, in seconds since the epoch."""
        states = await self.aws_ledger("job.state")
        return next(float(e["at"]) for e in states if e["jobName"].endswith(job_id) and e["status"] == "SUCCEEDED")

    async def created_at(self, message: Json) -> float:
        """When the Discord stand-in created a message, in seconds since the epoch."""
        created = await self.discord_ledger("message.create")
        return next(datetime.fromisoformat(e["at"]).timestamp() for e in created if e["message_id"] == message["id"])


@asynccontextmanager
async def sandbox_stage(*, limits: Limits | None = None, aws: Settings | None = None) -> AsyncIterator[SandboxStage]:
    """Start the sandbox and wait until its bot is ready; stop everything at the end."""
    async with sandbox(limits=limits, aws=aws) as running:
        await running.bot.start()
        async with Person(running.ready["discord"]["url"], "mika") as mika:
            view = View(mika, lambda _: None)
            feed = asyncio.create_task(view.feed())
            try:
                yield SandboxStage(running, mika, view)
            finally:
                feed.cancel()


async def _fetch_json(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        response.raise_for_status()
        return await response.json()
