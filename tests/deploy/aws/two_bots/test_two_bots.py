"""Two bots of one account, each on its own stack: none of their names collide, and neither reaches the other's jobs."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from bot.services.jobs.submit_call import BOT_TAG
from deploy.aws.outputs import Output
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.resources import Clients
from tests.deploy.aws.deployed_stack import Deployed, deploy, is_refused
from tests.deploy.aws.images import fake_docker
from tests.deploy.aws.two_bots import PATHS

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

FIRST, SECOND = PATHS
JOB = "jobs/mnist/aaaaaa/claim.json"
ROLES = ("BotRole", "ProjectJobRole", "ProjectTrainingRole", "ProjectExecutionRole", "MachineRole")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stacks() -> AsyncIterator[Mapping[str, Deployed]]:
    """Both stacks, with an object, a log line, an image and a waiting job each."""
    async with aws_stand_in(Settings(enforce_permissions=True, capacity_reason="no machine")) as endpoint:
        found = {name: await asyncio.to_thread(deploy, endpoint, name, path) for name, path in PATHS.items()}
        for each in found.values():
            await asyncio.to_thread(_fill, each)
        yield found


def _fill(stack: Deployed) -> None:
    clients = Clients(stack.endpoint)
    clients.s3.put_object(Bucket=stack.bucket, Key=JOB, Body=b"{}")
    clients.s3.put_object(Bucket=stack.bucket, Key=f"signalbox/{stack.stack}/store.db", Body=b"store")
    group = stack.outputs[Output.LOG_GROUP]
    clients.logs.create_log_stream(logGroupName=group, logStreamName="mnist/default/1")
    manifest = fake_docker.manifest(fake_docker.image_id("trainer"))
    clients.ecr.put_image(
        repositoryName=stack.stack,
        imageTag="trainer-1",
        imageManifest=manifest,
        imageManifestMediaType=fake_docker.KIND,
        imageDigest=fake_docker.digest("trainer"),
    )


def _bot(stack: Deployed, service: str) -> Any:
    return stack.client(service, stack.role_keys("BotRole"))


def _secrets(stack: Deployed) -> dict[str, str]:
    """ARNs by name."""
    known = Clients(stack.endpoint).secretsmanager
    return {name: known.describe_secret(SecretId=name)["ARN"] for name in stack.secrets}


def _submit(caller: Deployed, owner: Deployed, tag: str) -> str:
    answer = _bot(caller, "batch").submit_job(
        jobName=f"{tag}-mnist-aaaaaa",
        jobQueue=owner.outputs["QueueMnist"],
        jobDefinition=owner.outputs["JobDefinitionMnist"],
        tags={BOT_TAG: tag},
    )
    return str(answer["jobId"])


async def test_nothing_of_them_has_the_same_name(stacks: Mapping[str, Deployed]) -> None:
    first, second = (_resources(stack) for stack in stacks.values())
    assert first.keys() == second.keys()
    for kind in ("SpotQueue", "ProjectDefinition", "Images", "JobLog", "Artifacts", "Events", "JobEvents", "BotRole"):
        assert any(name.startswith(kind) for name in first)
    assert set(first.values()) & set(second.values()) == set()
    shared = {key for key, value in stacks[FIRST].outputs.items() if value == stacks[SECOND].outputs[key]}
    assert shared == {"Region", "ProjectName"}


def _resources(stack: Deployed) -> dict[str, str]:
    """Names by logical id, but of secrets, whose names are outputs."""
    answer = Clients(stack.endpoint).cloudformation.describe_stack_resources(StackName=stack.stack)
    made = [each for each in answer["StackResources"] if "LogicalResourceId" in each]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in made}


def _bots_calls(stack: Deployed, client: Callable[[str], Any], job: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What a bot does with what is its own."""
    s3, batch, logs, sqs = (client(name) for name in ("s3", "batch", "logs", "sqs"))
    queue, definition = stack.outputs["QueueMnist"], stack.outputs["JobDefinitionMnist"]
    url, store = stack.outputs[Output.EVENTS_QUEUE_URL], f"signalbox/{stack.stack}/store.db"
    yield "read a result", partial(s3.get_object, Bucket=stack.bucket, Key=JOB)
    yield "write a result", partial(s3.put_object, Bucket=stack.bucket, Key=JOB, Body=b"forged")
    yield "list", partial(s3.list_objects_v2, Bucket=stack.bucket, Prefix="jobs/")
    yield "read the store", partial(s3.get_object, Bucket=stack.bucket, Key=store)
    yield "read logs", partial(logs.filter_log_events, logGroupName=stack.outputs[Output.LOG_GROUP])
    yield "read events", partial(sqs.receive_message, QueueUrl=url)
    yield "look at an image", partial(client("ecr").describe_images, repositoryName=stack.stack)
    for name, arn in _secrets(stack).items():
        yield f"look at {name}", partial(client("secretsmanager").describe_secret, SecretId=arn)
    tags = {BOT_TAG: stack.stack}
    submitted = partial(batch.submit_job, jobName="x", jobQueue=queue, jobDefinition=definition)
    yield "submit", partial(submitted, tags=tags)
    yield "end a job", partial(batch.terminate_job, jobId=job, reason="x")


@pytest.mark.parametrize("name", PATHS)
async def test_a_bot_does_with_its_own_what_it_may_not_with_the_others(
    stacks: Mapping[str, Deployed], name: str
) -> None:
    own, other = stacks[name], stacks[FIRST if name == SECOND else SECOND]

    def refusals(stack: Deployed) -> set[str]:
        job = _submit(stack, stack, stack.stack)
        calls = _bots_calls(stack, lambda service: _bot(own, service), job)
        return {what for what, call in calls if is_refused(call)}

    assert await asyncio.to_thread(refusals, own) == set()
    everything = {what for what, _ in _bots_calls(other, lambda service: _bot(own, service), "")}
    assert await asyncio.to_thread(refusals, other) == everything


async def test_a_bot_submits_under_no_other_name(stacks: Mapping[str, Deployed]) -> None:
    first, second = stacks[FIRST], stacks[SECOND]
    for caller, owner, tag in ((first, first, SECOND), (first, second, FIRST), (first, second, SECOND)):
        assert await asyncio.to_thread(is_refused, partial(_submit, caller, owner, tag))


async def test_jobs_and_machines_reach_no_bucket_log_or_secret_of_the_other(stacks: Mapping[str, Deployed]) -> None:
    first, second = stacks[FIRST], stacks[SECOND]

    def passed() -> list[tuple[str, str]]:
        found = []
        for role in ROLES[1:]:
            keys = first.role_keys(role)
            calls = _jobs_calls(second, partial(first.client, keys=keys))
            found += [(role, what) for what, call in calls if not is_refused(call)]
        return found

    assert await asyncio.to_thread(passed) == []


def _jobs_calls(other: Deployed, client: Callable[[str], Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    s3, group = client("s3"), other.outputs[Output.LOG_GROUP]
    yield "read", partial(s3.get_object, Bucket=other.bucket, Key=JOB)
    yield "write", partial(s3.put_object, Bucket=other.bucket, Key=JOB, Body=b"forged")
    yield "list", partial(s3.list_objects_v2, Bucket=other.bucket, Prefix="jobs/mnist/")
    event = [{"timestamp": 1, "message": "@signalbox forged"}]
    stream = {"logGroupName": group, "logStreamName": "mnist/default/1"}
    yield "log", partial(client("logs").put_log_events, **stream, logEvents=event)
    for name, arn in _secrets(other).items():
        yield f"read {name}", partial(client("secretsmanager").get_secret_value, SecretId=arn)
    pulled = partial(client("ecr").batch_get_image, repositoryName=other.stack)
    yield "pull", partial(pulled, imageIds=[{"imageTag": "trainer-1"}])
    for role in ROLES:
        assumed = partial(client("sts").assume_role, RoleArn=other.roles[role], RoleSessionName="job")
        yield f"become the other's {role}", assumed


async def test_a_bot_hears_of_its_own_jobs_alone(stacks: Mapping[str, Deployed]) -> None:
    first, second = stacks[FIRST], stacks[SECOND]
    job = await asyncio.to_thread(_submit, second, second, SECOND)
    told = {name: await asyncio.to_thread(_events, stack, job) for name, stack in ((SECOND, second), (FIRST, first))}
    assert job in told[SECOND]
    assert job not in told[FIRST]
    everything = told[FIRST] | {await asyncio.to_thread(_submit, first, first, FIRST)}
    assert not everything & told[SECOND]


def _events(stack: Deployed, until: str) -> set[str]:
    """The jobs of the events in the bot's queue, read until this job is among them or none is left."""
    sqs, url, found = _bot(stack, "sqs"), stack.outputs[Output.EVENTS_QUEUE_URL], set[str]()
    while until not in found:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", ())
        if not messages:
            break
        for message in messages:
            found.add(json.loads(message["Body"])["detail"]["jobId"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found
