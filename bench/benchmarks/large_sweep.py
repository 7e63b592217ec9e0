"""A sweep of ten thousand trials, whose bot is killed in the middle: calls, messages, memory, and the board.

The trials end at random on a fake of AWS (`bench/fleet/`). The bot's pace is that of production; the trials take
seconds in place of minutes, so there is more news at a time than there ever will be.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from bench.fleet.board import Board, read
from bench.fleet.grid import Grid
from bench.fleet.limits import BATCH_READS, a_minute, worst
from bench.fleet.machines import Course
from bench.fleet.server import Settings
from bench.fleet.setup import Stage, stage
from bench.fleet.truth import Truth
from bench.report.figures import Benchmark, Figure, Result
from bench.report.probe import Probe
from deploy.sandbox.botconfig import QUICK_PACE
from deploy.sandbox.demo.view import Json, buttons, text_of

MB = 1_000_000
CHANNEL = "training"
DOWN_SECONDS = 3.0
"""Between the kill and the next start."""
QUIET_SECONDS = 8.0
"""After the last edit of the card: for what might come twice."""
PATIENCE_SECONDS = 300.0
"""For the end to be told after the last trial has ended."""


@dataclass(frozen=True, slots=True)
class Size:
    grid: Grid
    settings: Settings
    pace: Mapping[str, float]


LARGE = Size(Grid(100, 100), Settings(machines=500, mean=6.0, ramp=10.0, pull=1.0), {})
SMALL = Size(Grid(20, 15), Settings(machines=60, mean=1.0, ramp=1.0, pull=0.3, lag=0.3, delay=1.0), QUICK_PACE)


@dataclass(slots=True)
class Outcome:
    """What was seen. `boards` are all states of the card, with the time of each."""

    sweep_id: str
    table: bytes
    """The CSV file of the message on the end; empty where it has none."""
    pictures: Mapping[str, bytes]
    """Of the card, and of the message on the end; empty where it has none."""
    boards: list[tuple[float, Board]]
    restarted_at: float
    told_at: float
    memory: int = 0
    children: int = 0
    stall: float = 0.0
    processor_seconds: float = 0.0
    ends: list[Json] = field(default_factory=list)


async def run(*, small: bool) -> Result:
    size = SMALL if small else LARGE
    async with stage(size.grid, size.settings, size.pace) as on:
        outcome = await _played(on, size)
        await on.bot.stop()
        truth = Truth(size.grid, _courses(on))
        figures = [*_calls(on), *_messages(on), *_process(outcome), *_told(outcome, truth)]
    return Result(figures, _remarks(size))


# ---- what is done ----------------------------------------------------------------------------------------
async def _played(on: Stage, size: Size) -> Outcome:
    """The sweep from its command to its end, through a kill when half of its trials have ended."""
    probes = []
    await on.bot.start()
    probes.append(Probe(on.bot.pid, f"{on.bot.http_url}/metrics"))
    async with probes[0].running():
        sweep_id = await _confirmed(on, size.grid)
        ends = await _ends(on)
        await asyncio.sleep(max(0.0, ends[len(ends) // 2] - time.time()))
    on.bot.kill()
    await on.bot.wait()
    await asyncio.sleep(DOWN_SECONDS)
    await on.bot.start()
    restarted_at = time.time()
    probes.append(Probe(on.bot.pid, f"{on.bot.http_url}/metrics"))
    async with probes[1].running():
        patience = max(0.0, ends[-1] - time.time()) + PATIENCE_SECONDS
        end = await on.view.until(f"the end of {sweep_id}", lambda view: view.end(sweep_id), patience)
        told_at = time.time()
        await _quiet(on, sweep_id)
    files = {each["filename"]: await _fetched(each["url"]) for each in end["attachments"]}
    return Outcome(
        sweep_id=sweep_id,
        table=files.get(f"{sweep_id}.csv", b""),
        pictures={"card": await _picture(on, sweep_id), "end": files.get(f"{sweep_id}.png", b"")},
        boards=[(at, read(message)) for at, message in on.updates if _is_card(message, sweep_id)],
        restarted_at=restarted_at,
        told_at=told_at,
        memory=max(probe.memory for probe in probes),
        children=max(probe.children for probe in probes),
        stall=max(probe.stall for probe in probes),
        processor_seconds=sum(probe.processor_seconds for probe in probes),
        ends=[m for m in on.view.messages.values() if text_of(m).startswith(f"{sweep_id} swept")],
    )


async def _confirmed(on: Stage, grid: Grid) -> str:
    """Types the command and clicks Confirm; the sweep's id."""
    command = f"/sweep {grid.text}"
    outcome = await on.mika.type(command, channel=CHANNEL, wait=True, timeout=30)
    preview = outcome["message"]
    if outcome["error"] or "Confirm" not in (found := buttons(preview)):
        raise RuntimeError(f"{command}: no Confirm in the answer {outcome}")
    custom_id = found["Confirm"]
    await on.mika.click(preview, custom_id, wait=True, timeout=30)
    return custom_id.rpartition(":")[2]


async def _ends(on: Stage) -> list[float]:
    """When the trials will have ended, in order: known as soon as they are submitted."""
    async with asyncio.timeout(60):
        while not on.fleet.jobs.submitted:  # noqa: ASYNC110  there is nothing to wait on
            await asyncio.sleep(0.05)
    return sorted(course.ended_at for course in _courses(on).values())


async def _quiet(on: Stage, sweep_id: str) -> None:
    """Until the card has told the end, and nothing has changed for a while."""
    await on.view.until("the last card", lambda view: _final(view.card(sweep_id)), seconds=60)
    while time.time() - on.updates[-1][0] < QUIET_SECONDS:  # noqa: ASYNC110  it is the silence that is waited for
        await asyncio.sleep(0.2)


def _final(card: Json | None) -> Json | None:
    return card if card is not None and "Swept" in text_of(card) and "Stop" not in buttons(card) else None


def _is_card(message: Json, sweep_id: str) -> bool:
    titled = any(sweep_id in (embed.get("title") or "") for embed in message.get("embeds", ()))
    return titled and not message.get("flags", 0) & 64


async def _picture(on: Stage, sweep_id: str) -> bytes:
    """The card's; empty where it has none."""
    card = on.view.card(sweep_id) or {}
    urls = [embed["image"]["url"] for embed in card.get("embeds", ()) if embed.get("image")]
    return await _fetched(urls[0]) if urls else b""


async def _fetched(url: str) -> bytes:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        response.raise_for_status()
        return await response.read()


def _courses(on: Stage) -> dict[int, Course]:
    """By the trials' numbers, over all jobs that were submitted."""
    jobs = on.fleet.jobs.submitted.values()
    return {k.number: course for job in jobs for k, course in zip(job.known, job.courses, strict=True)}


# ---- figures ---------------------------------------------------------------------------------------------
def _calls(on: Stage) -> Iterable[Figure]:
    ledger = on.fleet.ledger
    counts, reads = ledger.counts, ledger.times(BATCH_READS)
    yield Figure("SubmitJob", counts["SubmitJob"], "calls", at_least=1, at_most=1)
    yield Figure("DescribeJobs and ListJobs, mean", a_minute(reads), "calls/min", at_most=600)
    yield Figure("DescribeJobs and ListJobs, worst minute", worst(reads), "calls/min", at_most=600)
    for action in (*BATCH_READS, "FilterLogEvents", "GetObject"):
        yield Figure(f"{action} in all", counts[action], "calls")
    yield Figure("calls that AWS refused as too many", ledger.throttled.total(), "calls", at_most=0)


def _messages(on: Stage) -> Iterable[Figure]:
    """Discord's limit for a channel is 5 of a kind in 5 s, so 60 a minute. What only the asker sees is not counted."""
    for kind, words in (("message.create", "messages"), ("message.edit", "edits of the card")):
        yield Figure(f"{words}, worst minute", worst(on.times(kind)), f"{words.split()[0]}/min", at_most=60)
    yield Figure("requests that Discord refused as too many", len(on.times("rate_limited")), "429", at_most=0)
    yield Figure("threads", len(on.times("thread.create")), "threads", at_least=1, at_most=1)


def _process(outcome: Outcome) -> Iterable[Figure]:
    yield Figure("memory of the bot's process, at most", outcome.memory / MB, "MB", at_most=250)
    yield Figure("memory of its children beside (drawing, git)", outcome.children / MB, "MB")
    yield Figure("a stall of the event loop, at most", 1000 * outcome.stall, "ms")
    yield Figure("processor time of the bot's process", outcome.processor_seconds, "s")


def _told(outcome: Outcome, truth: Truth) -> Iterable[Figure]:
    ends = sorted(course.ended_at for course in truth.courses.values())
    wrong = truth.wrong_rows(outcome.table, outcome.sweep_id)
    last = outcome.boards[-1][1]
    differs = [name for name in Board.__dataclass_fields__ if getattr(last, name) != getattr(truth.board, name)]
    before, after = _around(outcome, truth.grid.trials)
    yield Figure("trials that ended", len(ends), "trials", at_least=truth.grid.trials)
    yield Figure("all of them within", ends[-1] - min(c.attempts[0].begun for c in truth.courses.values()), "s")
    yield Figure("the last trial's end told after", outcome.told_at - ends[-1], "s")
    yield Figure("news on the card when it is shown, oldest", max(_ages(outcome.boards, ends), default=0.0), "s")
    yield Figure("trials that the board lost by the kill", max(0, before - after), "trials", at_most=0)
    yield Figure("boards that show what never was", len(_false(outcome.boards, ends, truth)), "boards", at_most=0)
    yield Figure("what is wrong on the board at the end", len(differs), "parts", at_most=0)
    yield Figure(f"rows of the CSV that are wrong, of {truth.grid.trials:,}", len(wrong), "rows", at_most=0)
    yield Figure("messages on the end", len(outcome.ends), "messages", at_least=1, at_most=1)
    for where, picture in outcome.pictures.items():
        yield Figure(f"picture of the {where}", len(picture) / 1000, "kB", at_least=1)


def _around(outcome: Outcome, trials: int) -> tuple[int, int]:
    """How many had ended by the last board before the restart, and by the first one after it."""
    shown = [(at, trials if board.ended is None else board.ended) for at, board in outcome.boards]
    before = [ended for at, ended in shown if at < outcome.restarted_at]
    after = [ended for at, ended in shown if at >= outcome.restarted_at]
    return before[-1], after[0]


def _ages(boards: Sequence[tuple[float, Board]], ends: Sequence[float]) -> Iterable[float]:
    """For each state of the card, how long ago it was true last."""
    for at, board in boards:
        if board.ended is not None and board.ended < len(ends):
            yield max(0.0, at - ends[board.ended])


def _false(boards: Sequence[tuple[float, Board]], ends: Sequence[float], truth: Truth) -> list[Board]:
    """More trials than had ended, or a leader with a value that it never told."""
    told = {known.number: {f"{value:.4g}" for value in known.values} for known in truth.grid.known}
    return [
        board
        for at, board in boards
        if (board.ended or 0) > bisect_right(ends, at)
        or any(value not in told[number] for number, value in board.leaders)
    ]


def _remarks(size: Size) -> Sequence[str]:
    settings, grid = size.settings, size.grid
    pace = "the sandbox's" if size.pace else "that of production"
    return (
        f"{grid.trials:,} trials on {settings.machines} machines, {settings.mean:g} s each on average, at random;",
        "6.5 % of them fail in three ways or leave no metrics, and 1 % of the attempts lose their host.",
        f"The bot is killed (SIGKILL) when half of them have ended, and started again; its pace is {pace}.",
        "AWS is a fake that holds to AWS's limits: 50 SubmitJob, 10 reads of Batch, 5 of the logs a second;",
        "every state change of every trial comes as an event, too.",
        "With trials of minutes there is less news at a time, and so there are fewer calls a minute.",
    )


BENCHMARK = Benchmark("sweep", "a sweep of 10,000 trials, the bot killed in the middle", run)
