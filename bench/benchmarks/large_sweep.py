"""A sweep of ten thousand trials whose bot is killed halfway: calls, messages, memory, and the card.

The trials end at random on a fake of AWS (`bench/fleet/`). The bot's pace is the one of production; the trials take
seconds instead of minutes, so more happens at a time than ever will in production.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp

from bench.fleet.board import read
from bench.fleet.grid import Grid
from bench.fleet.machines import Timeline
from bench.fleet.server import Settings
from bench.fleet.setup import FleetStage, fleet_stage
from bench.fleet.sweep_figures import Observed, call_figures, message_figures, process_figures, sweep_figures
from bench.fleet.truth import Truth
from bench.report.figures import Benchmark, Result
from bench.report.probe import Probe
from deploy.sandbox.botconfig import QUICK_PACE
from deploy.sandbox.demo.view import Json, buttons, text_of

CHANNEL = "training"
DOWN_SECONDS = 3.0
"""Between the kill and the next start."""
QUIET_SECONDS = 8.0
"""How long to wait after the last edit of the card for anything that might come twice."""
PATIENCE_SECONDS = 300.0
"""How long the result message may take after the last trial has ended."""


@dataclass(frozen=True, slots=True)
class SweepSize:
    grid: Grid
    settings: Settings
    pace: Mapping[str, float]


LARGE = SweepSize(Grid(100, 100), Settings(machines=500, mean=6.0, ramp=10.0, pull=1.0), {})
SMALL = SweepSize(Grid(20, 15), Settings(machines=60, mean=1.0, ramp=1.0, pull=0.3, lag=0.3, delay=1.0), QUICK_PACE)


async def run(*, small: bool) -> Result:
    size = SMALL if small else LARGE
    async with fleet_stage(size.grid, size.settings, size.pace) as stage:
        observed = await _play(stage, size)
        await stage.bot.stop()
        truth = Truth(stage.fleet.jobs.grid, _timelines(stage))
        figures = [
            *call_figures(stage.fleet.ledger),
            *message_figures(stage.times),
            *process_figures(observed.probes),
            *sweep_figures(observed, truth),
        ]
    return Result(figures, _remarks(size))


async def _play(stage: FleetStage, size: SweepSize) -> Observed:
    """Run the sweep from its command to its end, and kill the bot when half of the trials have ended."""
    await stage.bot.start()
    before = Probe(stage.bot.pid, f"{stage.bot.http_url}/metrics")
    async with before.watching():
        sweep_id = await start_sweep(stage, size.grid)
        ends = await _planned_ends(stage)
        await asyncio.sleep(max(0.0, ends[len(ends) // 2] - time.time()))
    stage.bot.kill()
    await stage.bot.wait()
    await asyncio.sleep(DOWN_SECONDS)
    await stage.bot.start()
    restarted_at = time.time()
    after = Probe(stage.bot.pid, f"{stage.bot.http_url}/metrics")
    async with after.watching():
        patience = max(0.0, ends[-1] - time.time()) + PATIENCE_SECONDS
        result = await stage.view.until(f"the result of {sweep_id}", lambda view: view.end(sweep_id), patience)
        result_at = time.time()
        await _wait_until_quiet(stage, sweep_id)
    files = {each["filename"]: await _download(each["url"]) for each in result["attachments"]}
    return Observed(
        sweep_id=sweep_id,
        table=files.get(f"{sweep_id}.csv", b""),
        pictures={"card": await _card_picture(stage, sweep_id), "result message": files.get(f"{sweep_id}.png", b"")},
        boards=[(at, read(message)) for at, message in stage.updates if _is_card(message, sweep_id)],
        restarted_at=restarted_at,
        result_at=result_at,
        results=[m for m in stage.view.messages.values() if text_of(m).startswith(f"{sweep_id} finished")],
        probes=[before, after],
    )


async def start_sweep(stage: FleetStage, grid: Grid) -> str:
    """Type the command and click Confirm; return the sweep's id."""
    command = f"/sweep {grid.text}"
    answer = await stage.mika.type(command, channel=CHANNEL, wait=True, timeout=30)
    preview = answer["message"]
    if answer["error"] or "Confirm" not in (found := buttons(preview)):
        raise RuntimeError(f"{command}: no Confirm in the answer {answer}")
    custom_id = found["Confirm"]
    await stage.mika.click(preview, custom_id, wait=True, timeout=30)
    return custom_id.rpartition(":")[2]


async def _planned_ends(stage: FleetStage) -> list[float]:
    """Return when the trials will have ended, in order; the fake plans it as soon as they are submitted."""
    async with asyncio.timeout(60):
        while not stage.fleet.jobs.submitted:  # noqa: ASYNC110  nothing signals it
            await asyncio.sleep(0.05)
    return sorted(timeline.ended_at for timeline in _timelines(stage).values())


async def _wait_until_quiet(stage: FleetStage, sweep_id: str) -> None:
    """Wait until the card shows the end and nothing has changed for `QUIET_SECONDS`."""
    await stage.view.until("the last card", lambda view: _final(view.card(sweep_id)), seconds=60)
    while time.time() - stage.updates[-1][0] < QUIET_SECONDS:  # noqa: ASYNC110  it waits for silence
        await asyncio.sleep(0.2)


def _final(card: Json | None) -> Json | None:
    return card if card is not None and "Finished" in text_of(card) and "Stop" not in buttons(card) else None


def _is_card(message: Json, sweep_id: str) -> bool:
    titled = any(sweep_id in (embed.get("title") or "") for embed in message.get("embeds", ()))
    return titled and not message.get("flags", 0) & 64


async def _card_picture(stage: FleetStage, sweep_id: str) -> bytes:
    """Return the card's picture; empty if it has none."""
    card = stage.view.card(sweep_id) or {}
    urls = [embed["image"]["url"] for embed in card.get("embeds", ()) if embed.get("image")]
    return await _download(urls[0]) if urls else b""


async def _download(url: str) -> bytes:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        response.raise_for_status()
        return await response.read()


def _timelines(stage: FleetStage) -> dict[int, Timeline]:
    """Return the trials' timelines by trial number, from all jobs that were submitted."""
    jobs = stage.fleet.jobs.submitted.values()
    return {trial.number: line for job in jobs for trial, line in zip(job.trials, job.timelines, strict=True)}


def _remarks(size: SweepSize) -> Sequence[str]:
    settings, grid = size.settings, size.grid
    pace = "the sandbox's" if size.pace else "that of production"
    return (
        f"{grid.trials:,} trials on {settings.machines} machines, {settings.mean:g} s each on average, at random;",
        "6.5 % of them fail in one of three ways or leave no metrics, and 1 % of the attempts lose their host.",
        f"The bot is killed (SIGKILL) when half of them have ended, and started again; its pace is {pace}.",
        "AWS is a fake that enforces AWS's limits: 50 SubmitJob, 10 Batch reads and 5 log reads per second;",
        "every state change of every trial also arrives as an event.",
        "Trials that take minutes produce less news at a time, and so fewer calls a minute.",
    )


BENCHMARK = Benchmark("sweep", "a sweep of 10,000 trials, the bot killed halfway", run)
