"""How long the bot takes from its start until it can answer."""

import time
from collections.abc import Sequence

import psutil

from bench.report.figures import Benchmark, Figure, Result, percentile
from deploy.sandbox.session import sandbox


async def run(*, small: bool) -> Result:
    """Start the bot several times. The first start creates the store; the others find it, as after an update."""
    starts = 2 if small else 7
    seconds: list[float] = []
    cpu_seconds: list[float] = []
    async with sandbox() as running:
        for _ in range(starts):
            began = time.perf_counter()
            await running.bot.start()
            seconds.append(time.perf_counter() - began)
            times = psutil.Process(running.bot.pid).cpu_times()
            cpu_seconds.append(times.user + times.system)
            await running.bot.stop()
    return Result(
        figures(seconds, cpu_seconds),
        (f"{starts} starts, each a new process: imports, store, login, gateway, registering the commands.",),
    )


def figures(seconds: Sequence[float], cpu_seconds: Sequence[float]) -> Sequence[Figure]:
    """Both by start: until the bot was ready."""
    return (
        Figure("start to ready, median", percentile(seconds, 50), "s", at_most=3),
        Figure("start to ready, slowest", max(seconds), "s", at_most=3),
        Figure("CPU time until ready, median", percentile(cpu_seconds, 50), "s"),
    )


BENCHMARK = Benchmark("ready", "from the bot's start until it is ready", run)
