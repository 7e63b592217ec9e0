"""Jobs on the AWS stand-in without a bot: submit them, wait, end them in every way, and read what they leave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.aws import resources
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.resources import Clients, Resources
from deploy.sandbox.control_client import ControlClient, ControlError

_JOB_SECONDS = 120.0
_OBJECT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Source:
    """The code that a job checks out. `commit` is the full id."""

    url: str
    commit: str


@dataclass(frozen=True, slots=True)
class Aws:
    """The AWS stand-in with a queue, a job definition and a bucket."""

    made: Resources
    clients: Clients

    async def submit(
        self, job: str, source: Source, *command: str, attempts: int | None = None, **environment: str
    ) -> str:
        """Submit a job; return Batch's id. With `attempts`, Batch retries whatever ended an attempt; otherwise it
        retries only after a lost host."""
        values = {
            "REPOSITORY_URL": source.url,
            "BRANCH_NAME": "main",
            "COMMIT_ID": source.commit,
            "JOB_ID": job,
            "OUTPUT_URI": f"s3://{self.made.bucket}/{prefix(job)}",
            "AWS_ENDPOINT_URL": self.made.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        answer = await asyncio.to_thread(
            self.clients.batch.submit_job,
            jobName=job,
            jobQueue=self.made.queue,
            jobDefinition=self.made.job_definition,
            containerOverrides={
                "command": list(command),
                "environment": [{"name": name, "value": value} for name, value in values.items()],
            },
            **({"retryStrategy": {"attempts": attempts}} if attempts else {}),
        )
        return str(answer["jobId"])

    async def until(self, batch_id: str, *states: str) -> dict[str, Any]:
        """Wait for one of the states; return the job from DescribeJobs. Raises TimeoutError after two minutes."""
        async with asyncio.timeout(_JOB_SECONDS):
            while True:
                [found] = (await asyncio.to_thread(self.clients.batch.describe_jobs, jobs=[batch_id]))["jobs"]
                if found["status"] in states:
                    return dict(found)
                await asyncio.sleep(0.1)

    async def terminate(self, batch_id: str) -> None:
        await asyncio.to_thread(self.clients.batch.terminate_job, jobId=batch_id, reason="enough")

    async def lose(self, call: str, batch_id: str, **more: float) -> bool:
        """End the job: `reclaim` takes its host away, `oom` sends SIGKILL. Returns False if it runs on no host."""
        try:
            await ControlClient(self.made.endpoint).post(call, {"jobId": batch_id, **more})
        except ControlError:
            return False
        return True

    async def content(self, key: str) -> bytes:
        answer = await asyncio.to_thread(self.clients.s3.get_object, Bucket=self.made.bucket, Key=key)
        body: bytes = await asyncio.to_thread(answer["Body"].read)
        return body

    async def until_there(self, key: str) -> None:
        """Wait for an object. Raises TimeoutError after a minute."""
        async with asyncio.timeout(_OBJECT_SECONDS):
            while True:
                try:
                    await self.content(key)
                except self.clients.s3.exceptions.NoSuchKey:
                    await asyncio.sleep(0.1)
                else:
                    return

    async def logs(self, job: dict[str, Any]) -> list[str]:
        """Return each attempt's log; empty if the attempt ended before its first line."""
        names = [attempt["container"].get("logStreamName") for attempt in job["attempts"]]
        return [await asyncio.to_thread(self._log, name) if name else "" for name in names]

    async def log(self, job: dict[str, Any]) -> str:
        """Return the last attempt's log, to show with a failed assertion."""
        return (await self.logs(job))[-1]

    def _log(self, stream: str) -> str:
        group = self.made.log_group
        try:
            answer = self.clients.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
        except self.clients.logs.exceptions.ResourceNotFoundException:
            return ""
        return "\n".join(event["message"] for event in answer["events"])


def prefix(job: str) -> str:
    """Return the prefix of the keys that a job writes."""
    return f"jobs/{job}/"


@asynccontextmanager
async def aws(settings: Settings) -> AsyncIterator[Aws]:
    """Start the AWS stand-in and create its resources; stop everything at the end."""
    async with aws_stand_in(settings) as endpoint:
        made = await asyncio.to_thread(resources.create, endpoint)
        yield Aws(made, Clients(endpoint))
