"""From the moment a program writes a row until Discord has accepted the card that shows it, by source."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

from bench.programs.observe import edited_at
from bench.programs.sources import NOTED, SOURCES, Source, files
from bench.report.figures import Benchmark, Figure, Result, percentile
from bench.stages.foreign_code import Code, foreign_stage
from bench.stages.sandbox import SandboxStage
from deploy.sandbox import session
from deploy.sandbox.aws import resources
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import Clients
from deploy.sandbox.demo.view import Json, text_of

MOST_SECONDS = 5.0
ROWS = 12
CHANNELS = ("training", "lab")
AT_ONCE = 4
"""Two jobs in each channel: Discord takes five edits in 5 s there."""
SECONDS = 300.0
AWS_FLUSH_SECONDS = 5.0
WITH_AWS_DRIVER = ("report()", "CSV")
_SCORE = re.compile(r"^score (\d+)", re.MULTILINE)


async def run(*, small: bool) -> Result:
    """The bot keeps its default pace, and Discord's limits are in force."""
    sources, rows = (SOURCES[2:3], 3) if small else (SOURCES, ROWS)
    found = [_figures(source.name, each) for source, each in zip(sources, await measure(sources, rows), strict=True)]
    if not small:
        some = [source for source in SOURCES if source.name in WITH_AWS_DRIVER]
        slow = await measure(some, rows, flush_seconds=AWS_FLUSH_SECONDS)
        found += [_figures(f"{source.name}, AWS's driver", each, None) for source, each in zip(some, slow, strict=True)]
    return Result(
        [figure for each in found for figure in each],
        (
            f"{rows} rows from each source, 1.7 to 4.7 s apart, two jobs in a channel, the bot's default pace.",
            "From the write, flushed, to the edit in the Discord stand-in that shows this row or a later one.",
            "AWS's driver: with the 5 s for which Docker's awslogs driver holds lines back by default.",
        ),
    )


async def measure(sources: Sequence[Source], rows: int, flush_seconds: float | None = None) -> list[list[float]]:
    """Return the seconds of each row, by source. Raises NotSeenError if a job doesn't end."""
    codes = [
        Code(
            f"s{number}",
            files(each),
            {**each.settings, "metric": "score", "goal": "maximize", "variables": {"ROWS": str(rows)}},
        )
        for number, each in enumerate(sources)
    ]
    turns = asyncio.Semaphore(AT_ONCE)
    cards = Cards()

    async def one(stage: SandboxStage, project: str, channel: str) -> list[float]:
        async with turns:
            job_id = await stage.train(f"/train project:{project} branch:main", channel=channel)
            await stage.view.until(f"the result of {job_id}", lambda view: view.end(job_id), SECONDS)
            return delays(await asyncio.to_thread(_noted, stage, job_id), cards.of(job_id))

    async with foreign_stage(
        codes, at_once=AT_ONCE, pace={}, aws=_settings(flush_seconds), on_event=cards.add
    ) as stage:
        places = zip(codes, cycle(CHANNELS), strict=False)
        return list(await asyncio.gather(*(one(stage, code.project, channel) for code, channel in places)))


class Cards:
    """What each version of a card showed, and when."""

    def __init__(self) -> None:
        self._seen: list[tuple[str, float, int]] = []

    def add(self, event: Json) -> None:
        """Take an event of the gateway."""
        message = event["d"]
        if event["t"] == "MESSAGE_UPDATE" and (match := _SCORE.search(text := text_of(message))):
            self._seen.append((text, edited_at(message), int(match[1])))

    def of(self, job_id: str) -> list[tuple[float, int]]:
        """Time and highest row of each version of a job's card, in order."""
        return [(at, row) for text, at, row in self._seen if job_id in text]


def delays(written: Sequence[float], shown: Sequence[tuple[float, int]]) -> list[float]:
    """Return the seconds from each row's write to the first card with it or a later one. Raises RuntimeError if
    there is none."""
    found = []
    for row, at in enumerate(written, 1):
        edited = next((edit for edit, newest in shown if newest >= row), None)
        if edited is None:
            raise RuntimeError(f"row {row} of {len(written)} was never on the card: {shown}")
        found.append(edited - at)
    return found


def _figures(name: str, seconds: Sequence[float], at_most: float | None = MOST_SECONDS) -> Iterator[Figure]:
    yield Figure(f"{name}: median", percentile(seconds, 50), "s")
    yield Figure(f"{name}: longest", max(seconds), "s", at_most=at_most)


def _settings(flush_seconds: float | None) -> Settings | None:
    if flush_seconds is None:
        return None
    images: Mapping[str, tuple[str, ...]] = {resources.TRAINER_IMAGE: session.ENTRYPOINT}
    return Settings(images=images, log_flush_seconds=flush_seconds)


def _noted(stage: SandboxStage, job_id: str) -> list[float]:
    """When each row was written, in seconds since the epoch."""
    aws = stage.sandbox.ready["aws"]
    s3 = Clients(aws["endpoint"]).s3
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=aws["bucket"])["Contents"]]
    [key] = [key for key in keys if job_id in key and key.endswith(NOTED)]
    body = s3.get_object(Bucket=aws["bucket"], Key=key)["Body"].read()
    return [float(line) for line in body.decode().split()]


BENCHMARK = Benchmark("live", "from a written row to the card that shows it", run)
