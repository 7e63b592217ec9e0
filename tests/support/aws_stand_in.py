"""The AWS stand-in as a process of its own, and its resources in words that tests use."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from deploy.sandbox.aws.common.event_loop import LoopThread
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.resources import Clients, Resources
from tests.support.waiting import until

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
        seen: dict[str, Any] = {}

        def look() -> bool:
            seen.update(self.describe(job_id))
            return right(seen)

        until(look, what=lambda: f"still {seen['status']} ({seen.get('statusReason')})")
        return seen

    def ended(self, job_id: str) -> dict[str, Any]:
        return self.await_status(job_id, "SUCCEEDED", "FAILED")

    def lines(self, job: dict[str, Any], at_least: int = 0) -> list[str]:
        """The log of the job's latest attempt, once it has at least `at_least` lines."""
        stream, found = job["container"]["logStreamName"], list[str]()

        def look() -> bool:
            events = self.events(logStreamNamePrefix=stream)["events"]
            found[:] = [event["message"] for event in events]
            return len(found) >= at_least

        until(look, what=lambda: f"{len(found)} lines of {at_least}")
        return found

    def events(self, **asked: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.clients.logs.filter_log_events(logGroupName=self.resources.log_group, **asked)
        return answer

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the stand-in's own API; (status, error) if it refuses."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.endpoint}/sandbox/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)["error"]

    def ledger(self, kind: str, **facts: Any) -> list[dict[str, Any]]:
        entries = self.control("GET", f"ledger?kind={kind}")
        return [each for each in entries if facts.items() <= each.items()]


@contextmanager
def running_stand_in(settings: Settings) -> Iterator[str]:
    """Its endpoint, for tests and fixtures without an event loop of their own."""
    loop = LoopThread()
    stand_in = aws_stand_in(settings)
    try:
        endpoint = loop.run(stand_in.__aenter__())
        try:
            yield endpoint
        finally:
            loop.run(stand_in.__aexit__(None, None, None))
    finally:
        loop.close()
