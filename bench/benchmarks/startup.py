"""How long the bot takes from its start until it answers."""

import time

import psutil

from bench.report.figures import Benchmark, Figure, Result, percentile
from deploy.sandbox.session import sandbox


async def run(*, small: bool) -> Result:
    """The first start makes the store; the others find it, as after an update or a crash."""
    starts = 2 if small else 7
    seconds: list[float] = []
    processor: list[float] = []
    async with sandbox() as running:
        for _ in range(starts):
            began = time.perf_counter()
            await running.bot.start()
            seconds.append(time.perf_counter() - began)
            times = psutil.Process(running.bot.pid).cpu_times()
            processor.append(times.user + times.system)
            await running.bot.stop()
    return Result(
        (
            Figure("from start to ready, median", percentile(seconds, 50), "s", at_most=3),
            Figure("from start to ready, slowest", max(seconds), "s", at_most=3),
            Figure("processor time until ready, median", percentile(processor, 50), "s"),
        ),
        (f"{starts} starts, each a new process: imports, store, login, gateway, commands registered.",),
    )


BENCHMARK = Benchmark("ready", "the bot ready from its start", run)
