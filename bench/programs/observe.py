"""Run the programs as jobs of one sandbox bot, and observe what Discord and S3 get of each."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.programs.program import Program, files
from bench.stages.foreign_code import Code, foreign_stage
from bench.stages.sandbox import SandboxStage
from bot.domain.drawing.panel_layout import arrange
from bot.domain.metrics.metrics_table import Table
from deploy.sandbox.aws.resources import Clients
from deploy.sandbox.demo.view import Json, View, text_of

SECONDS = 180.0
AT_ONCE = 4
EPOCH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Observed:
    """What came of one program. `wrong` is why its plot is not the right one; empty if it is."""

    program: Program
    verdict: str
    live: float | None
    """Seconds from the first card with the project's metric to the job's end; None if no card had it before."""
    wrong: str
    kept: int

    @property
    def ran(self) -> bool:
        return " succeeded" in self.verdict

    @property
    def good(self) -> bool:
        return self.ran and self.live is not None and not self.wrong and self.kept == len(self.program.kept)


async def observe(programs: Sequence[Program], epoch_seconds: float = EPOCH_SECONDS) -> list[Observed]:
    """Run all of them, several at once. Raises NotSeenError if one doesn't end."""
    codes = [
        Code(slug(each), files(each), {**each.settings, "variables": {"EPOCH_SECONDS": str(epoch_seconds)}})
        for each in programs
    ]
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(stage: SandboxStage, program: Program, code: Code) -> Observed:
        async with turns:
            return await _observe(stage, program, await stage.train(f"/train project:{code.project} branch:main"))

    async with foreign_stage(codes, at_once=AT_ONCE) as stage:
        return list(await asyncio.gather(*(one(stage, *each) for each in zip(programs, codes, strict=True))))


def slug(program: Program) -> str:
    """The name of a program's project: `pytorch-examples-mnist`."""
    return re.sub(r"[^a-z0-9]+", "-", program.name.lower()).strip("-")


async def _observe(stage: SandboxStage, program: Program, job_id: str) -> Observed:
    def live_card(view: View) -> Json | None:
        card = view.card(job_id)
        return card if card is not None and f"\n{program.metric} " in text_of(card) else None

    shown = asyncio.create_task(stage.view.until(f"{program.metric} on {job_id}", live_card, SECONDS))
    result = await stage.view.until(f"the result of {job_id}", lambda view: view.end(job_id), SECONDS)
    live = await stage.ended_at(job_id) - edited_at(shown.result()) if shown.done() else None
    shown.cancel()
    stored = await asyncio.to_thread(_stored, stage, job_id)
    wrong = what_is_wrong(program, text_of(result), _description(result), stored.get("metrics.csv", b""))
    kept = sum(f"artifacts/{name}" in stored for name in program.kept)
    return Observed(program, text_of(result), live if live is not None and live > 0 else None, wrong, kept)


def what_is_wrong(program: Program, verdict: str, description: str, table: bytes) -> str:
    """What of a result with its picture is not right; empty if all of it is.

    `description` is the picture's alternative text, which names its curves, and `table` the stored `metrics.csv`.
    """
    unit, _, place = program.at.partition(" ")
    best = f"{program.metric} {program.best:g} at {program.at}"
    if best not in verdict:
        return f"its result should say {best}: {verdict}"
    if not description:
        return "it has no plot"
    curves = re.search(rf"curves of (.*) over {re.escape(unit)}\.", description)
    drawn = curves[1].split(", ") if curves is not None else []
    if missing := [column for column in program.columns if column not in drawn]:
        return f"{', '.join(missing)} not drawn over {unit}: {description}"
    if f"Best {best}" not in description:
        return f"the best is not marked at {place}: {description}"
    panels = [panel.columns for panel in arrange(Table.parse(table).columns)]
    if not any(set(panel) == set(program.columns) for panel in panels):
        return f"{' and '.join(program.columns)} are not one panel: {panels}"
    return ""


def edited_at(message: Json) -> float:
    """When the Discord stand-in accepted the last change of a message, in seconds since the epoch."""
    return datetime.fromisoformat(message["edited_timestamp"] or message["timestamp"]).timestamp()


def _description(result: Json) -> str:
    pictures = [each for each in result["attachments"] if each["filename"].endswith(".png")]
    return str(pictures[0].get("description") or "") if pictures else ""


def _stored(stage: SandboxStage, job_id: str) -> dict[str, bytes]:
    """The objects of a job by their names behind its prefix. Only the table is read."""
    aws = stage.sandbox.ready["aws"]
    s3 = Clients(aws["endpoint"]).s3
    found: dict[str, bytes] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=aws["bucket"]):
        for entry in page.get("Contents", ()):
            _, there, name = entry["Key"].partition(f"{job_id}/")
            if there:
                is_table = name == "metrics.csv"
                found[name] = s3.get_object(Bucket=aws["bucket"], Key=entry["Key"])["Body"].read() if is_table else b""
    return found
