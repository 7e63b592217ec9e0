"""How fast commands are acknowledged when many arrive at once."""

import asyncio
import time
from collections.abc import Sequence

from bench.report.figures import Benchmark, Figure, Result, percentile
from bench.stages.sandbox import CHANNEL, SandboxStage, sandbox_stage
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.discord.limits.settings import UNLIMITED
from deploy.sandbox.discord.protocol.wire import Json

COMMAND = "/train branch:main lr:0.1"
NO_HOSTS = Settings(images={}, capacity_reason="CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - no host for a benchmark")
SUBMITTED_SECONDS = 120


async def run(*, small: bool) -> Result:
    """Type many `/train` at once: the command that does the most (git, the store, Batch, a card and a thread)."""
    count = 10 if small else 200
    async with sandbox_stage(limits=UNLIMITED, aws=NO_HOSTS) as stage:
        began = time.perf_counter()
        answers = await asyncio.gather(*(stage.mika.type(COMMAND, channel=CHANNEL) for _ in range(count)))
        calls = await _submissions(stage, count)
        submitted_seconds = time.perf_counter() - began
    check_submissions(calls, count)
    return Result(
        figures(answers, submitted_seconds),
        (
            f"{count} people type {COMMAND} at the same moment.",
            "Discord's rate limits and the check against its OpenAPI document are off; no host is found for the jobs.",
        ),
    )


def figures(answers: Sequence[Json], submitted_seconds: float) -> Sequence[Figure]:
    """Raises RuntimeError if a command was not acknowledged."""
    failed = [answer for answer in answers if answer["state"] != "acknowledged"]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(answers)} commands were not acknowledged: {failed[0]['error']}")
    times = [answer["acknowledged_ms"] for answer in answers]
    return (
        Figure(f"acknowledgement of {len(answers)} commands, p99", percentile(times, 99), "ms", at_most=300),
        Figure("acknowledgement, p50", percentile(times, 50), "ms"),
        Figure("acknowledgement, slowest", max(times), "ms"),
        Figure("until each command has its one Batch job", submitted_seconds, "s"),
    )


def check_submissions(calls: Sequence[Json], count: int) -> None:
    """Raises RuntimeError unless each of `count` commands made exactly one SubmitJob call, with a name of its own."""
    names = {str(call["jobName"]) for call in calls}
    if len(calls) != count or len(names) != count:
        raise RuntimeError(f"{count} commands made {len(calls)} SubmitJob calls with {len(names)} names")


async def _submissions(stage: SandboxStage, count: int) -> list[Json]:
    """Wait for `count` SubmitJob calls. Raises TimeoutError if there are fewer in time."""
    async with asyncio.timeout(SUBMITTED_SECONDS):
        while len(calls := await stage.aws_ledger("job.submit")) < count:  # noqa: ASYNC110  polled: another process
            await asyncio.sleep(0.25)
    return calls


BENCHMARK = Benchmark("ack", "many commands at once", run)
