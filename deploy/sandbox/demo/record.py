"""What the demo leaves in sandbox-out/: the transcript, its files, and every effect; and what must be true of them."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

from deploy.sandbox.demo.view import Json
from deploy.sandbox.session import Sandbox

FILES = "files"


class Record:
    """The transcript and the ledgers, fetched over HTTP as any other program would."""

    def __init__(self, transcript: Json, discord: list[Json], aws: list[Json], page: Json | None = None) -> None:
        self.transcript, self.discord, self.aws = transcript, discord, aws
        self.page = page or {}
        """What the page asks for besides messages: the guild and its people."""

    @classmethod
    async def fetch(cls, sandbox: Sandbox, folder: Path) -> "Record":
        """Fetches everything, and writes attached files to `folder`/files, whose names stand in the transcript."""
        base, endpoint = sandbox.ready["discord"]["url"], sandbox.ready["aws"]["endpoint"]
        async with aiohttp.ClientSession() as session:
            transcript = await _json(session, f"{base}/sandbox/transcript")
            discord = await _json(session, f"{base}/sandbox/ledger")
            aws = await _json(session, f"{endpoint}/sandbox/ledger")
            page = {name: await _json(session, f"{base}/sandbox/{name}") for name in ("guild", "people")}
            await _files(session, transcript, folder / FILES)
        return cls(transcript, discord, aws, page)

    def write(self, folder: Path) -> None:
        """transcript.json and ledger.json."""
        (folder / "transcript.json").write_text(json.dumps(self.transcript, indent=1, ensure_ascii=False))
        ledger = {"discord": self.discord, "aws": self.aws}
        (folder / "ledger.json").write_text(json.dumps(ledger, indent=1, ensure_ascii=False))

    # ---- what must be true -------------------------------------------------------------------------------
    @property
    def submissions(self) -> list[str]:
        """The names of the submitted Batch jobs, one for each SubmitJob call that had its effect."""
        return [entry["jobName"] for entry in self.aws if entry["kind"] == "job.submit"]

    @property
    def messages(self) -> list[Json]:
        """All messages of the bot."""
        everything = [m for channel in self.transcript["channels"] for m in channel["messages"]]
        return [m for m in everything if m["author"].get("bot")]

    def endings(self, job_id: str) -> list[Json]:
        """The messages that tell a job's end: the only ones that mention somebody."""
        return [m for m in self.messages if m.get("mentions") and job_id in m.get("content", "")]

    def wrong(self, accepted: list[str]) -> list[str]:
        """What the promises are broken by; empty when the scene went as it must."""
        found: list[str] = []
        if len(self.submissions) != len(accepted):
            found.append(f"{len(accepted)} commands were accepted, {len(self.submissions)} SubmitJob calls made")
        for job_id in accepted:
            calls = sum(job_id in name for name in self.submissions)
            endings = len(self.endings(job_id))
            if (calls, endings) != (1, 1):
                found.append(f"{job_id}: {calls} SubmitJob calls and {endings} endings, one of each is right")
        doubled = [nonce for nonce, count in self._nonces().items() if count > 1]
        found += [f"message with nonce {nonce} was created twice" for nonce in doubled]
        violations = [entry for entry in self.discord if entry["kind"] == "openapi.violation"]
        found += [f"a request broke Discord's OpenAPI document: {entry}" for entry in violations]
        return found

    def _nonces(self) -> Counter[str]:
        created = (e for e in self.discord if e["kind"] == "message.create" and not e.get("replayed"))
        return Counter(entry["nonce"] for entry in created if entry.get("nonce"))


async def _json(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url) as response:
        response.raise_for_status()
        return await response.json()


async def _files(session: aiohttp.ClientSession, transcript: Json, folder: Path) -> None:
    """Fetches attachments and pictures, and puts the name of the file in place of the address."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    for channel in transcript["channels"]:
        for message in channel["messages"]:
            for holder in _holders(message):
                async with session.get(holder["url"]) as response:
                    content = await response.read()
                name = f"{message['id']}-{holder['url'].rsplit('/', 1)[-1]}"
                await asyncio.to_thread((folder / name).write_bytes, content)
                holder["url"] = holder["proxy_url"] = f"{FILES}/{name}"


def _holders(message: Json) -> list[Json]:
    """The parts of a message that point at a file; not at one that the message does not have."""
    images = [embed[key] for embed in message["embeds"] for key in ("image", "thumbnail") if key in embed]
    return [*message["attachments"], *(image for image in images if not image["url"].startswith("attachment:"))]
