"""How long after a job's success its plot is in the channel."""

from bench.report.figures import Benchmark, Figure, Result, percentile
from bench.stages.sandbox import Stage, stage

COMMAND = "/train branch:main epochs:2"
SECONDS = 120


async def run(*, small: bool) -> Result:
    """Real training by the sandbox's trainer, one job after the other, with Discord's limits as they are."""
    count = 1 if small else 4
    async with stage() as on:
        seconds = [await _one(on) for _ in range(count)]
    return Result(
        (
            Figure("from the job's success to its plot, slowest", max(seconds), "s", at_most=3),
            Figure("median", percentile(seconds, 50), "s"),
        ),
        (f"{count} jobs, from Batch's SUCCEEDED to the message with the picture in the stand-in's ledger.",),
    )


async def _one(on: Stage) -> float:
    job_id = await on.train(COMMAND)
    told = await on.view.until(f"the end of {job_id}", lambda view: view.end(job_id), seconds=SECONDS)
    if not any(file["filename"].endswith(".png") for file in told["attachments"]):
        raise RuntimeError(f"the end of {job_id} has no plot: {told['content']}")
    return await on.created_at(told) - await on.succeeded_at(job_id)


BENCHMARK = Benchmark("plot", "the plot after a job's success", run)
