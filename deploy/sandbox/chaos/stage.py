"""The sandbox for chaos: jobs that only print, a bot by fork, people who ask, and one who sees what comes of it."""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE, Clients, Plan
from deploy.sandbox.chaos.account import Account, account
from deploy.sandbox.chaos.forked import ForkedBot, forked_bot
from deploy.sandbox.chaos.swept import TRIALS, parsed
from deploy.sandbox.demo.record import Record
from deploy.sandbox.demo.view import Json, text_of
from deploy.sandbox.discord.limits.settings import Limits, Rate
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox, sandbox

CHANNEL = "training"
PRINTER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("printer.py")))
AT_A_TIME = 16
"""Jobs that run at a time, at most."""
IN_FLIGHT = 12
"""Jobs that are asked for and not told yet, at most."""
SWEEPS = 0.2
"""Of the commands; half of these are fed one by one."""
QUIET_SECONDS = 5.0
"""Without any effect for so long, everything has settled: the bot looks for lost answers after 3 s."""
_JOB_ID = re.compile(r"\b[23456789bcdfghjkmnpqrstvwxz]{6}\b")
_VERDICT = re.compile(r"(\w{6}) (?:succeeded|failed|was stopped|swept)")


class NotSettledError(RuntimeError):
    """What was asked for has not come to its end in time; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Load:
    """What each job prints: so many lines, in bursts with `pause` seconds after each."""

    lines: int
    burst: int
    pause: float


class Seen:
    """What one person sees of the jobs: which have been told and archived, of sweeps with their table. `feed` runs
    beside the rest."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.told: set[str] = set()
        self.archived: set[str] = set()

    async def feed(self) -> None:
        """Until cancelled."""
        async for event in self._person.events():
            if event["t"] == "MESSAGE_CREATE":
                self._note(event["d"])

    def _note(self, message: Json) -> None:
        if verdict := _VERDICT.match(text_of(message)):
            self.told.add(verdict[1])
        self.archived |= {
            Path(a["filename"]).stem for a in message["attachments"] if a["filename"].endswith((".log", ".csv"))
        }


class Stage:
    def __init__(self, sandbox: Sandbox, bot: ForkedBot, mika: Person, seen: Seen, load: Load) -> None:
        self.bot, self.sandbox = bot, sandbox
        self._mika, self._seen, self._load = mika, seen, load
        self._clients = Clients(sandbox.ready["aws"]["endpoint"])
        self.confirmed: set[str] = set()
        """Jobs whose id a person has seen in an answer."""
        self.unanswered = 0
        """Commands that Discord told had failed, or that were never answered."""

    async def ask(self, command: str) -> None:
        """Whether it is answered depends on what happens to the bot."""
        outcome = await self._mika.type(command, channel=CHANNEL, wait=True, timeout=4)
        match = _JOB_ID.search(text_of(outcome["message"] or {}))
        if match is None:
            self.unanswered += 1
        else:
            self.confirmed.add(match[0])

    async def keep_asking(self, random: Random, until: Callable[[], bool]) -> None:
        """As many commands as keep the bot busy: sweeps among them, and a fifth of the jobs to fail."""
        async with asyncio.TaskGroup() as asking:
            while not until():
                if len(await self.submitted() | self.confirmed) - len(self._seen.told) < IN_FLIGHT:
                    asking.create_task(self.ask(_command(random)))
                await asyncio.sleep(random.uniform(0.1, 1.0))

    async def submitted(self) -> set[str]:
        """Ids of the jobs and sweeps that Batch has."""
        return {parsed(entry["jobName"])[0] for entry in await self.aws("ledger?kind=job.submit")}

    async def settled(self, seconds: float) -> float:
        """Waits until every job has been told and archived, and nothing happens any more; seconds it took."""
        began = time.monotonic()
        before, since = -1, began
        while True:
            effects = len(await self.discord("ledger")) + len(await self.aws("ledger"))
            if effects != before:
                before, since = effects, time.monotonic()
            missing = (await self.submitted() | self.confirmed) - (self._seen.told & self._seen.archived)
            if not missing and time.monotonic() - since >= QUIET_SECONDS:
                return since - began
            if time.monotonic() - began > seconds:
                raise NotSettledError(
                    f"after {seconds:.0f} s {len(missing)} jobs have not been told and archived: {sorted(missing)[:10]}"
                )
            self.bot.check()
            await asyncio.sleep(0.5)

    async def account(self) -> Account:
        """What came of it all. The bot is stopped first, in order."""
        await self.bot.stop()
        folder = self.sandbox.folder / "record"
        record = await Record.fetch(self.sandbox, folder)
        return await asyncio.to_thread(account, record, folder, self._archived, self.confirmed, self._load.lines)

    async def discord(self, path: str, body: Json | None = None) -> Any:
        """A call of the Discord stand-in's own: GET, or POST with a body."""
        return await _json(f"{self.sandbox.ready['discord']['url']}/sandbox/{path}", body)

    async def aws(self, path: str, body: Json | None = None) -> Any:
        """The same of the AWS stand-in."""
        return await _json(f"{self.sandbox.ready['aws']['endpoint']}/sandbox/{path}", body)

    async def no_faults(self) -> None:
        """Forgets the faults that still wait, on both sides."""
        await asyncio.gather(*(_forget(f"{place}/sandbox/faults") for place in self._places()))

    def _archived(self, job: str) -> str:
        """The job's log in S3; empty where there is none. Blocks."""
        s3, bucket = self._clients.s3, self.sandbox.ready["aws"]["bucket"]
        try:
            text: str = s3.get_object(Bucket=bucket, Key=f"jobs/{job}/log.txt")["Body"].read().decode()
        except s3.exceptions.NoSuchKey:
            return ""
        return text

    def _places(self) -> tuple[str, str]:
        return self.sandbox.ready["discord"]["url"], self.sandbox.ready["aws"]["endpoint"]


@asynccontextmanager
async def stage(load: Load) -> AsyncIterator[Stage]:
    """The bot is made and not started. Everything ends with it."""
    printing = {"CHAOS_LINES": str(load.lines), "CHAOS_BURST": str(load.burst), "CHAOS_PAUSE": str(load.pause)}
    aws = Settings(images={TRAINER_IMAGE: PRINTER}, environment=printing, stop_timeout_seconds=5)
    plan = Plan(max_vcpus=4 * AT_A_TIME)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(sandbox(limits=_limits(), aws=aws, plan=plan))
        bot = await stack.enter_async_context(forked_bot(running))
        mika = await stack.enter_async_context(Person(running.ready["discord"]["url"], "mika"))
        seen = Seen(mika)
        feed = asyncio.create_task(seen.feed())
        stack.callback(feed.cancel)
        yield Stage(running, bot, mika, seen, load)


def _command(random: Random) -> str:
    """A sweep's first trial ends well, and what comes of the others is as with jobs."""
    seed = 2 * random.randrange(1000)
    if random.random() >= SWEEPS:
        return f"/train branch:main seed:{seed + (random.random() < 0.2)}"
    others = [str(seed + 10 * place + (random.random() < 0.2)) for place in range(1, TRIALS)]
    fed = " parallel:2" if random.random() < 0.5 else ""
    return f"/sweep seed={','.join([str(seed), *others])}{fed}"


def _limits() -> Limits:
    """A thousand starts and hundreds of jobs in minutes: what Discord grants a day, or a channel, is not for that."""
    quick = Rate(50, 1)
    buckets = {**Limits().buckets, **dict.fromkeys(("message.create", "message.edit", "thread.create"), quick)}
    plenty = Rate(1_000_000, 86_400)
    return Limits(buckets={**buckets, "commands": plenty}, identifies_a_day=plenty.count)


async def _json(url: str, body: Json | None) -> Any:
    async with aiohttp.ClientSession() as session, session.request("POST" if body else "GET", url, json=body) as answer:
        answer.raise_for_status()
        return await answer.json()


async def _forget(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.delete(url) as answer:
        answer.raise_for_status()
