"""The job this container runs, read from its environment."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer import space
from trainer.command_line import Flags
from trainer.contract import Env, ExitCode, Value, array_uri
from trainer.errors import Ended
from trainer.keep_patterns import DEFAULT_KEEP, DEFAULT_LIMIT_GIB, Patterns

_REQUIRED = (Env.REPOSITORY_URL, Env.COMMIT_ID, Env.JOB_ID, Env.OUTPUT_URI)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_URI = re.compile(r"s3://[^/]+/.+|file:///.+")


@dataclass(frozen=True, slots=True)
class Origin:
    """An earlier job: its files, and the key with which it sealed them."""

    job: str
    uri: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One job, or one trial of a sweep with its own prefix in `output_uri` and its own point in `parameters`."""

    job_id: str
    command: tuple[str, ...]
    parameters: Mapping[str, Value]
    flags: Flags
    working_directory: str
    repository: str
    branch: str
    commit: str
    output_uri: str
    install: str
    metrics_file: str
    tags: bool
    lfs: bool
    checkpoints: Patterns
    resume_arguments: tuple[str, ...]
    keep: Patterns
    keep_limit: float
    """In bytes."""
    metric: str
    metric_patterns: Mapping[str, str]
    token: str = field(repr=False)
    key: str = field(repr=False)
    """Seals what is stored for a later attempt."""
    secrets: Mapping[str, str] = field(repr=False)
    """Variables that only the command gets."""
    remedy: Mapping[str, Value]
    """What was changed because an earlier job failed; empty if nothing was."""
    origin: Origin | None
    """Whose checkpoint to go on from; None to start from the beginning."""
    data_uri: str
    asker: str
    image: str
    machine: str
    batch_job_id: str
    attempt: int
    work: Path
    output: Path
    cache: Path

    @property
    def code(self) -> Path:
        """The folder of the checkout."""
        return self.work / "code"

    @property
    def directory(self) -> Path:
        """The folder in which the command runs."""
        return self.code / self.working_directory

    def check_directory(self) -> None:
        """Raise `Ended` if the commit has no such folder."""
        inside = self.directory.resolve().is_relative_to(self.code.resolve())
        if not inside or not self.directory.is_dir():
            message = (
                f"This commit has no folder {self.working_directory!r} to run the command in. "
                "Set working_directory to a folder of the repository, or leave it out."
            )
            raise Ended(ExitCode.COMMAND_NOT_FOUND, message)

    @property
    def parameters_json(self) -> str:
        return json.dumps(dict(self.parameters))

    @property
    def control(self) -> Path:
        return self.work / "control"


def read(environment: Mapping[str, str], command: Sequence[str]) -> Assignment:
    """Read the assignment. Raises `Ended`, with a list of everything that is missing or malformed."""
    _check(environment, command)
    number, work = _number(environment), _work(environment)
    return Assignment(
        job_id=environment[Env.JOB_ID] + (f".{number}" if number else ""),
        command=tuple(command),
        parameters=_parameters(environment, number),
        flags=_flags(environment.get(Env.PARAMETER_FLAGS, "")),
        working_directory=environment.get(Env.WORKING_DIRECTORY, ""),
        repository=environment[Env.REPOSITORY_URL],
        branch=environment.get(Env.BRANCH_NAME, ""),
        commit=environment[Env.COMMIT_ID],
        output_uri=array_uri(environment[Env.OUTPUT_URI], number),
        install=environment.get(Env.INSTALL, ""),
        metrics_file=environment.get(Env.METRICS_FILE, ""),
        tags=environment.get(Env.FETCH_TAGS) == "1",
        lfs=environment.get(Env.FETCH_LFS) != "0",
        checkpoints=_patterns(environment, Env.CHECKPOINTS, ()),
        resume_arguments=tuple(_list(environment, Env.RESUME_ARGUMENTS)),
        keep=_patterns(environment, Env.KEEP, DEFAULT_KEEP),
        keep_limit=_keep_limit(environment),
        metric=environment.get(Env.METRIC, ""),
        metric_patterns=_metric_patterns(environment),
        token=environment.get(Env.GIT_TOKEN, ""),
        key=environment.get(Env.JOB_KEY, ""),
        secrets={name: environment[name] for name in secret_names(environment) if name in environment},
        remedy=_object(environment, Env.REMEDY),
        origin=_origin(environment),
        data_uri=environment.get(Env.DATA_URI, ""),
        asker=environment.get(Env.ASKER, ""),
        image=environment.get(Env.IMAGE, ""),
        machine=environment.get(Env.MACHINE, ""),
        batch_job_id=environment.get(Env.BATCH_JOB_ID, ""),
        attempt=int(environment.get(Env.BATCH_ATTEMPT) or 1),
        work=work,
        output=Path(environment.get(Env.OUTPUT_DIR) or work / "output").absolute(),
        cache=Path(environment.get(Env.CACHE_DIR) or Path.home() / ".cache" / "signalbox"),
    )


def _work(environment: Mapping[str, str]) -> Path:
    return Path(environment.get(Env.WORK_DIR) or tempfile.mkdtemp(prefix="signalbox-")).absolute()


def secret_names(environment: Mapping[str, str]) -> list[str]:
    """List the variables that only the command gets."""
    return [name for name in environment.get(Env.SECRETS, "").split(",") if name]


def _metric_patterns(environment: Mapping[str, str]) -> dict[str, str]:
    """Raise `Ended` for a regular expression that can't be used; the config check has refused it before."""
    patterns = {name: str(pattern) for name, pattern in _object(environment, Env.METRIC_PATTERNS).items()}
    try:
        for pattern in patterns.values():
            re.compile(pattern)
    except re.error as error:
        raise Ended(
            ExitCode.BAD_CONTRACT, f"METRIC_PATTERNS has a pattern that is no regular expression: {error}"
        ) from error
    return patterns


def _check(environment: Mapping[str, str], command: Sequence[str]) -> None:
    if problems := _problems(environment, command):
        raise Ended(ExitCode.BAD_CONTRACT, "; ".join(problems))


def _problems(environment: Mapping[str, str], command: Sequence[str]) -> list[str]:
    problems = [f"{name} is not set" for name in _REQUIRED if not environment.get(name)]
    commit, uri = environment.get(Env.COMMIT_ID, ""), environment.get(Env.OUTPUT_URI, "")
    if commit and not _COMMIT.fullmatch(commit):
        problems.append(f"COMMIT_ID must be a full commit id, 40 hexadecimal digits (got {commit!r})")
    if uri and not _URI.fullmatch(uri):
        problems.append(f"OUTPUT_URI must look like s3://bucket/prefix/ or file:///folder/ (got {uri!r})")
    if not command:
        problems.append("there is no command; run python -m trainer.entrypoint -- <command>")
    return problems


def _number(environment: Mapping[str, str]) -> str:
    """Return the trial's number. Empty if this is not a child of an array."""
    index = environment.get(Env.BATCH_ARRAY_INDEX, "")
    if not index:
        return ""
    try:
        return str(space.number(_object(environment, Env.SWEEP_SPACE), int(index)))
    except (ValueError, LookupError) as error:
        raise Ended(ExitCode.BAD_CONTRACT, f"SWEEP_SPACE has no trial for index {index}: {error}") from error


def _parameters(environment: Mapping[str, str], number: str) -> dict[str, Value]:
    """Merge the job's parameters with those of its point in the sweep, which take precedence."""
    shared = _object(environment, Env.PARAMETERS)
    if not number or not environment.get(Env.SWEEP_SPACE):
        return shared
    try:
        return shared | space.point(_object(environment, Env.SWEEP_SPACE), int(number))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Ended(ExitCode.BAD_CONTRACT, f"SWEEP_SPACE has no point {number}: {error}") from error


def _origin(environment: Mapping[str, str]) -> Origin | None:
    given = _object(environment, Env.RESUME_FROM)
    if not given:
        return None
    try:
        return Origin(str(given["job"]), str(given["uri"]), str(given["key"]))
    except KeyError as error:
        raise Ended(ExitCode.BAD_CONTRACT, f"{Env.RESUME_FROM} has no {error}") from error


def _flags(text: str) -> Flags:
    try:
        return Flags.decode(text)
    except (ValueError, TypeError) as error:
        raise Ended(
            ExitCode.BAD_CONTRACT, f"PARAMETER_FLAGS is not as the bot writes it: {error} (got {text!r})"
        ) from error


def _patterns(environment: Mapping[str, str], name: Env, default: Sequence[str]) -> Patterns:
    try:
        return Patterns(_list(environment, name, default))
    except ValueError as error:
        raise Ended(ExitCode.BAD_CONTRACT, f"{name} must be patterns as in .gitignore: {error}") from error


def _list(environment: Mapping[str, str], name: Env, default: Sequence[str] = ()) -> Sequence[str]:
    text = environment.get(name, "")
    parsed: Any = default
    if text:
        with suppress(ValueError):
            parsed = json.loads(text)
    if not isinstance(parsed, list | tuple) or not all(isinstance(word, str) for word in parsed):
        raise Ended(ExitCode.BAD_CONTRACT, f"{name} must be a JSON list of texts (got {text!r})")
    return parsed


def _keep_limit(environment: Mapping[str, str]) -> float:
    """Return the limit in bytes."""
    text = environment.get(Env.KEEP_LIMIT_GIB, "")
    limit = -1.0
    with suppress(ValueError):
        limit = float(text) if text else DEFAULT_LIMIT_GIB
    if not 0 <= limit < float("inf"):
        raise Ended(ExitCode.BAD_CONTRACT, f"KEEP_LIMIT_GIB must be a number of GiB (got {text!r})")
    return limit * 1024**3


def _object(environment: Mapping[str, str], name: Env) -> dict[str, Value]:
    text = environment.get(name) or "{}"
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Ended(ExitCode.BAD_CONTRACT, f"{name} must be a JSON object (got {text!r})")
    return parsed
