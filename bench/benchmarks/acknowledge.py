"""How soon commands are acknowledged when many come at once."""

import asyncio
import time

from bench.report.figures import Benchmark, Figure, Result, percentile
from bench.stages.sandbox import CHANNEL, Stage, stage
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.discord.limits.settings import UNLIMITED
from deploy.sandbox.discord.protocol.wire import Json

COMMAND = "/train branch:main lr:0.1"
NO_HOSTS = Settings(images={}, capacity_reason="CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - no host for a benchmark")
SUBMITTED_SECONDS = 120


async def run(*, small: bool) -> Result:
    """`/train` is the command with the most behind it: git, the store, Batch, a card and a thread."""
    count = 10 if small else 200
    async with stage(limits=UNLIMITED, aws=NO_HOSTS) as on:
        began = time.perf_counter()
        outcomes = await asyncio.gather(*(on.mika.type(COMMAND, channel=CHANNEL) for _ in range(count)))
        submitted = await _submitted(on, count, began)
    failed = [outcome for outcome in outcomes if outcome["state"] != "acknowledged"]
    if failed:
        raise RuntimeError(f"{len(failed)} of {count} commands were not acknowledged: {failed[0]['error']}")
    times = [outcome["acknowledged_ms"] for outcome in outcomes]
    return Result(
        (
            Figure(f"acknowledgement of {count} commands, p99", percentile(times, 99), "ms", at_most=300),
            Figure("p50", percentile(times, 50), "ms"),
            Figure("slowest", max(times), "ms"),
            Figure("all submitted to Batch, each once", submitted, "s"),
        ),
        (
            f"{count} people type {COMMAND} at the same moment.",
            "Discord's rate limits and the check against its OpenAPI document are off; no host is found for the jobs.",
        ),
    )


async def _submitted(on: Stage, count: int, began: float) -> float:
    """Seconds until each command has its Batch job. RuntimeError where there are more, or too few in time."""
    async with asyncio.timeout(SUBMITTED_SECONDS):
        while len(calls := await on.aws_ledger("job.submit")) < count:  # noqa: ASYNC110  the ledger is another process
            await asyncio.sleep(0.25)
    seconds = time.perf_counter() - began
    names = {_name(call) for call in calls}
    if len(calls) != count or len(names) != count:
        raise RuntimeError(f"{count} commands made {len(calls)} SubmitJob calls with {len(names)} names")
    return seconds


def _name(call: Json) -> str:
    return str(call["jobName"])


BENCHMARK = Benchmark("ack", "many commands at once", run)
