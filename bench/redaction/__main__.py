"""`python -m bench.redaction FILE...`: how many lines of real logs are redacted though they hold no secret.

Without files, it collects what programs of this machine write: the hashes and names of installed packages, lines of
their sources as tracebacks show them, the names of all files, this repository's history, Python's list of imports, and
the logs in /var/log.
"""

import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Annotated

import typer

from trainer.redaction.redact import redacted_kinds
from trainer.redaction.stream import LineRedactor

_LINES_AT_ONCE = 500


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="Logs without secrets.")] = None,
    *,
    show: Annotated[int, typer.Option(help="Print this many of the lines that were changed.")] = 10,
) -> None:
    """Count the lines that redaction changes, and measure its speed. They are to be read: each may hold a secret."""
    lines = changed = 0
    kinds, seconds = Counter[str](), 0.0
    for name, text in _given(files) if files else _collected():
        found = list(text.splitlines())
        begun = time.process_time()
        hits = [(before, after) for before, after in _redacted(found) if before != after]
        seconds += time.process_time() - begun
        lines, changed = lines + len(found), changed + len(hits)
        typer.echo(f"{len(found):>9,} lines  {len(hits):>5} changed  {name}")
        for before, after in hits:
            kinds.update(redacted_kinds(after))
            if show > 0:
                show -= 1
                typer.echo(f"          {before.strip()[:160]}\n       -> {after.strip()[:160]}")
    typer.echo(
        f"{lines:>9,} lines  {changed:>5} changed  in all: {changed / max(lines, 1) * 100_000:.2f} in 100,000;"
        f" {lines / max(seconds, 1e-6):,.0f} lines/s"
    )
    typer.echo(", ".join(f"{kind}: {count}" for kind, count in kinds.most_common()))


def _redacted(lines: list[str]) -> Iterator[tuple[str, str]]:
    redactor = LineRedactor()
    for begin in range(0, len(lines), _LINES_AT_ONCE):
        part = lines[begin : begin + _LINES_AT_ONCE]
        yield from zip(part, redactor.redact_all(part), strict=True)


def _given(files: list[Path]) -> Iterator[tuple[str, str]]:
    for file in files:
        yield str(file), file.read_text(errors="replace")


def _collected() -> Iterator[tuple[str, str]]:
    records = [distribution.read_text("RECORD") or "" for distribution in distributions()]
    yield "hashes and names of installed packages", "\n".join(records)
    yield "lines of their sources", "\n".join(_sources())
    yield "names of files", _printed("find", "/usr", "/etc", "/opt", "-xdev")
    yield "this repository's history", _printed("git", "log", "--stat", "--no-color")
    yield "Python's list of imports", _printed(sys.executable, "-v", "-c", "import torch, discord, aiobotocore")
    for file in sorted(Path("/var/log").rglob("*.log")):
        yield str(file), file.read_text(errors="replace")


def _sources() -> Iterator[str]:
    """Every twentieth of them."""
    for file in sorted(Path(sysconfig.get_path("purelib")).rglob("*.py"))[::20]:
        yield file.read_text(errors="replace")


def _printed(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode(errors="replace")


if __name__ == "__main__":
    typer.run(main)
