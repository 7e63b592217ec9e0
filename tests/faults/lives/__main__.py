"""`python -m tests.faults.lives`: 10,000 random lives of jobs, judged by what the machines did; docs/money.md has its
figures.

`--life 1234` plays the world of one of them again and prints its story. `--without silent` takes a guard out; `--each`
does so with each in turn.
"""

import sys
from typing import Annotated

import typer

from tests.faults.lives.played import Played, play_many, told
from tests.faults.lives.switches import Guard
from tests.faults.lives.world import PER_WORLD, World

LINES = 20
COLUMNS = ("hours beyond", "orphans", "above caps", "leaks", "sent twice", "in a pause", "false alarms")


def main(
    *,
    lives: Annotated[int, typer.Option(help="How many commands.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Another seed, other lives.")] = 1,
    life: Annotated[int | None, typer.Option(help="Play the world of this one alone, and tell its story.")] = None,
    without: Annotated[Guard | None, typer.Option(help="Take this guard out.")] = None,
    each: Annotated[bool, typer.Option("--each", help="Take each guard out in turn.")] = False,
    processes: Annotated[int, typer.Option(help="Side by side.")] = 2,
) -> None:
    """Exit with code 1 if anything is found, or with a guard taken out if nothing is."""
    if life is not None:
        _tell(seed, life, without)
        return
    print(f"{'':<14} {'lives':>7} {'started':>8} {'hours':>9}", *(f"{name:>13}" for name in COLUMNS))
    wrong = []
    for guard in Guard if each else [without]:
        found = Played()
        for world in play_many(seed, lives, guard, processes=processes):
            found.add(world)
            print(f"{found.lives:,} lives, found {found.verdict.numbers}", end="\r", file=sys.stderr)
        _print(guard, found)
        if any(found.verdict.numbers) is (guard is None):
            wrong.append(guard)
    raise typer.Exit(1 if wrong else 0)


def _print(guard: Guard | None, found: Played) -> None:
    verdict, hours = found.verdict, found.machine_seconds / 3_600
    numbers = verdict.excess_seconds / 3_600, *verdict.numbers[1:]
    name = f"no {guard}" if guard else "as it is"
    print(f"{name:<14} {found.lives:>7,} {found.accepted:>8,} {hours:>9,.0f}", *(f"{n:>13,.2f}" for n in numbers))
    for line in verdict.why[:LINES] if guard is None else ():
        print(f"  {line}")


def _tell(seed: int, life: int, without: Guard | None) -> None:
    world = World(seed, life // PER_WORLD, without=without)
    _print(without, told(world))
    for at, what in world.story:
        if not what.startswith("l") or what.startswith(f"l{life}:"):
            print(f"{at:>8,.0f} s  {what}")
    for line in world.judge.history(f"l{life}"):
        print(f"            {line}")


if __name__ == "__main__":
    typer.run(main)
