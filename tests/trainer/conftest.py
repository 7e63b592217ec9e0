"""A bucket in moto's server, repositories on the disk, and the entrypoint in a process."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tests.support.memory_bucket import MemoryBucket
from trainer.storage.bucket import Bucket

BUCKET = "signalbox-test"
CHECKOUT = Path(__file__).parents[2]
"""The code under test, also where another checkout is the installed one."""
IDENTITY = {f"GIT_{who}_{what}": "tester@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture(scope="session")
def aws() -> Iterator[Mapping[str, str]]:
    """The environment for an S3 server with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        Bucket(f"s3://{BUCKET}/")._s3.create_bucket(Bucket=BUCKET)
    yield environment
    server.stop()


@pytest.fixture
def s3_bucket(aws: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An unused job prefix in S3."""
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    return Bucket(f"s3://{BUCKET}/jobs/{uuid.uuid4().hex[:8]}/")


@pytest.fixture
def bucket(s3_bucket: Bucket) -> Bucket:
    return s3_bucket


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.slow)])
def either_bucket(request: pytest.FixtureRequest) -> Bucket | MemoryBucket:
    """An unused job prefix, on the fake and, marked slow, in S3."""
    return MemoryBucket() if request.param == "memory" else request.getfixturevalue("s3_bucket")


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository. `commit` returns the full id of the new commit."""

    folder: Path

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def commit(self, files: Mapping[str, str], message: str = "Train") -> str:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **IDENTITY},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    made = Repository(folder)
    made.git("init", "--quiet", "--initial-branch=main")
    return made


@dataclass(slots=True)
class Container:
    """Runs the entrypoint as a container would. `environment` has the variables of job definition and job."""

    folder: Path
    environment: dict[str, str]
    entrypoint: tuple[str, ...] = ("-m", "trainer.entrypoint")
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *command: str, **more: str) -> subprocess.Popen[str]:
        """Start it. Its output goes to `container.log` in its own folder, which is also its TMPDIR."""
        place = self.folder / f"container-{len(self.running)}"
        place.mkdir()
        with (place / "container.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, *self.entrypoint, "--", *command],
                cwd=place,
                env={**self.environment, "TMPDIR": str(place), **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def run(self, *command: str, **more: str) -> tuple[int, str]:
        """Run it to its end. Returns the exit code and the log."""
        process = self.start(*command, **more)
        return process.wait(60), self.log(process)

    def log(self, process: subprocess.Popen[str]) -> str:
        return (self.folder / f"container-{self.running.index(process)}" / "container.log").read_text()


@pytest.fixture
def container(tmp_path: Path, aws: Mapping[str, str], bucket: Bucket, repository: Repository) -> Iterator[Container]:
    programs = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    environment = {
        "PATH": programs,
        "PYTHONPATH": str(CHECKOUT),
        "HOME": str(tmp_path),
        "JOB_ID": bucket.uri.rstrip("/").rpartition("/")[2],
        "OUTPUT_URI": bucket.uri,
        "REPOSITORY_URL": repository.url,
        "BRANCH_NAME": "main",
        "CACHE_DIR": str(tmp_path / "cache"),
        **aws,
    }
    made = Container(tmp_path, environment)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
        process.wait(10)
