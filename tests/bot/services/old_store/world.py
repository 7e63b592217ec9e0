"""A store that commit 19809c2 wrote in the middle of everything, and the world around it, with the fakes.

`old_store.sql` is the file as `iterdump` wrote it. `old_store.json` describes, under that version's names, what is in
it, what is outside of it, and what must happen next (`situation` and `expect` of each job). `@DATA@` stands for the
bot's data folder.
"""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.adapters.sqlite import open_store
from bot.domain.model.observation import Attempt
from bot.domain.model.run import Commit
from bot.domain.model.states import JobState
from bot.domain.model.submission import expanded
from bot.domain.posts import NewPost, Post, PostKind
from bot.ports.engine import SubmitCall
from bot.ports.store import Store
from tests.support.clock import Clock
from tests.support.fakes import Message
from tests.support.services import Bot, Outside

HERE = Path(__file__).parent
TOLD: dict[str, Any] = json.loads((HERE / "old_store.json").read_text())
JOBS: dict[str, dict[str, Any]] = {name: job for name, job in TOLD["jobs"].items() if not job.get("draft")}
DRAFT = "drft22"
SHORT, LONG = 2.0, 7200.0
"""Seconds until the bot is up again: inside the nonce window, and far beyond it."""
CSV = b"epoch,val_accuracy\n1,71.5\n2,96.7\n3,96.1\n"
GOES_ON = "goes on after the restart"


def loaded(folder: Path) -> Path:
    """The store as a file, with the files of the bot's beside it."""
    path = folder / "signalbox.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((HERE / "old_store.sql").read_text().replace("@DATA@", str(folder)))
    for name, text in TOLD["files"].items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return path


async def rebuilt() -> Outside:
    """AWS and git as they were; time stands where the old version was ended."""
    clock = Clock(TOLD["clock"])
    outside = Outside(clock=clock)
    engine = outside.engine
    for call in TOLD["batch"]["submissions"]:
        clock.at = call["made_at"]
        fields = {name: value for name, value in call.items() if name not in ("batch_id", "made_at")}
        assert await engine.submit(SubmitCall(**{**fields, "command": tuple(call["command"])})) == call["batch_id"]
    for move in TOLD["batch"]["moves"]:
        attempts = [Attempt(**attempt) for attempt in move["attempts"]]
        engine.move(move["batch_id"], JobState(move["state"]), *attempts, reason=move["status_reason"])
    engine.terminated += TOLD["batch"]["terminated"]
    for stream, events in TOLD["logs"].items():
        outside.logs.streams[stream] = []
        for timestamp, message in events:
            outside.logs.write(stream, message, at=timestamp / 1000)
    outside.artifacts.objects |= {uri: text.encode() for uri, text in TOLD["artifacts"].items()}
    outside.code.heads |= {name: Commit(**head) for name, head in TOLD["heads"].items()}
    clock.at = TOLD["clock"]
    return outside


async def rebuild_chat(outside: Outside, store: Store) -> None:
    """The messages that are in the channel, with the nonces that Discord may remember."""
    for told in TOLD["chat"]:
        new = NewPost(told["key"], PostKind(told["kind"]), told["job_id"], told["text"], digest=told["digest"])
        job = await store.job(told["job_id"])
        assert job is not None
        post = Post(told["post_id"], new, told["sent_at"])
        assert post.nonce == told["nonce"]
        outside.chat.messages.append(Message(told["id"], post, job))
        outside.chat._nonces[post.nonce] = (told["sent_at"], told["id"])


class World:
    """The bot in its second life, in a world that goes on."""

    def __init__(self, outside: Outside, store: Store, folder: Path) -> None:
        self.outside, self.store, self.folder = outside, store, folder
        self.restart()

    def restart(self) -> None:
        self.bot = Bot(self.outside, self.store, self.folder, new_id=iter(("again2", "again3")).__next__)

    async def turn(self, seconds: float = 12.0) -> None:
        """A pass of every service. Reconciling comes last: it would find again what the store has forgotten."""
        await self.bot.track_jobs.once()
        await self.bot.explain_wait.once()
        await self.bot.turn()
        await self.bot.reconcile.once()
        self.outside.clock.tick(seconds)

    def goes_on(self) -> None:
        """Every job on Batch by one step: what waits runs, what runs succeeds, what is to be stopped ends."""
        engine = self.outside.engine
        for engine_id, seen in list(engine.jobs.items()):
            if seen.state.terminal or seen.children:
                continue
            going = bool(seen.attempts) and seen.attempts[-1].stopped_at is None
            if engine_id in engine.terminated:
                self._end(engine_id, 143)
            elif not going:
                stream = "/".join(("trainer", "default", f"{engine_id}-{len(seen.attempts) + 1}"))
                engine.move(engine_id, JobState.RUNNING, *seen.attempts, Attempt(stream, self.outside.clock()))
                self.outside.logs.streams[stream] = []
            else:
                self.outside.logs.write(seen.attempts[-1].log_stream or "", GOES_ON, at=self.outside.clock())
                self.outside.artifacts.objects[f"s3://bucket/jobs/{self._prefix(engine_id)}metrics.csv"] = CSV
                self._end(engine_id, 0)

    def _end(self, engine_id: str, code: int) -> None:
        seen = self.outside.engine.jobs[engine_id]
        state = JobState.FAILED if code else JobState.SUCCEEDED
        ended = [replace(a, stopped_at=self.outside.clock(), exit_code=code) for a in seen.attempts[-1:]]
        self.outside.engine.move(
            engine_id, state, *seen.attempts[:-1], *ended, reason="Stopped by mika" if code else ""
        )

    def _prefix(self, engine_id: str) -> str:
        """Where a job or a trial leaves its results, by what it was submitted with."""
        environment = dict(self.outside.engine.jobs[engine_id].environment)
        uri = environment["OUTPUT_URI"].removeprefix("s3://bucket/jobs/")
        if ":" not in engine_id:
            return uri
        numbers = expanded(json.loads(environment["SWEEP_SPACE"])["numbers"])
        return f"{uri}{numbers[int(engine_id.rpartition(':')[2])]}/"

    async def to_the_end(self, restart_after: int = 2) -> None:
        await self.turn()
        for number in range(40):
            self.goes_on()
            await self.turn()
            if number == restart_after:
                self.restart()
            if not await self.store.unfinished() and not await self.store.pending_posts():
                return
        left = [job.id for job in await self.store.unfinished()]
        raise AssertionError(f"something is left to do: {left}, {await self.store.pending_posts()}")

    def said(self) -> list[str]:
        return [message.post.new.key for message in self.outside.chat.messages]

    def newly_said(self) -> list[str]:
        return self.said()[len(TOLD["chat"]) :]

    def new_names(self) -> list[str]:
        return [call.name for call in self.outside.engine.submissions[len(TOLD["batch"]["submissions"]) :]]

    def thread(self, job_id: str) -> list[str]:
        """The lines of its log that are in its thread, in their order."""
        messages = [m.post.new for m in self.outside.chat.messages if m.post.new.job_id == job_id]
        blocks = [new.text.strip("`").strip("\n") for new in messages if new.kind is PostKind.LOG]
        return "\n".join(blocks).replace("\u200b", "").split("\n") if blocks else []


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[World]:
    path = loaded(folder)
    outside = await rebuilt()
    async with open_store(path, now=outside.clock) as store:
        await rebuild_chat(outside, store)
        yield World(outside, store, folder)
