"""A long log tailed while plots are drawn: the event loop, the memory, and whether the archived log is whole."""

import asyncio
import re
import sys
import time
from collections.abc import Sequence

import aiohttp

from bench.report.figures import Benchmark, Figure, Result, percentile
from bench.report.probe import Probe
from bench.stages.printing_job import line
from bench.stages.sandbox import CHANNEL, Stage, stage
from deploy.sandbox.aws import resources
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.demo.view import Json

MIB = 1024 * 1024
SECONDS = 240
PLOTS_AT_ONCE = 2
IMAGE = (sys.executable, "-m", "bench.stages.printing_job")
_DIGEST = re.compile(r"[\d,]+ lines? (?:is|are) left out")


async def run(*, small: bool) -> Result:
    """Discord's limits are as they are: the thread gets digests, and the whole log as a file."""
    lines, seconds = (2_000, 1) if small else (100_000, 10)
    asked = {"BENCH_LINES": str(lines), "BENCH_SECONDS": str(seconds), "PYTHONUNBUFFERED": ""}
    environment = {**Settings().environment, **asked}
    settings = Settings(images={resources.TRAINER_IMAGE: IMAGE}, environment=environment)
    async with stage(aws=settings) as on:
        probe = Probe(on.sandbox.bot.pid, f"{on.sandbox.bot.http_url}/metrics")
        async with probe.running():
            job_id = await on.train("/train branch:main")
            file, plots = await _until_archived(on, job_id)
        archived_seconds = await on.created_at(file) - await on.succeeded_at(job_id)
        check(await _content(file), lines)
        posts = on.view.thread(job_id)
    return Result(
        (
            Figure("a stall of the event loop, at most", 1000 * probe.stall, "ms", at_most=100),
            Figure("with the wait for a processor, at most", 1000 * probe.late, "ms"),
            Figure("memory of the bot's process, at most", probe.memory / MIB, "MiB", at_most=200),
            Figure("memory of its children beside (drawing, git)", probe.children / MIB, "MiB"),
            Figure("processor time of the bot's process", probe.processor_seconds, "s"),
            Figure(f"of {lines:,} lines archived, each once and in order", lines, "lines"),
            Figure("from the job's success to the whole log as a file", archived_seconds, "s"),
            Figure("messages in the thread, digests among them", len(posts), "messages"),
            Figure("digests", sum(_DIGEST.search(str(post)) is not None for post in posts), "messages", at_least=1),
            Figure("plots drawn meanwhile", len(plots), "plots"),
            Figure("a plot from command to picture, median", percentile(plots, 50), "s"),
        ),
        (
            f"{lines // 2:,} lines at once, as many over {seconds} s; {PLOTS_AT_ONCE} people ask for plots meanwhile.",
            "A stall is what the bot itself causes, by Linux's account of its wait for a processor:",
            "how long that is depends on what else runs, the stand-ins and the job that prints among it.",
        ),
    )


async def _until_archived(on: Stage, job_id: str) -> tuple[Json, list[float]]:
    """The message with the log's file, and the seconds that each plot has taken."""
    plots: list[float] = []
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(PLOTS_AT_ONCE):
            group.create_task(_ask_for_plots(on, job_id, plots, enough))
        file = await on.view.until(f"the log of {job_id}", lambda view: _log_file(view.thread(job_id)), seconds=SECONDS)
        enough.set()
    return file, plots


async def _ask_for_plots(on: Stage, job_id: str, seconds: list[float], enough: asyncio.Event) -> None:
    """Those without a picture do not count: the job may have left no metrics yet."""
    while not (enough.is_set() and seconds):
        began = time.perf_counter()
        outcome = await on.mika.type(f"/plot {job_id}", channel=CHANNEL, wait=True, timeout=30)
        if outcome["error"]:
            raise RuntimeError(f"/plot {job_id}: {outcome['error']}")
        if (outcome["message"] or {}).get("attachments"):
            seconds.append(time.perf_counter() - began)
        else:
            await asyncio.sleep(0.2)


def _log_file(posts: Sequence[Json]) -> Json | None:
    return next((p for p in posts if any(a["filename"].endswith(".log") for a in p["attachments"])), None)


async def _content(message: Json) -> str:
    url = message["attachments"][0]["url"]
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        response.raise_for_status()
        return await response.text()


def check(archived: str, lines: int) -> None:
    """RuntimeError where the archived log is not what was printed."""
    found = [row for row in archived.splitlines() if not row.startswith("@metrics")]
    if found != [line(number) for number in range(lines)]:
        raise RuntimeError(f"{lines} lines were printed, {len(found)} archived, {len(set(found))} of them different")


BENCHMARK = Benchmark("tail", "a long log tailed while plots are drawn", run)
