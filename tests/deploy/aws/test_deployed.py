"""Deploy the committed template in the AWS stand-in, let the bot train on it, and delete it."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import tomli_w

from bot.domain.stack import by_project
from bot.domain.stack import settings as values_of
from deploy.sandbox import session
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE, Clients, ResourcePlan
from tests.deploy.aws.template import PATH
from tests.support.waiting import PATIENCE, PATIENT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

STACK = "signalbox"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/signalbox:trainer"
AWS = Settings(images={TRAINER_IMAGE: session.ENTRYPOINT, IMAGE: session.ENTRYPOINT}, stop_timeout_seconds=5)


def deploy(clients: Clients) -> dict[str, str]:
    """Deploy the stack; its outputs."""
    clients.cloudformation.create_stack(StackName=STACK, TemplateBody=PATH.read_text(), Capabilities=["CAPABILITY_IAM"])
    [stack] = clients.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    return by_project({each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]})


def configure(path: Path, outputs: dict[str, str]) -> None:
    """Put the stack's values into the sandbox's config."""
    config = tomllib.loads(path.read_text())
    for (*way, last), value in values_of(STACK, outputs, config["projects"]).items():
        section = config
        for name in way:
            section = section[name]
        assert section[last] != value or last == "region"
        section[last] = value
    path.write_text(tomli_w.dumps(config))


@pytest.fixture
async def place() -> AsyncIterator[session.Sandbox]:
    """A sandbox whose own resources have other names than the stack's."""
    async with session.sandbox(limits=PATIENT, aws=AWS, plan=ResourcePlan(name="scaffold")) as started:
        yield started


async def _result(place: session.Sandbox, http: aiohttp.ClientSession, text: str) -> dict[str, Any]:
    """Run a command; the message posted at the job's end."""
    discord = place.ready["discord"]
    channel = discord["channels"]["training"]
    people = f"{discord['url']}/sandbox/people/mika"
    body = {"channel_id": channel, "text": text, "wait": True}
    async with http.post(f"{people}/commands", json=body) as response:
        assert response.status == 200, await response.text()
    async with asyncio.timeout(PATIENCE):
        while True:
            async with http.get(f"{people}/channels/{channel}/messages") as response:
                for message in await response.json():
                    if "succeeded" in message["content"] or "failed" in message["content"]:
                        return dict(message)
            await asyncio.sleep(0.2)


async def test_bot_trains_on_the_deployed_stack(place: session.Sandbox) -> None:
    clients = Clients(place.ready["aws"]["endpoint"])
    outputs = await asyncio.to_thread(deploy, clients)
    configure(place.folder / "config.toml", outputs)
    await place.bot.start()
    async with aiohttp.ClientSession() as http:
        result = await _result(place, http, "/train branch:main epochs:2")
    assert "succeeded" in result["content"], result["content"]
    assert any(each["filename"].endswith(".png") for each in result["attachments"])
    await asyncio.to_thread(_ran_on_the_stack, clients, outputs)
    async with asyncio.timeout(PATIENCE):
        while not any(key.endswith("/log.txt") for key in await asyncio.to_thread(_keys, clients, outputs["Bucket"])):
            await asyncio.sleep(0.1)
    await place.bot.stop()
    await asyncio.to_thread(_delete_stack, clients, outputs)


def _ran_on_the_stack(clients: Clients, outputs: dict[str, str]) -> None:
    [summary] = clients.batch.list_jobs(jobQueue=outputs["QueueMnist"], jobStatus="SUCCEEDED")["jobSummaryList"]
    [job] = clients.batch.describe_jobs(jobs=[summary["jobId"]])["jobs"]
    assert job["container"]["image"] == IMAGE
    assert job["jobDefinition"].endswith(f"job-definition/{outputs['JobDefinitionMnist']}:1")
    assert job["retryStrategy"]["attempts"] == 3
    assert job["container"]["secrets"][0]["name"] == "GIT_TOKEN"
    names = {key.rpartition("/")[2] for key in _keys(clients, outputs["Bucket"])}
    assert names >= {"metrics.csv", "manifest.json", "model.pt"}
    [stream] = clients.logs.describe_log_streams(logGroupName=outputs["LogGroup"])["logStreams"]
    assert stream["logStreamName"].startswith("mnist/default/")


def _keys(clients: Clients, bucket: str) -> list[str]:
    return [each["Key"] for each in clients.s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def _delete_stack(clients: Clients, outputs: dict[str, str]) -> None:
    """Delete the stack. Only the bucket stays, with the jobs' files."""
    clients.cloudformation.delete_stack(StackName=STACK)
    [stack] = clients.cloudformation.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert stack["StackName"] == STACK
    queues = clients.batch.describe_job_queues()["jobQueues"]
    environments = clients.batch.describe_compute_environments()["computeEnvironments"]
    assert [each["jobQueueName"] for each in queues] == ["scaffold-queue"]
    assert [each["computeEnvironmentName"] for each in environments] == ["scaffold-spot"]
    assert not clients.secretsmanager.list_secrets()["SecretList"]
    assert not clients.ecr.describe_repositories()["repositories"]
    assert _keys(clients, outputs["Bucket"])
