"""`python -m bench.hostile`: the bot with a hard limit on its memory against jobs that are made to take it down.

The bot and the processes that it starts have 512 MiB together. Hostile jobs of one person end all at once; meanwhile
another person trains and types commands. At the end somebody without any role asks for four plots of large tables at
once. Exits with code 1 if the bot or another person suffers, or if a result is missing.
"""

import asyncio
import re
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

import psutil
import typer

from bench.hostile.bombs import ALL, BOMBS, INNOCENT, LARGE_TABLES, Bomb
from bench.hostile.memory_limit import MemoryLimit
from bench.stages.sandbox import CHANNEL, SandboxStage
from deploy.sandbox.aws import resources
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.demo.view import job_id_in, text_of, watching
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox, sandbox

MIB = 2**20
IMAGE = (sys.executable, "-m", "bench.hostile.bomb_job")
LONGEST_RESULT_SECONDS = 90.0
"""From the end of another person's job to its result with the plot."""
POISONED_SECONDS = 900.0
PLOTS = "four plots at once"
LIVE_LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(http")


@dataclass
class Others:
    """What another person had to wait for, in seconds."""

    results: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    unanswered: int = 0


@dataclass
class Report:
    rows: list[tuple[str, float, str, bool]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def row(self, name: str, seconds: float, text: str, *, good: bool) -> None:
        self.rows.append((name, seconds, text, good))
        print(f"{name:54} {seconds:6.1f} s  {'good' if good else 'WRONG':5}  {text[:100]}", flush=True)
        if not good:
            self.wrong.append(name)


def main(
    limit: Annotated[int, typer.Option(help="MiB for the bot and its processes together.")] = 512,
    only: Annotated[str, typer.Option(help="Only bombs with this in their name, or: plots.")] = "",
) -> None:
    sys.exit(asyncio.run(_run(limit * MIB, only)))


async def _run(limit: int, only: str) -> int:
    memory, report, others = MemoryLimit(limit), Report(), Others()
    aws = Settings(images={resources.TRAINER_IMAGE: IMAGE}, environment=Settings().environment)
    try:
        async with sandbox(aws=aws) as running:
            await _start(running, memory)
            pid = running.bot.pid
            async with memory.watching(pid), watching(running.ready["discord"]["url"], "mika") as view:
                await _attack(SandboxStage(running, view), others, report, only)
                if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                    report.wrong.append("the bot ended")
    finally:
        memory.close()
    _sum_up(memory, report, others)
    return 1 if report.wrong else 0


async def _start(running: Sandbox, memory: MemoryLimit) -> None:
    """Start the bot in its group; this process, which has the stand-in for Discord, leaves it at once."""
    with memory.entered():
        start = asyncio.create_task(running.bot.start())
        while not start.done():
            with suppress(RuntimeError):
                _ = running.bot.pid
                break
            await asyncio.sleep(0)
    await start


async def _attack(stage: SandboxStage, others: Others, report: Report, only: str) -> None:
    bombs = [bomb for bomb in BOMBS if only in bomb.name]
    async with Person(stage.sandbox.ready["discord"]["url"], "noor") as noor:
        other = asyncio.create_task(_train_and_type(stage, noor, others))
        async with asyncio.TaskGroup() as group:
            for bomb in bombs:
                group.create_task(_poisoned(stage, bomb, report))
        if only in PLOTS:
            await _four_plots(stage, report)
        other.cancel()
        with suppress(asyncio.CancelledError):
            await other


async def _poisoned(stage: SandboxStage, bomb: Bomb, report: Report) -> None:
    job_id, end, seconds = await _ended(stage, stage.mika, bomb)
    text = text_of(end)
    good = re.search(bomb.announced, text) is not None and not LIVE_LINK.search(end["content"])
    report.row(bomb.name, seconds, text.partition("\n")[2] or text, good=good)
    await stage.mika.type(f"/artifacts job:{job_id}", channel=CHANNEL, wait=True, timeout=60)


async def _ended(stage: SandboxStage, person: Person, bomb: Bomb) -> tuple[str, dict[str, Any], float]:
    """The job, its result, and the seconds from its success to the result."""
    answer = await person.type(f"/train seed:{ALL.index(bomb)}", channel=CHANNEL, wait=True, timeout=60)
    job_id = job_id_in(answer["message"])
    if job_id is None:
        raise RuntimeError(f"no job for {bomb.name}: {answer}")
    end = await stage.view.until(f"the end of {bomb.name}", lambda view: view.end(job_id), seconds=POISONED_SECONDS)
    return job_id, end, await stage.created_at(end) - await stage.succeeded_at(job_id)


async def _train_and_type(stage: SandboxStage, noor: Person, others: Others) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_keep_typing(noor, others))
        while True:
            _, _, seconds = await _ended(stage, noor, INNOCENT)
            others.results.append(seconds)


async def _keep_typing(noor: Person, others: Others) -> None:
    while True:
        began = time.monotonic()
        answer = await noor.type("/jobs", channel=CHANNEL, wait=True, timeout=30)
        others.answers.append(time.monotonic() - began)
        others.unanswered += bool(answer["error"])
        await asyncio.sleep(1)


async def _four_plots(stage: SandboxStage, report: Report) -> None:
    """Somebody without a role plots four large tables at once."""
    ended = [await _ended(stage, stage.mika, bomb) for bomb in LARGE_TABLES]
    async with Person(stage.sandbox.ready["discord"]["url"], "guest") as guest:

        async def plot(job_id: str, name: str) -> None:
            began = time.monotonic()
            answer = await guest.type(f"/plot job:{job_id}", channel=CHANNEL, wait=True, timeout=300)
            message = answer["message"] or {}
            text = "drawn" if message.get("attachments") else text_of(message) or "told the asker alone to try again"
            report.row(f"/plot of {name}", time.monotonic() - began, text, good=not answer["error"])

        async with asyncio.TaskGroup() as group:
            for (job_id, _, _), bomb in zip(ended, LARGE_TABLES, strict=True):
                group.create_task(plot(job_id, bomb.name))


def _sum_up(memory: MemoryLimit, report: Report, others: Others) -> None:
    print(f"limit {memory.limit // MIB} MiB for the bot and its processes, kept by {memory.kind}")
    print(f"most in use {memory.peak / MIB:.0f} MiB, processes killed by the limit {memory.kills}")
    result, answer = max(others.results, default=0.0), max(others.answers, default=0.0)
    print(f"another person's results {len(others.results)}, slowest {result:.1f} s after the end")
    print(f"another person's commands {len(others.answers)}, slowest {answer:.2f} s, unanswered {others.unanswered}")
    if not others.results or max(others.results) > LONGEST_RESULT_SECONDS:
        report.wrong.append("another person's result")
    if others.unanswered:
        report.wrong.append("another person's command")
    print(f"wrong: {', '.join(report.wrong) or 'nothing'}")


if __name__ == "__main__":
    typer.run(main)
