"""A sandbox for chaos: jobs that only print, a forked bot, and a person who starts jobs and sees what comes back."""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE, Clients, ResourcePlan
from deploy.sandbox.chaos.bot_fork import ForkedBot, forked_bot
from deploy.sandbox.chaos.compare_jobs import Comparison, compare_jobs
from deploy.sandbox.chaos.compare_trials import TRIALS, parse_job_name
from deploy.sandbox.control_client import ControlClient
from deploy.sandbox.demo.record import Record
from deploy.sandbox.demo.view import Json, View, job_id_in, text_of, watching
from deploy.sandbox.discord.limits.settings import Limits, Rate
from deploy.sandbox.session import Sandbox, sandbox

CHANNEL = "training"
PRINTING_JOB = (sys.executable, "-I", "-S", str(Path(__file__).with_name("printing_job.py")))
RUNNING_JOBS = 16
"""Jobs that run at the same time, at most."""
OPEN_COMMANDS = 12
"""Jobs and sweeps without a result yet, at most."""
SWEEP_SHARE = 0.2
"""Share of sweeps among the commands. Half of them submit each trial by itself."""
QUIET_SECONDS = 5.0
"""Settled means no effect for this long: the bot looks for lost answers after 3 s."""
_VERDICT = re.compile(r"(\w{6}) (?:succeeded|failed|was stopped|finished)")


class NotSettledError(RuntimeError):
    """Some jobs did not end in time; the message names them."""


@dataclass(frozen=True, slots=True)
class Load:
    """What each job prints: `lines` lines in bursts, with `pause` seconds after each burst."""

    lines: int
    burst: int
    pause: float


class ObservedJobs:
    """The ids of jobs and sweeps whose result, and whose log file or table, a person has seen."""

    def __init__(self) -> None:
        self.announced: set[str] = set()
        self.archived: set[str] = set()

    def note(self, event: Json) -> None:
        if event["t"] != "MESSAGE_CREATE":
            return
        message = event["d"]
        if verdict := _VERDICT.match(text_of(message)):
            self.announced.add(verdict[1])
        self.archived |= {
            Path(a["filename"]).stem for a in message["attachments"] if a["filename"].endswith((".log", ".csv"))
        }


class Harness:
    """`discord` and `aws` are the stand-ins' own calls: ledgers and faults."""

    def __init__(self, sandbox: Sandbox, bot: ForkedBot, view: View, observed: ObservedJobs, load: Load) -> None:
        self.bot, self.sandbox = bot, sandbox
        self.discord = ControlClient(sandbox.ready["discord"]["url"])
        self.aws = ControlClient(sandbox.ready["aws"]["endpoint"])
        self._mika, self._observed, self._load = view.person, observed, load
        self._clients = Clients(sandbox.ready["aws"]["endpoint"])
        self.confirmed: set[str] = set()
        """Jobs and sweeps whose id a person saw in the reply."""
        self.unanswered = 0
        """Commands that Discord reported as failed, or that got no reply."""

    async def ask(self, command: str) -> None:
        """Send a command and note the reply, if there is one: that depends on what happens to the bot."""
        outcome = await self._mika.type(command, channel=CHANNEL, wait=True, timeout=4)
        job_id = job_id_in(outcome["message"])
        if job_id is None:
            self.unanswered += 1
        else:
            self.confirmed.add(job_id)

    async def keep_asking(self, random: Random, until: Callable[[], bool]) -> None:
        """Send commands that keep the bot busy: jobs, of which a fifth fail, and sweeps."""
        async with asyncio.TaskGroup() as asking:
            while not until():
                if len(await self.submitted() | self.confirmed) - len(self._observed.announced) < OPEN_COMMANDS:
                    asking.create_task(self.ask(_command(random)))
                await asyncio.sleep(random.uniform(0.1, 1.0))

    async def submitted(self) -> set[str]:
        """Ids of the jobs and sweeps that reached Batch."""
        return {parse_job_name(entry["jobName"])[0] for entry in await self.aws.ledger("job.submit")}

    async def settle(self, seconds: float) -> float:
        """Wait until every job has its result and archive and nothing happens any more; the seconds that took.

        Raises NotSettledError after `seconds`.
        """
        began = time.monotonic()
        before, since = -1, began
        while True:
            effects = len(await self.discord.ledger()) + len(await self.aws.ledger())
            if effects != before:
                before, since = effects, time.monotonic()
            missing = (await self.submitted() | self.confirmed) - (self._observed.announced & self._observed.archived)
            if not missing and time.monotonic() - since >= QUIET_SECONDS:
                return since - began
            if time.monotonic() - began > seconds:
                some = ", ".join(sorted(missing)[:10])
                raise NotSettledError(f"{len(missing)} jobs without result or archive after {seconds:.0f} s: {some}")
            self.bot.check()
            await asyncio.sleep(0.5)

    async def compare(self) -> Comparison:
        """Stop the bot, and compare what happened with what was requested."""
        await self.bot.stop()
        folder = self.sandbox.folder / "record"
        record = await Record.fetch(self.sandbox, folder)
        return await asyncio.to_thread(compare_jobs, record, folder, self._archived, self.confirmed, self._load.lines)

    async def clear_faults(self) -> None:
        """Drop the faults that have not happened yet, in both stand-ins."""
        await asyncio.gather(self.discord.clear_faults(), self.aws.clear_faults())

    def _archived(self, job: str) -> str:
        """The job's log in S3, or "" if there is none. Blocks."""
        s3, bucket = self._clients.s3, self.sandbox.ready["aws"]["bucket"]
        try:
            text: str = s3.get_object(Bucket=bucket, Key=f"jobs/mnist/{job}/log.txt")["Body"].read().decode()
        except s3.exceptions.NoSuchKey:
            return ""
        return text


@asynccontextmanager
async def open_harness(load: Load) -> AsyncIterator[Harness]:
    """A sandbox whose bot is not started yet. Everything ends with the context."""
    printing = {"CHAOS_LINES": str(load.lines), "CHAOS_BURST": str(load.burst), "CHAOS_PAUSE": str(load.pause)}
    aws = Settings(images={TRAINER_IMAGE: PRINTING_JOB}, environment=printing, stop_timeout_seconds=5)
    plan = ResourcePlan(max_vcpus=4 * RUNNING_JOBS)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(sandbox(limits=_limits(), aws=aws, plan=plan))
        bot = await stack.enter_async_context(forked_bot(running))
        observed = ObservedJobs()
        view = await stack.enter_async_context(watching(running.ready["discord"]["url"], "mika", observed.note))
        yield Harness(running, bot, view, observed, load)


def _command(random: Random) -> str:
    """A job or a sweep; odd seeds fail. A sweep's first trial always succeeds."""
    seed = 2 * random.randrange(1000)
    if random.random() >= SWEEP_SHARE:
        return f"/train branch:main seed:{seed + (random.random() < 0.2)}"
    others = [str(seed + 10 * place + (random.random() < 0.2)) for place in range(1, TRIALS)]
    one_by_one = " parallel:2" if random.random() < 0.5 else ""
    return f"/sweep seed={','.join([str(seed), *others])}{one_by_one}"


def _limits() -> Limits:
    """Discord's limits a day and a channel, raised: chaos needs a thousand starts and hundreds of jobs in minutes."""
    quick = Rate(50, 1)
    buckets = {**Limits().buckets, **dict.fromkeys(("message.create", "message.edit", "thread.create"), quick)}
    plenty = Rate(1_000_000, 86_400)
    return Limits(buckets={**buckets, "commands": plenty}, identifies_a_day=plenty.count)
