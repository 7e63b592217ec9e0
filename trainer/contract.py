"""The contract between the bot, a job's container and the training code; standard library only.

**Environment.** The names are the members of `Env`. Parameters reach the command as flags under the names
that the project declares: `--weight_decay 0.1`, `--augment` or `--no-augment` for a boolean. Where the command
itself has a placeholder (`optimizer.lr={lr}`), the value goes there and no flag is added.

**S3.** Everything of a job lies under `OUTPUT_URI` (`s3://bucket/jobs/<job>/`): the constants below, and
`artifacts/…` for all other files that the training code leaves in `OUTPUT_DIR`.

**Log.** A line `@metrics {"epoch": 3, "epochs": 10, "train_loss": 0.12}` is one row of metrics, live. A line
`@signalbox {"error": "commit-not-found", "message": "…"}` is the entrypoint's word on why it ends without, or
instead of, the command's own exit code. The entrypoint's other lines begin with `signalbox: `.

**Sweeps.** From `SWEEP_SPACE` and its array index a trial finds its number and its point (`trainer/space.py`). It
is the job `<JOB_ID>.<number>`, and its files lie under `<OUTPUT_URI><number>/`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

Value = bool | int | float | str


class Env(StrEnum):
    """Environment variables. The first four are required; AWS's own are read by botocore as always."""

    REPOSITORY_URL = "REPOSITORY_URL"
    COMMIT_ID = "COMMIT_ID"
    """The full commit id."""
    JOB_ID = "JOB_ID"
    OUTPUT_URI = "OUTPUT_URI"
    """`s3://bucket/jobs/<job>/`; of a sweep `…/<sweep>/`, to which the entrypoint adds `<number>/`."""
    BRANCH_NAME = "BRANCH_NAME"
    PARAMETERS = "PARAMETERS"
    """A JSON object of names and values."""
    SWEEP_SPACE = "SWEEP_SPACE"
    OUTPUT_DIR = "OUTPUT_DIR"
    """Where the training code leaves its files. The entrypoint makes one where none is given."""
    WORK_DIR = "WORK_DIR"
    """The entrypoint's folder, with the checkout in `code/`. A new one below TMPDIR if not given."""
    DATA_URI = "DATA_URI"
    INSTALL = "INSTALL"
    """`editable`, the path of a requirements file, or nothing."""
    CACHE_DIR = "CACHE_DIR"
    """Where installed requirements are kept; a host's folder mounted there keeps them between jobs."""
    METRICS_FILE = "METRICS_FILE"
    """A pattern (`results/*.csv`) for the table that a script leaves which knows nothing of us."""
    GIT_TOKEN = "GIT_TOKEN"  # noqa: S105  the name of the variable
    """For private repositories. It is not handed on to the command."""
    ASKER = "ASKER"
    IMAGE = "IMAGE"
    """What the manifest calls the image."""
    CONTROL_DIR = "SIGNALBOX_CONTROL_DIR"
    """Set by the entrypoint for the training code: where the two leave each other notes."""
    BATCH_JOB_ID = "AWS_BATCH_JOB_ID"
    BATCH_ATTEMPT = "AWS_BATCH_JOB_ATTEMPT"
    BATCH_ARRAY_INDEX = "AWS_BATCH_JOB_ARRAY_INDEX"


MANIFEST_JSON = "manifest.json"
METRICS_CSV = "metrics.csv"
CHECKPOINT = "checkpoint.pt"
PREVIOUS_CHECKPOINT = "checkpoint.previous.pt"
MODEL = "model.pt"
LOG_TXT = "log.txt"
CLAIM_JSON = "claim.json"
ARTIFACTS = "artifacts/"

METRICS_MARK = "@metrics "
TROUBLE_MARK = "@signalbox "
OWN_LINE = "signalbox: "
"""How the entrypoint's other lines begin."""


STOPPED = 143
"""The exit code where SIGTERM came before the command was started: 128 + SIGTERM, as a shell has it."""


class ExitCode(IntEnum):
    """How the entrypoint ends where it is not by the command's own code. `slug` is the `error` of its line."""

    BAD_CONTRACT = 64
    REPOSITORY_UNREACHABLE = 65
    COMMIT_NOT_FOUND = 66
    INSTALL_FAILED = 67
    COMMAND_NOT_FOUND = 68
    BUCKET_NOT_WRITABLE = 69
    ALREADY_RUNNING = 70
    CLAIM_LOST = 71
    DISK_FULL = 72
    INTERNAL_ERROR = 73

    @property
    def slug(self) -> str:
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the entrypoint ended the attempt, for people."""

    code: ExitCode
    message: str


def format_trouble(trouble: Trouble) -> str:
    return TROUBLE_MARK + json.dumps({"error": trouble.code.slug, "message": trouble.message}, ensure_ascii=False)


def parse_trouble(line: str) -> Trouble | None:
    """The trouble that a log line tells of; None for any other line."""
    body = _object(line, TROUBLE_MARK)
    codes = {code.slug: code for code in ExitCode}
    code = codes.get(str(body.get("error")))
    return None if code is None else Trouble(code, str(body.get("message", "")))


def format_metrics(values: Mapping[str, float]) -> str:
    """One row as a line. NaN and infinities are written as Python's JSON has them: `NaN`, `Infinity`."""
    return METRICS_MARK + json.dumps(dict(values))


def parse_metrics(line: str) -> dict[str, float] | None:
    """The numbers of a `@metrics` line; what is no number is left out. None for any other line."""
    row = {name: value for name, value in _object(line, METRICS_MARK).items() if _is_number(value)}
    return row or None


def array_uri(output_uri: str, number: str) -> str:
    """Where the trial of that number keeps its files; the job's own prefix where it is no array."""
    prefix = output_uri.rstrip("/") + "/"
    return f"{prefix}{number}/" if number else prefix


def arguments(command: Iterable[str], parameters: Mapping[str, Value]) -> list[str]:
    """The command with its parameters, by placeholder or by flag."""
    words, placed = list(command), set[str]()

    def fill(found: re.Match[str]) -> str:
        placed.add(found[1])
        return _text(parameters[found[1]])

    if parameters:
        names = "|".join(map(re.escape, parameters))
        words = [re.sub(f"{{({names})}}", fill, word) for word in words]
    for name, value in parameters.items():
        if name not in placed:
            words += _flag(name, value)
    return words


def _flag(name: str, value: Value) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    text = _text(value)
    return [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _object(line: str, mark: str) -> dict[str, Any]:
    if not line.startswith(mark):
        return {}
    try:
        body = json.loads(line[len(mark) :])
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
