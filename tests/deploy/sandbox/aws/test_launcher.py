"""Nothing outlives the stand-in, and the stand-in does not outlive its parent."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.launcher import StartError, aws_stand_in
from deploy.sandbox.aws.resources import Clients, ResourcePlan, create
from tests.support.aws_stand_in import SETTINGS, Sandbox
from tests.support.processes import gone
from tests.support.waiting import until

pytestmark = pytest.mark.slow

SLEEPER = (
    "import os, subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); "
    "print(os.getpid(), child.pid, flush=True); time.sleep(600)"
)


def running_job(endpoint: str) -> list[int]:
    """Start a job with a child process in its own session; the ids of both processes."""
    resources = create(endpoint, ResourcePlan(name="test", image="test/python:1", vcpus=1, memory_mib=512))
    sandbox = Sandbox(endpoint, resources)
    job = sandbox.await_status(sandbox.submit(SLEEPER), "RUNNING")
    return [int(word) for word in sandbox.lines(job, at_least=1)[0].split()]


async def test_leaving_the_context_ends_server_and_jobs() -> None:
    async with aws_stand_in(SETTINGS) as endpoint:
        pids = await asyncio.to_thread(running_job, endpoint)
    assert all(gone(pid, within_seconds=30) for pid in pids)
    with pytest.raises(Exception, match="Could not connect"):
        Clients(endpoint).s3.list_buckets()


PARENT = """
import asyncio, sys
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.common.settings import Settings

async def main():
    async with aws_stand_in(Settings.model_validate_json(sys.argv[1])) as endpoint:
        print(endpoint, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def parent() -> Any:
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, SETTINGS.model_dump_json()], stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()


def stand_in_of(parent_pid: int) -> int:
    children = Path(f"/proc/{parent_pid}/task/{parent_pid}/children").read_text().split()
    return int(children[0])


def test_everything_ends_when_the_parent_is_killed(parent: Any) -> None:
    pids = [*running_job(parent.stdout.readline().strip()), stand_in_of(parent.pid)]
    parent.kill()
    assert all(gone(pid, within_seconds=30) for pid in pids)


def test_killed_stand_in_leaves_no_jobs_and_no_directory(parent: Any) -> None:
    pids = running_job(parent.stdout.readline().strip())
    directory = Path(f"/proc/{pids[0]}/cwd").resolve().parents[1]
    assert directory.name.startswith("signalbox-aws-")
    os.kill(stand_in_of(parent.pid), signal.SIGKILL)
    assert all(gone(pid, within_seconds=30) for pid in pids)
    until(lambda: not directory.exists())


async def test_failed_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "model_dump_json", lambda _: '{"nonsense": 1}')
    with pytest.raises(StartError, match="exit code 2"):
        async with aws_stand_in():
            pass


def test_ready_file_has_the_address(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "deploy.sandbox.aws", "--until-input-ends", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        while not ready.exists():
            assert process.poll() is None
            time.sleep(0.02)
        document = json.loads(ready.read_text())
        assert document["pid"] == process.pid
        assert (document["region"], document["account"]) == ("us-east-1", "123456789012")
        assert document["endpoint"].startswith("http://127.0.0.1:")
    assert process.returncode == 0
