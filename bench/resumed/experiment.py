"""Run a program through the entrypoint, interrupt it after its first checkpoint, and run it again."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.contract import METRICS_CSV, RESUME_JSON, Env
from trainer.metrics.tables.csv_table import read_csv

PROGRAMS = Path(__file__).parent / "programs"
ROOT = Path(__file__).parents[2]
EPOCHS = 6
SECONDS = 300.0
"""For one attempt. Importing the frameworks takes most of it on a busy machine."""
STOPPED_CODES = (143, 137)
"""By SIGTERM; or by SIGKILL, where a busy machine took more than 12 s to end."""
_WEIGHTS = re.compile(r"final weights (.*)")
_RESUMED = re.compile(r"signalbox: running (.*)")


@dataclass(frozen=True, slots=True)
class Framework:
    """`package` must be importable. `checkpoints` and `resume` are the project's settings."""

    name: str
    package: str
    program: str
    checkpoints: tuple[str, ...]
    resume: tuple[str, ...]
    metric: str


FRAMEWORKS = (
    Framework(
        "Lightning",
        "lightning",
        "lightning_train.py",
        ("*.ckpt",),
        ("--ckpt_path", "{checkpoint}"),
        "val_loss",
    ),
    Framework(
        "Hugging Face",
        "transformers",
        "transformers_train.py",
        ("checkpoint-*/",),
        ("--resume_from_checkpoint", "{checkpoint}"),
        "eval_loss",
    ),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """`words` is the command that ran, `weights` what it printed at its end."""

    code: int
    words: str
    weights: str
    log: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """An uninterrupted run, and the two attempts of an interrupted one. `steps` are those in its metrics.csv."""

    whole: Attempt
    first: Attempt
    second: Attempt
    checkpoint: str
    steps: Sequence[float]
    whole_steps: Sequence[float]

    @property
    def problems(self) -> list[str]:
        """What is not as it should be; empty if it resumed where it was."""
        found = {
            f"the whole run ended with {self.whole.code}": self.whole.code != 0,
            f"the interrupted attempt ended with {self.first.code}": self.first.code not in STOPPED_CODES,
            f"the resumed attempt ended with {self.second.code}": self.second.code != 0,
            "the resumed command did not get the checkpoint": self.checkpoint not in self.second.words,
            f"other final weights: {self.second.weights}, not {self.whole.weights}": (
                self.second.weights != self.whole.weights
            ),
            f"metrics.csv has steps {self.steps}, not {self.whole_steps}": self.steps != self.whole_steps,
        }
        return [text for text, wrong in found.items() if wrong]


def installed(python: str, package: str) -> str:
    """The package's version there, "" if it is not installed."""
    ask = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False).stdout.strip()


def run(framework: Framework, python: str) -> Outcome:
    """Run it three times. Raises TimeoutError if an attempt takes longer than `SECONDS`."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        repository, commit = _repository(root / "code", framework)
        job = _Job(framework, python, repository, commit)
        whole = job.attempt(root / "whole", 1)
        first = job.attempt(root / "parts", 1, interrupt=True)
        index = json.loads((root / "parts" / RESUME_JSON).read_text())
        second = job.attempt(root / "parts", 2)
        return Outcome(whole, first, second, index["place"], _steps(root / "parts"), _steps(root / "whole"))


@dataclass(frozen=True, slots=True)
class _Job:
    framework: Framework
    python: str
    repository: Path
    commit: str

    def attempt(self, output: Path, number: int, *, interrupt: bool = False) -> Attempt:
        output.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as work, (Path(work) / "log").open("w+") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "trainer.entrypoint", "--", self.python, "train.py"],
                env={**os.environ, **self._environment(output, Path(work), number)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                if interrupt:
                    _wait_for(output / RESUME_JSON, process)
                    process.send_signal(signal.SIGTERM)
                code = process.wait(SECONDS)
            finally:
                process.kill()
            log.seek(0)
            text = log.read()
        return Attempt(code, _last(_RESUMED, text), _last(_WEIGHTS, text), text)

    def _environment(self, output: Path, work: Path, number: int) -> Mapping[str, str]:
        return {
            Env.REPOSITORY_URL: self.repository.as_uri(),
            Env.BRANCH_NAME: "main",
            Env.COMMIT_ID: self.commit,
            Env.JOB_ID: "resumed",
            Env.OUTPUT_URI: f"{output.as_uri()}/",
            Env.WORK_DIR: str(work / "work"),
            Env.PARAMETERS: json.dumps({"epochs": EPOCHS}),
            Env.METRIC: self.framework.metric,
            Env.CHECKPOINTS: json.dumps(self.framework.checkpoints),
            Env.RESUME_ARGUMENTS: json.dumps(self.framework.resume),
            Env.BATCH_JOB_ID: "resumed",
            Env.BATCH_ATTEMPT: str(number),
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": str(ROOT),
        }


def _repository(folder: Path, framework: Framework) -> tuple[Path, str]:
    folder.mkdir()
    (folder / "train.py").write_text((PROGRAMS / framework.program).read_text())

    def git(*words: str) -> str:
        own = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
        return subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True, text=True).stdout

    git("init", "-qb", "main")
    git("add", "--all")
    git("commit", "-qm", framework.name)
    return folder, git("rev-parse", "HEAD").strip()


def _wait_for(path: Path, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + SECONDS
    while not path.exists():
        if process.poll() is not None or time.monotonic() > ends:
            raise TimeoutError(f"no {path.name} was stored")
        time.sleep(0.05)


def _steps(output: Path) -> list[float]:
    """Each step in metrics.csv."""
    column = read_csv((output / METRICS_CSV).read_bytes()).column("step")
    return list(column.numbers) if column is not None else []


def _last(pattern: re.Pattern[str], text: str) -> str:
    found: list[str] = pattern.findall(text)
    return found[-1] if found else ""
