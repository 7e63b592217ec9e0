"""`python -m bench.peers --tools <python>`: compare, and write the table into docs/training-code.md.

The tools are no dependency of this project. Give them an environment of their own:

    python3.11 -m venv /tmp/tools
    /tmp/tools/bin/pip install clearml==2.1.12 mlflow==3.17.2 wandb==0.31.0 tensorboard==2.21.0 torch lightning

What is missing there is left out. No tool reaches its server: all of them write to a folder that is removed at the end.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bench.peers.integrations import PACKAGES, TENSORBOARD
from bench.peers.peer_programs import PROGRAMS, PeerProgram
from bench.peers.peer_runs import OURS, Seen, run_ours, run_with
from bench.peers.peer_table import BEGIN, END, heading, row
from bench.programs.listing import DOCS, markdown, replaced

AT_ONCE = 6
"""Programs that run side by side. They sleep most of the time."""
_VERSIONS = """
import sys
from importlib.metadata import PackageNotFoundError, version
for name in sys.argv[1:]:
    try:
        print(name, version(name))
    except PackageNotFoundError:
        pass
"""


def main(
    tools: Annotated[Path, typer.Option("--tools", help="The Python that has the tools.")],
    *,
    write: Annotated[bool, typer.Option(help="Write the table into docs/training-code.md.")] = True,
) -> None:
    """Run the same programs with ClearML, MLflow, W&B, TensorBoard and Signalbox, and compare."""
    found = versions(tools)
    programs = [program for program in PROGRAMS if all(name in found for name in program.needs)]
    for program in PROGRAMS:
        if program not in programs:
            print(f"left out, as {tools} lacks one of {', '.join(program.needs)}: {program.name}", file=sys.stderr)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = list(pool.map(lambda program: compared(program, str(tools), found), programs))
    named = {tool: found[package] for tool, package in PACKAGES.items() if package in found}
    table = markdown([row(program, each) for program, each in zip(programs, seen, strict=True)])
    text = heading(named, f"{datetime.now(UTC):%Y-%m-%d}") + table
    print(text, end="")
    if write and len(programs) == len(PROGRAMS) and set(named) == set(PACKAGES):
        DOCS.write_text(replaced(DOCS.read_text(), BEGIN, END, text))
    raise SystemExit(1 if any(each.trouble for line in seen for each in line.values()) else 0)


def compared(program: PeerProgram, interpreter: str, found: Mapping[str, str]) -> Mapping[str, Seen]:
    """What each tool that is there showed of this program, one after the other."""
    seen = {}
    for tool in (OURS, *PACKAGES):
        if tool != OURS and not _usable(tool, found):
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            if tool == OURS:
                seen[tool] = run_ours(program, interpreter, Path(folder))
            else:
                seen[tool] = run_with(tool, program, interpreter, Path(folder))
        print(f"{program.name}, {tool}: {seen[tool]}", file=sys.stderr)
    return seen


def versions(tools: Path) -> Mapping[str, str]:
    """The versions of the packages that are there, by package."""
    wanted = sorted({*PACKAGES.values(), *(name for program in PROGRAMS for name in program.needs)})
    done = subprocess.run([str(tools), "-c", _VERSIONS, *wanted], capture_output=True, text=True, check=True)
    return {name: number for name, _, number in (line.partition(" ") for line in done.stdout.splitlines())}


def _usable(tool: str, found: Mapping[str, str]) -> bool:
    return PACKAGES[tool] in found and (tool != TENSORBOARD or "torch" in found)


if __name__ == "__main__":
    typer.run(main)
