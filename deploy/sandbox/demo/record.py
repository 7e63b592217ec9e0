"""Everything that happened in a sandbox, as the demo writes it to sandbox-out/, and a check of the promises."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import aiohttp

from deploy.sandbox.control_client import ControlClient
from deploy.sandbox.demo.view import Json
from deploy.sandbox.session import Sandbox

FILES = "files"


class Record:
    """The transcript and both ledgers, fetched over HTTP as any other program would fetch them."""

    def __init__(self, transcript: Json, discord: list[Json], aws: list[Json], page: Json | None = None) -> None:
        self.transcript, self.discord, self.aws = transcript, discord, aws
        self.page = page or {}
        """What the page needs besides messages: the guild and its people."""

    @classmethod
    async def fetch(cls, sandbox: Sandbox, folder: Path) -> "Record":
        """Fetch everything. Attached files go to `folder`/files; the transcript names them instead of their URLs."""
        discord, aws = ControlClient(sandbox.ready["discord"]["url"]), ControlClient(sandbox.ready["aws"]["endpoint"])
        transcript = await discord.get("transcript")
        ledgers = await discord.ledger(), await aws.ledger()
        page = {name: await discord.get(name) for name in ("guild", "people")}
        await _save_files(transcript, folder / FILES)
        return cls(transcript, *ledgers, page)

    def write(self, folder: Path) -> None:
        """Write transcript.json and ledger.json."""
        (folder / "transcript.json").write_text(json.dumps(self.transcript, indent=1, ensure_ascii=False))
        ledger = {"discord": self.discord, "aws": self.aws}
        (folder / "ledger.json").write_text(json.dumps(ledger, indent=1, ensure_ascii=False))

    @property
    def submissions(self) -> list[str]:
        """Names of the submitted Batch jobs, one for each SubmitJob call that took effect."""
        return [entry["jobName"] for entry in self.aws if entry["kind"] == "job.submit"]

    @property
    def messages(self) -> list[Json]:
        """All messages of the bot."""
        everything = [m for channel in self.transcript["channels"] for m in channel["messages"]]
        return [m for m in everything if m["author"].get("bot")]

    def results(self, job_id: str) -> list[Json]:
        """The messages posted at a job's end: the only ones that mention somebody."""
        return [m for m in self.messages if m.get("mentions") and job_id in m.get("content", "")]

    # ---- the promises ------------------------------------------------------------------------------------
    def problems(self, accepted: list[str]) -> list[str]:
        """One line for each broken promise; empty if all were kept. `accepted` are the ids in the answers to people."""
        found: list[str] = []
        if len(self.submissions) != len(accepted):
            found.append(f"{len(accepted)} commands were accepted, but {len(self.submissions)} SubmitJob calls made")
        for job_id in accepted:
            calls = sum(job_id in name for name in self.submissions)
            results = len(self.results(job_id))
            if (calls, results) != (1, 1):
                found.append(f"{job_id} has {calls} SubmitJob calls and {results} results; it must have one of each")
        found += [f"message with nonce {nonce} was created {n} times" for nonce, n in self.repeated_nonces().items()]
        found += [f"a request violates Discord's OpenAPI document: {entry}" for entry in self.invalid_requests()]
        found += self.denied()
        return found

    def repeated_nonces(self) -> dict[str, int]:
        """Messages that Discord created more than once: how often, by nonce."""
        created = (e for e in self.discord if e["kind"] == "message.create" and not e.get("replayed"))
        counts = Counter(entry["nonce"] for entry in created if entry.get("nonce"))
        return {nonce: count for nonce, count in counts.items() if count > 1}

    def denied(self) -> list[str]:
        """One line for each permission that a call needed and a role of the stack lacks."""
        entries = [entry for entry in self.aws if entry["kind"] == "denied"]
        lines = [f"{each['role']} may not {each['action']} on {each['resource']}" for each in entries]
        return list(dict.fromkeys(lines))

    def invalid_requests(self) -> list[Json]:
        """Ledger entries of requests that violate Discord's OpenAPI document."""
        return [entry for entry in self.discord if entry["kind"] == "openapi.violation"]


async def _save_files(transcript: Json, folder: Path) -> None:
    """Save attachments and pictures, and replace each URL in the transcript with the file's name."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with aiohttp.ClientSession() as session:
        for channel in transcript["channels"]:
            for message in channel["messages"]:
                for holder in _files_of(message):
                    async with session.get(holder["url"]) as response:
                        content = await response.read()
                    name = f"{message['id']}-{holder['url'].rsplit('/', 1)[-1]}"
                    await asyncio.to_thread((folder / name).write_bytes, content)
                    holder["url"] = holder["proxy_url"] = f"{FILES}/{name}"


def _files_of(message: Json) -> list[Json]:
    """The attachments and embed images of a message, without images whose attachment is missing."""
    images = [embed[key] for embed in message["embeds"] for key in ("image", "thumbnail") if key in embed]
    return [*message["attachments"], *(image for image in images if not image["url"].startswith("attachment:"))]
