"""How long after a job's success its plot appears in the channel."""

from collections.abc import Sequence

from bench.report.figures import Benchmark, Figure, Result, percentile
from bench.stages.sandbox import SandboxStage, sandbox_stage

COMMAND = "/train branch:main epochs:2"
SECONDS = 120


async def run(*, small: bool) -> Result:
    """Run real trainings on the sandbox's trainer, one after the other, with Discord's limits in force."""
    count = 1 if small else 4
    async with sandbox_stage() as stage:
        seconds = [await _train(stage) for _ in range(count)]
    return Result(
        figures(seconds),
        (f"{count} jobs, from Batch's SUCCEEDED to the message with the picture in the stand-in's ledger.",),
    )


def figures(seconds: Sequence[float]) -> Sequence[Figure]:
    """From each job's success to its plot."""
    return (
        Figure("job's success to its plot, slowest", max(seconds), "s", at_most=3),
        Figure("job's success to its plot, median", percentile(seconds, 50), "s"),
    )


async def _train(stage: SandboxStage) -> float:
    """Run one job; return the seconds from its success to its plot. Raises RuntimeError if the result has no plot."""
    job_id = await stage.train(COMMAND)
    result = await stage.view.until(f"the result of {job_id}", lambda view: view.end(job_id), seconds=SECONDS)
    if not any(file["filename"].endswith(".png") for file in result["attachments"]):
        raise RuntimeError(f"the result of {job_id} has no plot: {result['content']}")
    return await stage.created_at(result) - await stage.succeeded_at(job_id)


BENCHMARK = Benchmark("plot", "from a job's success to its plot", run)
