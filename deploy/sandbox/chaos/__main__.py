"""`make chaos`: run the real bot through kills, faults and a flood of log lines; print what was lost or duplicated."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.sandbox.chaos import faults, flood, kills
from deploy.sandbox.chaos.compare_jobs import PROBLEM_KINDS, Comparison

Progress = Callable[[str], None]
WIDTH = 120
"""Columns if the output is not a terminal."""
DETAILS = 5
"""Examples to print of each kind of problem."""


@dataclass(frozen=True, slots=True)
class PartResult:
    name: str
    comparisons: Sequence[Comparison]
    figures: Mapping[str, str]
    """What was done to the bot: figures by description."""

    def problems(self) -> list[str]:
        """A few examples of each kind of problem."""
        found = {kind: [words for each in self.comparisons for words in each.problems[kind]] for kind in PROBLEM_KINDS}
        return [f"{self.name}: {kind}: {words}" for kind in PROBLEM_KINDS for words in found[kind][:DETAILS]]


def main(
    kill: Annotated[int, typer.Option("--kills", min=0, help="How often to kill the bot (kill -9).")] = 1000,
    minutes: Annotated[float, typer.Option(min=0, help="Minutes of faults over HTTP.")] = 3,
    lines: Annotated[int, typer.Option(min=0, help="Log lines that jobs print, in total.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Seed for the timing and the faults.")] = 1,
) -> None:
    """Run the parts that are not 0. The exit code is 1 if anything was lost or duplicated."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    parts = asyncio.run(_run(console, kill, minutes, lines, seed))
    for part in parts:
        console.print(_table(part))
    problems = [words for part in parts for words in part.problems()]
    for words in problems:
        console.print(words, style="red", markup=False)
    raise typer.Exit(1 if problems else 0)


async def _run(console: Console, kill: int, minutes: float, lines: int, seed: int) -> list[PartResult]:
    with console.status("Starting the sandbox") as status:
        return [
            *([await _kills(kill, seed, status.update)] if kill else ()),
            *([await _faults(60 * minutes, seed, status.update)] if minutes else ()),
            *([await _flood(lines, status.update)] if lines else ()),
        ]


async def _kills(count: int, seed: int, progress: Progress) -> PartResult:
    tally, comparison = await kills.run(count, seed, progress)
    figures = {
        "kills": f"{tally.done:,}",
        "of these before the bot was ready": f"{tally.starting:,}",
        "kills a minute": f"{60 * tally.done / tally.seconds:.0f}",
        "last kill until everything was done": f"{tally.settled:.0f} s",
    }
    return PartResult(f"Killed at any moment (seed {seed})", [comparison], figures)


async def _faults(seconds: float, seed: int, progress: Progress) -> PartResult:
    injected, comparison = await faults.run(seconds, seed, progress)
    figures = {kind: f"{count:,}" for kind, count in injected.counts.items()}
    total = {
        "faults in total": f"{injected.total:,}",
        "last fault until everything was done": f"{injected.settled:.0f} s",
    }
    return PartResult(f"Faults over HTTP (seed {seed})", [comparison], figures | total)


async def _flood(lines: int, progress: Progress) -> PartResult:
    flooded, comparisons = await flood.run(lines, progress)
    printed = sum(each.lines for each in comparisons)
    figures = {
        "batches": str(flooded.batches),
        "lines a second, until everything was done": f"{printed / flooded.seconds:,.0f}",
    }
    return PartResult("A flood of log lines", comparisons, figures)


def _table(part: PartResult) -> Table:
    table = Table(title=f"\n{part.name}", title_justify="left", title_style="bold", show_header=False)
    table.add_column(min_width=56)
    table.add_column(justify="right", min_width=12)
    for what, figure in {**part.figures, **_totals(part.comparisons)}.items():
        table.add_row(what, figure)
    table.add_section()
    for kind in PROBLEM_KINDS:
        count = sum(each.counts[kind] for each in part.comparisons)
        table.add_row(kind, f"{count:,}", style="red" if count else "green")
    return table


def _totals(comparisons: Sequence[Comparison]) -> dict[str, str]:
    return {
        "jobs": f"{sum(each.jobs for each in comparisons):,}",
        "sweeps": f"{sum(each.sweeps for each in comparisons):,}",
        "trials of these sweeps": f"{sum(each.trials for each in comparisons):,}",
        "jobs and sweeps whose reply a person saw": f"{sum(each.confirmed for each in comparisons):,}",
        "jobs and trials that failed as intended": f"{sum(each.failed for each in comparisons):,}",
        "log lines printed": f"{sum(each.lines for each in comparisons):,}",
    }


if __name__ == "__main__":
    typer.run(main)
