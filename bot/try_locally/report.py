"""What a try prints: the card, the result, the plot, and the files that would be kept."""

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from bot.adapters.drawing.drawing_process import ProcessFigures
from bot.chat.cards.job_card import card
from bot.chat.cards.verdict import verdict
from bot.domain.drawing.figures import Curve, FigureRequest
from bot.domain.metrics.metrics_table import Table
from bot.domain.model.job import Job
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.try_locally.job_process import Place
from trainer.contract import METRICS_CSV

_MOST_FILES = 20
_OF_THE_BOT = ("claim.json",)


def say(console: Console, text: str, style: str = "") -> None:
    """Print text as it is: it comes from the training code."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def report(job: Job, project: Project, place: Place, console: Console) -> None:
    """Print the card, the result, the plot's place and the kept files."""
    say(console, "\nThe card at the end:")
    for line in card_lines(job, project):
        say(console, f"  │ {line}", style="cyan")
    say(console, f"\nThe result: {_plain(str(verdict(job, project)))}")
    csv = content(place.results / METRICS_CSV)
    if csv and Table.parse(csv, project.columns).columns:
        say(console, asyncio.run(_drawn(job, project, csv, place)))
    files = sorted(path for path in place.results.rglob("*") if path.is_file() and not _is_ours(path, place))
    say(console, f"\nKept, {len(files)} file{'' if len(files) == 1 else 's'} in {place.results}:")
    for path in files[:_MOST_FILES]:
        say(console, f"  {path.relative_to(place.results)}  {_size(path.stat().st_size)}")
    if len(files) > _MOST_FILES:
        say(console, f"  and {len(files) - _MOST_FILES:,} more")


async def _drawn(job: Job, project: Project, csv: bytes, place: Place) -> str:
    """Draw the plot that would be posted. Returns where it is, and the remarks on it."""
    request = FigureRequest(
        title=f"{project.name} {job.id}",
        subtitle=f"{job.run.commit.branch}@{job.run.commit.short}",
        curves=(Curve(job.id, csv, project.columns or None),),
        metric=project.metric,
        maximize=project.maximize,
    )
    try:
        async with AsyncExitStack() as stack:
            drawing = await (await stack.enter_async_context(ProcessFigures())).draw(request)
    except ServiceError as error:
        return f"The plot could not be drawn: {error}"
    if drawing.png is None:
        return " ".join(["No plot.", *drawing.remarks])
    plot = place.root / "plot.png"
    plot.write_bytes(drawing.png)
    return " ".join([f"The plot: {plot}.", *drawing.remarks])


def card_lines(job: Job, project: Project) -> list[str]:
    """The card's lines, as text for a terminal."""
    embed = card(job, project)
    return [line for line in map(_plain, [embed.title or "", *(embed.description or "").split("\n")]) if line]


def progress_line(job: Job, project: Project) -> str:
    """What moves on the card: the lines below the empty one."""
    description = card(job, project).description or ""
    return " · ".join(filter(None, map(_plain, description.partition("\n\n")[2].split("\n"))))


def _plain(text: str) -> str:
    """Without Discord's markup."""
    text = re.sub(r"( · ETA )?<t:\d+:R>|<@\d+>", "", text).replace("**", "").replace("`", "")
    return re.sub(r"\\(.)", r"\1", text).rstrip(" ·")


def _is_ours(path: Path, place: Place) -> bool:
    name = path.relative_to(place.results)
    return name.parts[0].startswith(".") or str(name) in _OF_THE_BOT


def content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _size(count: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:,} {unit}"
        count = round(count / 1024)
    return f"{count:,} GiB"
