"""The trainer's own entrypoint, on this machine, with a folder in place of S3."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import trainer
from bot.domain.model.run import Commit
from bot.domain.parameters import Value
from bot.domain.project import Project
from bot.services.jobs.submit_call import project_environment

JOB_ID = "try"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run keeps its files: `results` has what S3 would have."""

    root: Path

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def work(self) -> Path:
        return self.root / "work"


class JobProcess:
    """`lines` gives the job's log while it runs; after that `exit_code` is known."""

    def __init__(
        self,
        project: Project,
        commit: Commit,
        parameters: Mapping[str, Value],
        repository: Path,
        place: Place,
        *,
        install: bool,
    ) -> None:
        place.results.mkdir(parents=True, exist_ok=True)
        ours = {
            **project_environment(project),
            "REPOSITORY_URL": repository.as_uri(),
            "BRANCH_NAME": commit.branch,
            "COMMIT_ID": commit.sha,
            "JOB_ID": JOB_ID,
            "OUTPUT_URI": f"{place.results.as_uri()}/",
            "WORK_DIR": str(place.work),
            "PARAMETERS": json.dumps(dict(parameters)),
            "INSTALL": project.install if install else "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(_package(place)), os.environ.get("PYTHONPATH")])),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trainer.entrypoint", "--", *project.command],
            env={**os.environ, **{name: value for name, value in ours.items() if value}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches it once, as Batch's SIGTERM does
        )
        self.exit_code: int | None = None

    def lines(self) -> Iterator[str]:
        """May be called again after an interruption, for the rest."""
        output = self._process.stdout
        if output is not None and not output.closed:
            for line in output:
                yield line.decode(errors="replace").rstrip("\n")
            output.close()
        self.exit_code = self._process.wait()

    def stop(self) -> None:
        """End it as AWS Batch ends a job: SIGTERM, and time to store its files."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)


def _package(place: Place) -> Path:
    """A folder with `trainer` alone, so that `from trainer import report` works as it does in a job."""
    folder = place.root / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        (folder / "trainer").symlink_to(Path(trainer.__file__).parent)
    return folder
