"""Tail a long log while plots are drawn: the event loop, the memory, and whether the archived log is complete."""

import asyncio
import sys
import time
from collections.abc import Sequence

import aiohttp

from bench.report.figures import Benchmark, Figure, Result, percentile
from bench.report.probe import Probe
from bench.stages.printing_job import line
from bench.stages.sandbox import CHANNEL, SandboxStage, sandbox_stage
from bot.domain.texts.notes import lines_left_out
from deploy.sandbox.aws import resources
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.demo.view import Json

MIB = 1024 * 1024
SECONDS = 240
PLOTS_AT_ONCE = 2
IMAGE = (sys.executable, "-m", "bench.stages.printing_job")
DIGEST = str(lines_left_out(1)).partition("1 line ")[2]
"""What sets a digest apart from a block of lines: the end of its first line, the same for every number of lines."""


async def run(*, small: bool) -> Result:
    """Discord's limits are in force: the thread gets digests, and the complete log as a file."""
    lines, seconds = (2_000, 1) if small else (100_000, 10)
    async with sandbox_stage(aws=_settings(lines, seconds)) as stage:
        probe = Probe(stage.sandbox.bot.pid, f"{stage.sandbox.bot.http_url}/metrics")
        async with probe.watching():
            job_id = await stage.train("/train branch:main")
            log_message, plots = await _wait_for_archive(stage, job_id)
        archived_seconds = await stage.created_at(log_message) - await stage.succeeded_at(job_id)
        check(await _file(log_message), lines)
        posts = stage.view.thread(job_id)
    return Result(
        (*process_figures(probe), *log_figures(posts, lines, archived_seconds), *plot_figures(plots)),
        (
            f"{lines // 2:,} lines at once, as many over {seconds} s; {PLOTS_AT_ONCE} people ask for plots meanwhile.",
            "A stall is what the bot itself causes: Linux's account of its wait for a CPU is subtracted.",
            "How long it waits depends on what else runs, including the stand-ins and the job that prints.",
        ),
    )


def process_figures(probe: Probe) -> Sequence[Figure]:
    return (
        Figure("longest stall of the event loop", 1000 * probe.stall, "ms", at_most=100),
        Figure("longest stall including the wait for a CPU", 1000 * probe.late, "ms"),
        Figure("peak memory of the bot's process", probe.memory / MIB, "MiB", at_most=200),
        Figure("peak memory of its children (drawing, git)", probe.children_memory / MIB, "MiB"),
        Figure("CPU time of the bot's process", probe.cpu_seconds, "s"),
    )


def log_figures(posts: Sequence[Json], lines: int, archived_seconds: float) -> Sequence[Figure]:
    """`posts` are the thread's messages, `lines` how many log lines were archived."""
    digests = sum(DIGEST in str(post) for post in posts)
    return (
        Figure("log lines archived, each once and in order", lines, "lines"),
        Figure("job's success to the complete log as a file", archived_seconds, "s"),
        Figure("messages in the thread, digests included", len(posts), "messages"),
        Figure("digests", digests, "messages", at_least=1),
    )


def plot_figures(seconds: Sequence[float]) -> Sequence[Figure]:
    """`seconds` is what each plot took."""
    return (
        Figure("plots drawn meanwhile", len(seconds), "plots"),
        Figure("plot command to picture, median", percentile(seconds, 50), "s"),
    )


def check(archived: str, lines: int) -> None:
    """Raises RuntimeError if the archived log is not what was printed."""
    found = [row for row in archived.splitlines() if not row.startswith("@metrics")]
    if found != [line(number) for number in range(lines)]:
        raise RuntimeError(f"{lines} lines were printed, {len(found)} archived, {len(set(found))} of them different")


def _settings(lines: int, seconds: int) -> Settings:
    """The trainer's image only prints."""
    job = {"BENCH_LINES": str(lines), "BENCH_SECONDS": str(seconds), "PYTHONUNBUFFERED": ""}
    return Settings(images={resources.TRAINER_IMAGE: IMAGE}, environment={**Settings().environment, **job})


async def _wait_for_archive(stage: SandboxStage, job_id: str) -> tuple[Json, list[float]]:
    """Return the message with the log file, and the seconds that each plot took meanwhile."""
    plots: list[float] = []
    archived = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(PLOTS_AT_ONCE):
            group.create_task(_request_plots(stage, job_id, plots, archived))
        message = await stage.view.until(
            f"the log of {job_id}", lambda view: _log_file(view.thread(job_id)), seconds=SECONDS
        )
        archived.set()
    return message, plots


async def _request_plots(stage: SandboxStage, job_id: str, seconds: list[float], stop: asyncio.Event) -> None:
    """Ask for one plot after another. Answers without a picture don't count: the job may have no metrics yet."""
    while not (stop.is_set() and seconds):
        began = time.perf_counter()
        answer = await stage.mika.type(f"/plot job:{job_id}", channel=CHANNEL, wait=True, timeout=30)
        if answer["error"]:
            raise RuntimeError(f"/plot {job_id}: {answer['error']}")
        if (answer["message"] or {}).get("attachments"):
            seconds.append(time.perf_counter() - began)
        else:
            await asyncio.sleep(0.2)


def _log_file(posts: Sequence[Json]) -> Json | None:
    return next((p for p in posts if any(a["filename"].endswith(".log") for a in p["attachments"])), None)


async def _file(message: Json) -> str:
    url = message["attachments"][0]["url"]
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        response.raise_for_status()
        return await response.text()


BENCHMARK = Benchmark("tail", "a long log tailed while plots are drawn", run)
