"""`python -m bench`: measure what the README claims, the bot in the sandbox and the training by itself."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.benchmarks import (
    acknowledge,
    estimate,
    foreign_programs,
    guard_alarms,
    large_sweep,
    log_tail,
    plot_latency,
    row_latency,
    s3_traffic,
    search,
    startup,
    table_reader,
    training_speed,
    watched_files,
)
from bench.failing import failing_sweep
from bench.report import machine
from bench.report.figures import Benchmark, Figure, Result, Verdict

BENCHMARKS = {
    module.BENCHMARK.name: module.BENCHMARK
    for module in (
        startup,
        acknowledge,
        plot_latency,
        log_tail,
        foreign_programs,
        row_latency,
        watched_files,
        s3_traffic,
        table_reader,
        large_sweep,
        failing_sweep,
        search,
        estimate,
        guard_alarms,
        training_speed,
    )
}
_STYLES = {Verdict.GOOD: "green", Verdict.MISSED: "red", Verdict.NO_TARGET: "dim"}
WIDTH = 120
"""Columns if the output is not a terminal, so that no figure is cut off."""
_NAMES = typer.Argument(metavar="[NAME]...", help=f"Which of {', '.join(BENCHMARKS)}; all by default.")


def main(
    names: Annotated[list[str] | None, _NAMES] = None,
    *,
    small: Annotated[bool, typer.Option("--small", help="A short form of each; the figures mean little.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the figures to this file, as JSON.")] = None,
) -> None:
    """Run the benchmarks and print their figures. Exits with code 1 if a figure misses its target."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    results: dict[str, Result] = {}
    console.print(machine.describe())
    for benchmark in _chosen(names or []):
        results[benchmark.name] = _run(console, benchmark, small=small)
    if out is not None:
        out.write_text(json.dumps({name: _document(result) for name, result in results.items()}, indent=2) + "\n")
    missed = any(figure.verdict is Verdict.MISSED for result in results.values() for figure in result.figures)
    raise typer.Exit(1 if missed else 0)


def _chosen(names: list[str]) -> list[Benchmark]:
    for name in names:
        if name not in BENCHMARKS:
            raise typer.BadParameter(f"there is no benchmark {name!r}; choose from {', '.join(BENCHMARKS)}")
    return [BENCHMARKS[name] for name in names or BENCHMARKS]


def _run(console: Console, benchmark: Benchmark, *, small: bool) -> Result:
    load, began = machine.load(), time.monotonic()
    with console.status(f"{benchmark.name}: {benchmark.about}"):
        result = asyncio.run(benchmark.run(small=small))
    console.print(_table(benchmark, result))
    if result.lines:
        console.print(_listing(result.lines))
    for remark in result.remarks:
        console.print(f"  {remark}", style="dim", markup=False)
    took = f"Took {time.monotonic() - began:.0f} s; load average {load:.1f} before, {machine.load():.1f} after."
    console.print(f"  {took}", style="dim")
    return result


def _table(benchmark: Benchmark, result: Result) -> Table:
    table = Table(title=f"\n{benchmark.name}: {escape(benchmark.about)}", title_justify="left", title_style="bold")
    table.add_column("", min_width=48)
    for column in ("target", "measured", "verdict"):
        table.add_column(column, justify="right")
    for figure in result.figures:
        verdict = figure.verdict
        measured = f"{_number(figure.measured)} {figure.unit}"
        table.add_row(figure.what, _target(figure), measured, verdict.value, style=_STYLES[verdict])
    return table


def _listing(lines: Sequence[Mapping[str, str]]) -> Table:
    table = Table(*lines[0])
    for line in lines:
        table.add_row(*map(escape, line.values()))
    return table


def _target(figure: Figure) -> str:
    bounds = (("≥", figure.at_least), ("≤", figure.at_most))
    return " ".join(f"{sign} {_number(bound)} {figure.unit}" for sign, bound in bounds if bound is not None)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _document(result: Result) -> dict[str, object]:
    figures = [
        {"what": each.what, "measured": each.measured, "unit": each.unit, "verdict": each.verdict}
        for each in result.figures
    ]
    return {"figures": figures, "remarks": list(result.remarks), "lines": [dict(line) for line in result.lines]}


if __name__ == "__main__":
    typer.run(main)
