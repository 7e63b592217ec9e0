"""`make chaos`: the real bot through kills, faults and a flood of lines; a table of what was lost or doubled."""

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
"""Columns, where the output is not a terminal."""
DETAILS = 5
"""What is printed of each kind that is not 0."""


@dataclass(frozen=True, slots=True)
class PartResult:
    name: str
    accounts: Sequence[Comparison]
    did: Mapping[str, str]
    """What was done to the bot, in figures."""

    def wrong(self) -> list[str]:
        """A few words on each kind that is not 0."""
        found = {kind: [words for account in self.accounts for words in account.wrong[kind]] for kind in PROBLEM_KINDS}
        return [f"{self.name}: {kind}: {words}" for kind in PROBLEM_KINDS for words in found[kind][:DETAILS]]


def main(
    kill: Annotated[int, typer.Option("--kills", min=0, help="kill -9 on the bot, so often.")] = 1000,
    minutes: Annotated[float, typer.Option(min=0, help="Faults over HTTP, for so long.")] = 3,
    lines: Annotated[int, typer.Option(min=0, help="Lines that jobs print, in all.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Of the moments and the faults.")] = 1,
) -> None:
    """Runs the parts that are not 0. Exit code 1 where anything was lost or doubled."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    parts = asyncio.run(_run(console, kill, minutes, lines, seed))
    for part in parts:
        console.print(_table(part))
    wrong = [words for part in parts for words in part.wrong()]
    for words in wrong:
        console.print(words, style="red", markup=False)
    raise typer.Exit(1 if wrong else 0)


async def _run(console: Console, kill: int, minutes: float, lines: int, seed: int) -> list[PartResult]:
    with console.status("The sandbox starts") as status:
        return [
            *([await _kills(kill, seed, status.update)] if kill else ()),
            *([await _faults(60 * minutes, seed, status.update)] if minutes else ()),
            *([await _flood(lines, status.update)] if lines else ()),
        ]


async def _kills(count: int, seed: int, progress: Progress) -> PartResult:
    tally, account = await kills.run(count, seed, progress)
    did = {
        "kill -9": f"{tally.done:,}",
        "of them before the bot was ready": f"{tally.starting:,}",
        "a minute": f"{60 * tally.done / tally.seconds:.0f}",
        "settled after the last": f"{tally.settled:.0f} s",
    }
    return PartResult(f"Killed at any moment (seed {seed})", [account], did)


async def _faults(seconds: float, seed: int, progress: Progress) -> PartResult:
    injected, account = await faults.run(seconds, seed, progress)
    did = {kind: f"{count:,}" for kind, count in injected.counts.items()}
    total = {"faults in all": f"{injected.total:,}", "settled after the last": f"{injected.settled:.0f} s"}
    return PartResult(f"Faults over HTTP (seed {seed})", [account], did | total)


async def _flood(lines: int, progress: Progress) -> PartResult:
    flooded, accounts = await flood.run(lines, progress)
    printed = sum(account.lines for account in accounts)
    did = {"pieces": str(flooded.pieces), "lines a second, settled": f"{printed / flooded.seconds:,.0f}"}
    return PartResult("Very many lines", accounts, did)


def _table(part: PartResult) -> Table:
    table = Table(title=f"\n{part.name}", title_justify="left", title_style="bold", show_header=False)
    table.add_column(min_width=56)
    table.add_column(justify="right", min_width=12)
    for what, figure in {**part.did, **_told(part.accounts)}.items():
        table.add_row(what, figure)
    table.add_section()
    for kind in PROBLEM_KINDS:
        count = sum(account.counts[kind] for account in part.accounts)
        table.add_row(kind, f"{count:,}", style="red" if count else "green")
    return table


def _told(accounts: Sequence[Comparison]) -> dict[str, str]:
    return {
        "jobs": f"{sum(each.jobs for each in accounts):,}",
        "sweeps": f"{sum(each.sweeps for each in accounts):,}",
        "their trials": f"{sum(each.trials for each in accounts):,}",
        "jobs and sweeps with an answer that a person saw": f"{sum(each.confirmed for each in accounts):,}",
        "jobs and trials that failed, as they were to": f"{sum(each.failed for each in accounts):,}",
        "log lines printed": f"{sum(each.lines for each in accounts):,}",
    }


if __name__ == "__main__":
    typer.run(main)
