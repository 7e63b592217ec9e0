"""Run a program with a tool, or as Signalbox runs it, and see when its numbers and files are there."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from bench.peers.integrations import Integration, added_lines, integration, patched
from bench.peers.peer_programs import EPOCHS, LAST_LINE, METRIC, PeerProgram
from bench.peers.stores import environment, kept, values

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 240
_STEP_SECONDS = 0.2
OURS = "Signalbox"
CONFIG = {"metric": METRIC}
"""What the project's section has for a program, beside what every project has."""


@dataclass(frozen=True, slots=True)
class Seen:
    """`live` is how many epochs could be read while the last one ran, and `rows` how many there were in the end."""

    lines: int
    live: int
    rows: int
    kept: int
    trouble: str = ""


def run_with(tool: str, program: PeerProgram, interpreter: str, folder: Path) -> Seen:
    """Run the program with what the tool's documentation says to add, offline, in this empty folder."""
    added = integration(tool, program)
    (folder / "train.py").write_text(patched(program, added))
    watched = _Watched([interpreter, "train.py"], folder)
    live = watched.until_end(lambda: len(values(tool, folder)))
    return Seen(
        added_lines(program, added),
        live,
        len(values(tool, folder)),
        kept(tool, folder, program.kept),
        watched.trouble,
    )


def run_ours(program: PeerProgram, interpreter: str, folder: Path) -> Seen:
    """Run the program, as it is, by `signalbox try`: the trainer's own entrypoint with a folder in place of S3."""
    code, results = folder / "code", folder / "try"
    code.mkdir()
    (code / "train.py").write_text(patched(program, Integration()))
    for command in (["init", "-qb", "main"], ["add", "--all"], [*_AUTHOR, "commit", "-qm", "Train"]):
        subprocess.run(["git", *command], cwd=code, check=True)
    project = {
        "repository": "https://github.com/lab/demo.git",
        "command": [interpreter, "train.py"],
        "queue": "q",
        "job_definition": "d",
        "bucket": "b",
        **CONFIG,
    }
    (folder / "config.toml").write_text(tomli_w.dumps({"projects": {"demo": project}}))
    command = ["--config", str(folder / "config.toml"), "--folder", str(code), "--results", str(results)]
    watched = _Watched([sys.executable, "-m", "bot", "try", *command], folder)
    live = watched.until_end(
        lambda: len({found for _, line in list(watched.lines) for found in _ON_CARD.findall(line)})
    )
    stored = results / "results"
    table = stored / "metrics.csv"
    files = sum((stored / "artifacts" / name).is_file() or (stored / name).is_file() for name in program.kept)
    rows = len(table.read_text().splitlines()) - 1 if table.is_file() else 0
    return Seen(0, live, rows, files, watched.trouble)


_ON_CARD = re.compile(rf"card │.*?\b{METRIC} (\S+)")
_AUTHOR = ["-c", "user.name=demo", "-c", "user.email=demo@example.com"]


class _Watched:
    """A process with the times of its lines."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self.lines: list[tuple[float, str]] = []
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT) if "-m" in command else "", **environment(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def until_end(self, rows: Callable[[], int]) -> int:
        """Return how many rows there were before the last epoch ended, which the program's last line shows."""
        began = time.monotonic()
        counted = [(began, 0)]
        while self._process.poll() is None:
            counted.append((time.monotonic(), rows()))
            if time.monotonic() - began > MOST_SECONDS:
                self._process.kill()
            time.sleep(_STEP_SECONDS)
        self._reader.join()
        last = next((at for at, line in self.lines if LAST_LINE in line), began)
        return min(EPOCHS - 1, max(count for at, count in counted if at <= last))

    @property
    def trouble(self) -> str:
        """Why the run doesn't count, or nothing."""
        if self._process.returncode:
            return self.lines[-1][1] if self.lines else f"exit code {self._process.returncode}"
        return "" if any(LAST_LINE in line for _, line in self.lines) else "it never ended its training"

    def _read(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as output:
                for line in output:
                    self.lines.append((time.monotonic(), line.strip()))
