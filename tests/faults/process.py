"""The bot in the sandbox, as the scenarios of a host need it."""

import asyncio
import os
import sys

from deploy.sandbox import botconfig
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox
from tests.support.waiting import PATIENCE


async def told(mika: Person, beginning: str) -> list[str]:
    return [m["content"] for m in await mika.messages("training") if m["content"].startswith(beginning)]


async def audited(mika: Person, channel: str) -> list[str]:
    """The entries of the audit in its channel."""
    return [line for message in await mika.messages(channel) for line in message["content"].split("\n")]


async def job_id_of(mika: Person) -> str:
    """Of a job that runs."""
    await mika.type("/train branch:main epochs:2", channel="training", wait=True)
    async with asyncio.timeout(PATIENCE):
        while True:
            embeds = [m["embeds"][0] for m in await mika.messages("training") if m["embeds"]]
            if any("**Running**" in embed["description"] for embed in embeds):
                return str(embeds[-1]["title"].split()[-1])
            await asyncio.sleep(0.05)


async def command(box: Sandbox, *arguments: str, **environment: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments, "--config", str(box.folder / "config.toml")),
        env={**os.environ, **botconfig.environment(box.ready), "COLUMNS": "300", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()
