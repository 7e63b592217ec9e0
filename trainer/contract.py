"""The contract between the bot, a job's container and the training code. Standard library only.

**Environment.** The variables are the members of `Env`. Parameters are passed to the command as flags, under the
names that the project declares: `--weight_decay 0.1`, and `--augment` or `--no-augment` for a boolean.
`PARAMETER_FLAGS` says what differs, and a placeholder in the command where a value goes (`trainer/command_line.py`).

**S3.** A job's files are under `OUTPUT_URI` (`s3://bucket/jobs/<job>/`): the constants below, and `artifacts/…` for
every other file in `OUTPUT_DIR` and for new and changed files of the checkout.

**Log.** A line with `@metrics {"epoch": 3, "epochs": 10, "train_loss": 0.12}` is one row of metrics, shown live. A line
`@signalbox {"error": "commit-not-found", "message": "…"}` explains an exit code that is the entrypoint's and not the
command's, and `@signalbox {"gpu": {…}}` reports how busy the GPUs are (`trainer/gpu_line.py`). All other lines of the
entrypoint begin with `signalbox: `.

**Sweeps.** A trial's number and its point follow from `SWEEP_SPACE` and its array index (`trainer/space.py`). It is
the job `<JOB_ID>.<number>`, and its files are under `<OUTPUT_URI><number>/`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

Value = bool | int | float | str
LONGEST_OBJECT = 64 * 1024
"""Characters of JSON in a line that are read. A row of 64 metrics has a tenth of it."""
LONGEST_MESSAGE = 1_000
"""Characters of a reason."""
_DECODER = json.JSONDecoder()


class Env(StrEnum):
    """Environment variables. The first four are required. botocore reads AWS's own as usual."""

    REPOSITORY_URL = "REPOSITORY_URL"
    COMMIT_ID = "COMMIT_ID"
    """The full commit id."""
    JOB_ID = "JOB_ID"
    OUTPUT_URI = "OUTPUT_URI"
    """`s3://bucket/jobs/<job>/`; for a sweep `…/<sweep>/`, to which the entrypoint adds `<number>/`."""
    BRANCH_NAME = "BRANCH_NAME"
    PARAMETERS = "PARAMETERS"
    """A JSON object: names and values."""
    PARAMETER_FLAGS = "PARAMETER_FLAGS"
    """A JSON object: how the parameters are written in the command, where that is not the usual way."""
    WORKING_DIRECTORY = "WORKING_DIRECTORY"
    """The folder of the repository in which the command runs; empty for its root."""
    SWEEP_SPACE = "SWEEP_SPACE"
    OUTPUT_DIR = "OUTPUT_DIR"
    """The folder for the training code's files. The entrypoint creates one if this is not set."""
    WORK_DIR = "WORK_DIR"
    """The entrypoint's folder, with the checkout in `code/`. A new one under TMPDIR if this is not set."""
    DATA_URI = "DATA_URI"
    INSTALL = "INSTALL"
    """`editable`, the path of a requirements file, or empty."""
    CACHE_DIR = "CACHE_DIR"
    """Where installed requirements are cached. Mount a folder of the host here to share them between jobs."""
    FETCH_TAGS = "FETCH_TAGS"
    """`1`: also fetch the tags and the commits before this one, without their files, for `git describe`."""
    FETCH_LFS = "FETCH_LFS"
    """`0`: leave the pointers of Git LFS as they are."""
    CHECKPOINTS = "CHECKPOINTS"
    """A JSON list of patterns as in .gitignore: checkpoints that the code writes in its own way."""
    RESUME_ARGUMENTS = "RESUME_ARGUMENTS"
    """A JSON list: added to the command once such a checkpoint is restored, with its path for `{checkpoint}`."""
    RESUME_CHECKPOINT = "RESUME_CHECKPOINT"
    """Set by the entrypoint for the command: the path of the restored checkpoint."""
    KEEP = "KEEP"
    """A JSON list of patterns as in .gitignore: which new and changed files of the checkout are stored."""
    KEEP_LIMIT_GIB = "KEEP_LIMIT_GIB"
    """How much of them is stored, the newest first."""
    METRICS_FILE = "METRICS_FILE"
    """A glob pattern (`results/*.csv`) for a table that would not be found, or among several that would."""
    METRIC = "METRIC"
    """The project's metric, as the code calls it: of several tables, the one that has it counts."""
    METRIC_PATTERNS = "METRIC_PATTERNS"
    """A JSON object: names, and regular expressions whose first group is the value in a line of the log."""
    SECRETS = "SECRETS"
    """Names of variables, with commas between: only the command gets their values, and no log shows them."""
    GIT_TOKEN = "GIT_TOKEN"  # noqa: S105  the name of the variable
    """For private repositories. Not passed on to the command."""
    TRAINING_ROLE_ARN = "TRAINING_ROLE_ARN"
    """The role whose credentials the command gets, less what is not this job's. Without it, those of the entrypoint."""
    ASKER = "ASKER"
    IMAGE = "IMAGE"
    """The image's name in the manifest."""
    MACHINE = "SIGNALBOX_MACHINE"
    """The name of the machine that was asked for, for the manifest; empty for the project's own queue."""
    REMEDY = "SIGNALBOX_REMEDY"
    """A JSON object: what was changed because an earlier job failed. For the manifest."""
    RESUME_FROM = "SIGNALBOX_RESUME_FROM"
    """A JSON object: `job`, `uri` and `key` of an earlier job, from whose checkpoint this one goes on. Concealed."""
    JOB_KEY = "JOB_KEY"
    """Seals what the entrypoint stores for a later attempt, so that it counts for this job alone. Not passed on."""
    TRAINING_UID = "SIGNALBOX_TRAINING_UID"
    """Set by the image: the user that trains. With it, and as root, the entrypoint separates the users."""
    FETCH_UID = "SIGNALBOX_FETCH_UID"
    """Set by the image: the user that fetches the code with the token."""
    CONTROL_DIR = "SIGNALBOX_CONTROL_DIR"
    """Set by the entrypoint: the folder through which it and the training code signal each other."""
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
RESUME_JSON = "resume.json"
ARTIFACTS = "artifacts/"

METRICS_MARK = "@metrics "
TROUBLE_MARK = "@signalbox "
OWN_LINE = "signalbox: "
"""The prefix of the entrypoint's other lines."""

STOPPED = 143
"""The exit code if SIGTERM arrived before the command started: 128 + SIGTERM, as in a shell."""


class ExitCode(IntEnum):
    """The entrypoint's own exit codes. `slug` is the `error` in its log line."""

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
    RESULTS_NOT_STORED = 74
    METADATA_OPEN = 75

    @property
    def slug(self) -> str:
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the entrypoint ended the attempt. `message` is written for people."""

    code: ExitCode
    message: str


def format_trouble(trouble: Trouble) -> str:
    """Format the reason as a log line."""
    return TROUBLE_MARK + json.dumps({"error": trouble.code.slug, "message": trouble.message}, ensure_ascii=False)


def parse_trouble(line: str) -> Trouble | None:
    """Parse an `@signalbox` line. None for any other line."""
    body = _json_after(line, TROUBLE_MARK)
    codes = {code.slug: code for code in ExitCode}
    code = codes.get(str(body.get("error")))
    return None if code is None else Trouble(code, str(body.get("message", ""))[:LONGEST_MESSAGE])


def format_metrics(values: Mapping[str, float]) -> str:
    """Format one row as a log line. NaN and infinities are written as by Python's json: `NaN`, `Infinity`."""
    return METRICS_MARK + json.dumps(dict(values))


def parse_metrics(line: str) -> dict[str, float] | None:
    """Parse the numbers after the last `@metrics` of a line and ignore all other values. None for any other line.

    Whatever is before the mark or after the object is not read: a progress bar, a carriage return, the prefix of a
    logger or a rank. A logger that writes JSON has escaped the object's quotes.
    """
    start = line.rfind(METRICS_MARK)
    if start < 0:
        return None
    text = line[start + len(METRICS_MARK) :].lstrip()
    body = _object(text) or (_object(text[: 2 * LONGEST_OBJECT].replace('\\"', '"')) if text.startswith('{\\"') else {})
    return {name: value for name, value in body.items() if _is_number(value)} or None


def array_uri(output_uri: str, number: str) -> str:
    """Where trial `number` stores its files: the job's own prefix if `number` is empty."""
    prefix = output_uri.rstrip("/") + "/"
    return f"{prefix}{number}/" if number else prefix


def _object(text: str) -> dict[str, Any]:
    """The object that a text begins with; empty if there is none."""
    if not text.startswith("{"):
        return {}
    try:
        body, _ = _DECODER.raw_decode(text[:LONGEST_OBJECT])
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _json_after(line: str, mark: str) -> dict[str, Any]:
    if not line.startswith(mark) or len(line) > LONGEST_OBJECT:
        return {}
    try:
        body = json.loads(line[len(mark) :])
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
