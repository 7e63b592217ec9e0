"""Run programs with the trainer's own entrypoint, and record every line of their logs with its time."""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.programs.listed import PROGRAMS
from bench.programs.program import Program, files
from bench.stages.foreign_code import commit
from bot.config.projects.project import ProjectSettings, project
from bot.domain.model.run import Commit
from bot.domain.parameters import Value
from bot.domain.project import Project
from bot.try_locally.job_process import JobProcess, Place

EPOCH_SECONDS = 2.0
AT_ONCE = 2
DEMO = Path("deploy/sandbox/training/main")
RATES = (0.001, 0.1, 1.0, 3.0)
"""Of the demo: from one that learns slowly to one that hardly learns at all."""
_COMMON = {
    "repository": "https://example.org/guard.git",
    "command": [sys.executable, "train.py"],
    "queue": "queue",
    "job_definition": "trainer",
    "bucket": "bucket",
}


@dataclass(frozen=True, slots=True)
class Training:
    """A repository's files, and how it is run."""

    name: str
    files: Mapping[str, str]
    project: Project
    parameters: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """`lines` are times in seconds since the first line, and texts."""

    training: Training
    lines: Sequence[tuple[float, str]]
    exit_code: int | None


def trainings(*, small: bool) -> list[Training]:
    programs = PROGRAMS[:3] if small else PROGRAMS
    return [*map(_of_program, programs), *_of_demo(RATES[1:2] if small else RATES)]


def record(chosen: Sequence[Training]) -> list[Recording]:
    """Run all of them, a few at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(_record, chosen))


def _record(training: Training) -> Recording:
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "code"
        sha = commit(repository, training.files)
        place = Place(Path(folder) / "run")
        head = Commit(sha, "main")
        process = JobProcess(training.project, head, training.parameters, repository, place, install=False)
        began = time.monotonic()
        lines = [(time.monotonic() - began, line) for line in process.lines()]
        return Recording(training, lines, process.exit_code)


def _of_program(program: Program) -> Training:
    variables = {"EPOCH_SECONDS": str(EPOCH_SECONDS)}
    return Training(program.name, files(program), _project({"variables": variables, **program.settings}))


def _of_demo(rates: Sequence[float]) -> Iterator[Training]:
    sources = {path.name: path.read_text() for path in DEMO.iterdir() if path.is_file()}
    kinds = {"lr": {"type": "float", "default": 0.1}}
    for rate in rates:
        yield Training(f"the demo, lr {rate:g}", sources, _project({"parameters": kinds}), {"lr": rate})


def _project(settings: Mapping[str, object]) -> Project:
    return project("guard", ProjectSettings.model_validate({**_COMMON, **settings}))
