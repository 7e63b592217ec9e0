"""One AWS stand-in for all tests of a worker, called over HTTP with boto3."""

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.aws.common.event_loop import LoopThread
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.resources import Clients, ResourcePlan, Resources, create

PYTHON = "test/python:1"
SETTINGS = Settings(
    images={PYTHON: (sys.executable, "-S", "-c")},
    submitted_seconds=0.01,
    runnable_seconds=0.01,
    starting_seconds=0.01,
    stop_timeout_seconds=0.3,
    log_flush_seconds=0.02,
)


class Sandbox:
    """The stand-in with its resources. The image's entrypoint is `python -c`; a job's command is a program."""

    def __init__(self, endpoint: str, resources: Resources) -> None:
        self.endpoint = endpoint
        self.resources = resources
        self.clients = Clients(endpoint)
        self.batch = self.clients.batch

    def submit(self, program: str, name: str = "job", **more: Any) -> str:
        overrides = {"command": [program], **more.pop("overrides", {})}
        asked = {"jobQueue": self.resources.queue, "jobDefinition": self.resources.job_definition, **more}
        job_id: str = self.batch.submit_job(jobName=name, containerOverrides=overrides, **asked)["jobId"]
        return job_id

    def describe(self, job_id: str) -> dict[str, Any]:
        job: dict[str, Any] = self.batch.describe_jobs(jobs=[job_id])["jobs"][0]
        return job

    def await_status(self, job_id: str, *statuses: str) -> dict[str, Any]:
        return self.await_job(job_id, lambda job: job["status"] in statuses)

    def await_job(self, job_id: str, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while not right(job := self.describe(job_id)):
            assert time.monotonic() < deadline, f"still {job['status']} ({job.get('statusReason')})"
            time.sleep(0.01)
        return job

    def ended(self, job_id: str) -> dict[str, Any]:
        return self.await_status(job_id, "SUCCEEDED", "FAILED")

    def lines(self, job: dict[str, Any], at_least: int = 0) -> list[str]:
        """The log of the job's latest attempt, once it has at least `at_least` lines."""
        stream, deadline = job["container"]["logStreamName"], time.monotonic() + 60
        while True:
            events = self.events(logStreamNamePrefix=stream)["events"]
            if len(events) >= at_least or time.monotonic() > deadline:
                return [event["message"] for event in events]
            time.sleep(0.01)

    def events(self, **asked: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.clients.logs.filter_log_events(logGroupName=self.resources.log_group, **asked)
        return answer

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the stand-in's own API; (status, error) if it refuses."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/sandbox/{path}", data, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)["error"]

    def ledger(self, kind: str, **facts: Any) -> list[dict[str, Any]]:
        entries = self.control("GET", f"ledger?kind={kind}")
        return [each for each in entries if facts.items() <= each.items()]


def gone(pid: int, within_seconds: float) -> bool:
    """Whether a process ends in time. A zombie counts as ended."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    loop = LoopThread()
    stand_in = aws_stand_in(SETTINGS)
    endpoint = loop.run(stand_in.__aenter__())
    plan = ResourcePlan(name="test", image=PYTHON, vcpus=1, memory_mib=512, max_vcpus=4)
    try:
        yield Sandbox(endpoint, create(endpoint, plan))
    finally:
        loop.run(stand_in.__aexit__(None, None, None))
        loop.close()


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The stand-in; its settings and faults are reset after each test."""
    yield _sandbox
    _sandbox.control("DELETE", "faults")
    _sandbox.control("POST", "settings", SETTINGS.model_dump())
