"""`signalbox doctor` against the sandbox, as against the real thing: healthy, and with one fault each."""

import asyncio
import io
import json
import os
import re
import sys
import tomllib
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import tomli_w
from aiobotocore.session import AioSession
from rich.console import Console

from bot import doctor
from bot.adapters.aws import clients
from bot.config import loading
from deploy.sandbox import botconfig
from deploy.sandbox.aws.resources import Clients
from deploy.sandbox.discord.state.permissions import Overwrite, Permission
from deploy.sandbox.discord.state.world_spec import ChannelSpec, World
from deploy.sandbox.session import Sandbox, sandbox

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CHECKS = 18
SESSION = AioSession()
# Where in the config, what to put there, what the bad line names, and what its advice says.
FAULTS = {
    "queue": (("projects", "mnist", "queue"), "nope", "BAD   queue nope", "projects.mnist.queue"),
    "definition": (("projects", "mnist", "job_definition"), "nope", "no active job definition nope", "job_definition"),
    "bucket": (("projects", "mnist", "bucket"), "nope-bucket", "nope-bucket", "projects.mnist.bucket"),
    "log group": (("projects", "mnist", "log_group"), "/nope", "logs to /signalbox/jobs", "log_group to"),
    "repository": (("projects", "mnist", "repository"), "file:///nope.git", "repository of mnist", "git ls-remote"),
    "branch": (("projects", "mnist", "branches"), ["nope"], "repository of mnist", "branches in the config"),
    "channel": (("projects", "mnist", "channels"), [123], "no channel 123", "projects.mnist.channels"),
    "server": (("discord", "guild_id"), 5, "not in the server 5", "invite the bot"),
    "events": (
        ("aws", "events_queue_url"),
        "http://127.0.0.1:9/123456789012/q",
        "BAD   event queue",
        "events_queue",
    ),
}
# What is broken in AWS, what repairs it, what the bad line names, and what its advice says.
QUEUE, ENVIRONMENT, RULE, POLICY = "signalbox-queue", "signalbox-spot", "signalbox-events", "Policy"
Deed = Callable[["Aws"], Any]
BREAKAGES: dict[str, tuple[Deed, Deed, str, str]] = {
    "queue disabled": (
        lambda aws: aws.clients.batch.update_job_queue(jobQueue=QUEUE, state="DISABLED"),
        lambda aws: aws.clients.batch.update_job_queue(jobQueue=QUEUE, state="ENABLED"),
        f"queue {QUEUE} is DISABLED, VALID",
        "Enable it in AWS Batch",
    ),
    "environment disabled": (
        lambda aws: aws.clients.batch.update_compute_environment(computeEnvironment=ENVIRONMENT, state="DISABLED"),
        lambda aws: aws.clients.batch.update_compute_environment(computeEnvironment=ENVIRONMENT, state="ENABLED"),
        f"compute environment {ENVIRONMENT} is DISABLED",
        "Enable it in AWS Batch",
    ),
    "quota of a new account": (
        lambda aws: aws.settings(gpu_vcpus=0),
        lambda aws: aws.settings(gpu_vcpus=64),
        '0 vCPUs in "All G and VT Spot Instance Requests"',
        "request-service-quota-increase --service-code ec2 --quota-code L-3819A6DF --desired-value 8",
    ),
    "credentials": (
        lambda aws: aws.fault(action="GetCallerIdentity", fault="error", code="InvalidClientTokenId", status=403),
        lambda aws: aws.no_faults(),
        "BAD   AWS credentials",
        "AWS_PROFILE",
    ),
    "clock": (
        lambda aws: aws.settings(date_offset_seconds=-90),
        lambda aws: aws.settings(date_offset_seconds=0),
        "BAD   clock against AWS: this machine's clock is ",
        "NTP",
    ),
    "rule disabled": (
        lambda aws: aws.clients.events.disable_rule(Name=RULE),
        lambda aws: aws.clients.events.enable_rule(Name=RULE),
        f"BAD   event rule: {RULE} is disabled",
        f"aws events enable-rule --name {RULE}",
    ),
    "rule gone": (
        lambda aws: aws.clients.events.remove_targets(Rule=RULE, Ids=["queue"]),
        lambda aws: aws.clients.events.put_targets(Rule=RULE, Targets=[{"Id": "queue", "Arn": aws.queue_arn()}]),
        "no rule sends job states to the queue",
        '{"source": ["aws.batch"], "detail-type": ["Batch Job State Change"]}',
    ),
    "queue closed to events": (
        lambda aws: aws.keep_policy(""),
        lambda aws: aws.keep_policy(aws.policy),
        "the queue's policy does not let EventBridge send",
        "sqs:SendMessage",
    ),
    "log group gone": (
        lambda aws: aws.clients.logs.delete_log_group(logGroupName=aws.sandbox.ready["aws"]["log_group"]),
        lambda aws: aws.make_log_group(),
        "no log group /signalbox/jobs",
        "`signalbox doctor --fix` does it for you",
    ),
    "bucket not readable": (
        lambda aws: aws.fault(action="GetObject", fault="error", code="AccessDenied", status=403, times=9),
        lambda aws: aws.no_faults(),
        "BAD   bucket of mnist: Reading from the bucket",
        "lack this permission",
    ),
}
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": MEDIA_TYPE, "config": {"digest": "sha256:0"}, "layers": []})
# The job definition's changes, what the bad line names, and what its advice says.
DEFINITIONS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "every failure is retried": (
        {"retryStrategy": {"attempts": 3, "evaluateOnExit": [{"onStatusReason": "Host EC2*", "action": "RETRY"}]}},
        {},
        "would be run again",
        '{"onReason": "*", "action": "EXIT"}',
    ),
    "no such image": (
        {},
        {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer:nope"},
        "There is no image 123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer:nope",
        "push it",
    ),
    "no such repository": (
        {},
        {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/nobody:1"},
        "There is no image",
        "push it",
    ),
}


class Aws:
    """The stand-in's own calls, and AWS's, to break things and to repair them."""

    def __init__(self, running: Sandbox) -> None:
        self.sandbox = running
        self.clients = Clients(running.ready["aws"]["endpoint"])
        self._queue = {"QueueUrl": running.ready["aws"]["events_queue_url"]}
        self.policy = self._attributes()[POLICY]

    def queue_arn(self) -> str:
        return str(self._attributes()["QueueArn"])

    def keep_policy(self, policy: str) -> None:
        self.clients.sqs.set_queue_attributes(**self._queue, Attributes={POLICY: policy})

    def make_log_group(self) -> None:
        group = {"logGroupName": self.sandbox.ready["aws"]["log_group"]}
        self.clients.logs.create_log_group(**group)
        self.clients.logs.put_retention_policy(**group, retentionInDays=30)

    def settings(self, **changes: Any) -> None:
        self._ask("POST", "settings", changes)

    def fault(self, **fault: Any) -> None:
        self._ask("POST", "faults", fault)

    def no_faults(self) -> None:
        self._ask("DELETE", "faults", {})

    def define(self, changes: dict[str, Any], container: dict[str, Any]) -> str:
        """A new definition like the sandbox's own, but for these. Its name."""
        known = self.clients.batch.describe_job_definitions(jobDefinitionName="signalbox-trainer")["jobDefinitions"][0]
        kept = {key: known[key] for key in ("type", "platformCapabilities", "timeout", "retryStrategy") if key in known}
        properties = {**known["containerProperties"], **container}
        name = f"broken-{abs(hash(json.dumps([changes, container]))):x}"
        self.clients.batch.register_job_definition(
            **{**kept, **changes, "jobDefinitionName": name, "containerProperties": properties}
        )
        return name

    def push(self, image: str, *tags: str) -> str:
        """An image in ECR under these tags. Its repository's address."""
        repository = self.clients.ecr.create_repository(repositoryName=image)["repository"]["repositoryUri"]
        for tag in tags:
            self.clients.ecr.put_image(
                repositoryName=image, imageTag=tag, imageManifest=MANIFEST, imageManifestMediaType=MEDIA_TYPE
            )
        return str(repository)

    def _attributes(self) -> dict[str, Any]:
        answer = self.clients.sqs.get_queue_attributes(**self._queue, AttributeNames=["All"])
        return dict(answer["Attributes"])

    def _ask(self, method: str, what: str, body: dict[str, Any]) -> None:
        address = f"{self.sandbox.ready['aws']['endpoint']}/sandbox/{what}"
        request = urllib.request.Request(address, json.dumps(body).encode(), method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Sandbox]:
    announcements = ChannelSpec("announcements", overwrites={"bot": Overwrite(deny=Permission.SEND_MESSAGES)})
    world = World(channels=(*World().channels, announcements))
    async with sandbox(world=world) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def aws(running: Sandbox) -> Aws:
    return await asyncio.to_thread(Aws, running)


async def _doctor(running: Sandbox, *, config: dict[str, Any] | None = None, fix: bool = False) -> tuple[int, str]:
    """Exit code and output, in this process, where AWS's service models are read once: they take 1.5 s each time."""
    path, output = await _config_file(running, config), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in botconfig.environment(running.ready).items():
            patch.setenv(name, value)
        patch.setattr(clients, "AioSession", lambda: SESSION)
        console = Console(file=output, width=200)
        well = await doctor.run(loading.load(path), loading.secrets(), console, fix=fix)
    return 0 if well else 1, output.getvalue()


async def _command(
    running: Sandbox, *options: str, config: dict[str, Any] | None = None, **environment: str
) -> tuple[int, str]:
    """The same by the command line."""
    path = await _config_file(running, config)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor", "--config", str(path), *options),
        env={**os.environ, **botconfig.environment(running.ready), "COLUMNS": "200", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def _config_file(running: Sandbox, config: dict[str, Any] | None) -> Path:
    """The sandbox's own, or a broken one beside it."""
    if config is None:
        return running.folder / "config.toml"
    path = running.folder / "broken.toml"
    await asyncio.to_thread(path.write_text, tomli_w.dumps(config))
    return path


async def _config(running: Sandbox) -> dict[str, Any]:
    return tomllib.loads(await asyncio.to_thread((running.folder / "config.toml").read_text))


def _bad(output: str) -> str:
    """The bad lines with their advice, and nothing else."""
    kept, taking = [], False
    for line in output.split("\n"):
        taking = line.startswith("BAD ") or (taking and line.startswith("    "))
        kept += [line] if taking else []
    return "\n".join(kept)


async def test_all_is_well_in_the_sandbox(running: Sandbox) -> None:
    status, output = await _command(running)
    assert status == 0, output
    assert output.count("ok    ") == CHECKS, output
    assert output.rstrip().endswith(f"{CHECKS} checks: all good.")


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_in_the_config_is_named_with_advice(running: Sandbox, fault: str) -> None:
    (*way, last), value, named, advice = FAULTS[fault]
    config = await _config(running)
    section = config
    for key in way:
        section = section[key]
    section[last] = value
    status, output = await _doctor(running, config=config)
    assert status == 1, output
    assert named in _bad(output), output
    assert advice in _bad(output), output


@pytest.mark.parametrize("fault", BREAKAGES)
async def test_a_fault_in_aws_is_named_with_advice(running: Sandbox, aws: Aws, fault: str) -> None:
    """It alone: nothing else is said to be bad."""
    breaks, repairs, named, advice = BREAKAGES[fault]
    await asyncio.to_thread(breaks, aws)
    try:
        status, output = await _doctor(running)
    finally:
        await asyncio.to_thread(repairs, aws)
    assert status == 1, output
    assert named in _bad(output), output
    assert advice in _bad(output), output
    assert output.count("BAD ") == 1, output
    assert re.search(rf"^{CHECKS} checks: 1 bad(, 1 note)?\.\Z", output.rstrip(), flags=re.M)


@pytest.mark.parametrize("fault", DEFINITIONS)
async def test_a_fault_of_the_definition_is_named_with_advice(running: Sandbox, aws: Aws, fault: str) -> None:
    changes, container, named, advice = DEFINITIONS[fault]
    if fault == "no such image":
        await asyncio.to_thread(aws.push, "trainer")
    config = await _config(running)
    config["projects"]["mnist"]["job_definition"] = await asyncio.to_thread(aws.define, changes, container)
    status, output = await _doctor(running, config=config)
    assert status == 1, output
    assert named in _bad(output), output
    assert advice in _bad(output), output
    assert output.count("BAD ") == 1, output


async def test_the_commit_of_an_image(running: Sandbox, aws: Aws) -> None:
    repository = await asyncio.to_thread(aws.push, "built", "latest", "1f0c9ab2d3e4")
    config = await _config(running)
    place = f"{repository.partition('/')[0].partition('.')[0]}.dkr.ecr.us-east-1.amazonaws.com/built:latest"
    config["projects"]["mnist"]["job_definition"] = await asyncio.to_thread(aws.define, {}, {"image": place})
    status, output = await _doctor(running, config=config)
    assert status == 0, output
    assert "built:latest: built from commit 1f0c9ab2d3e4, pushed 20" in output, output


async def test_a_lost_log_group_is_made_again(running: Sandbox, aws: Aws) -> None:
    group = running.ready["aws"]["log_group"]
    await asyncio.to_thread(aws.clients.logs.delete_log_group, logGroupName=group)
    status, output = await _command(running, "--fix")
    assert status == 0, output
    assert "FIXED log group /signalbox/jobs" in output
    assert "--fix created it: now logs are deleted after 30 days" in output
    assert output.rstrip().endswith(f"{CHECKS} checks: all good, 1 fixed.")
    _, again = await _doctor(running)
    assert again.rstrip().endswith(f"{CHECKS} checks: all good.")


async def test_a_log_group_kept_for_ever_is_told_and_given_a_retention(running: Sandbox, aws: Aws) -> None:
    group = running.ready["aws"]["log_group"]
    await asyncio.to_thread(aws.clients.logs.delete_retention_policy, logGroupName=group)
    status, output = await _doctor(running)
    assert (status, "note  log group /signalbox/jobs: logs are never deleted" in output) == (0, True), output
    status, output = await _doctor(running, fix=True)
    assert (status, "--fix set 30 days: now logs are deleted after 30 days" in output) == (0, True), output


async def test_what_cannot_be_looked_at_is_said_and_is_no_fault(running: Sandbox, aws: Aws) -> None:
    for action in ("GetServiceQuota", "ListRuleNamesByTarget", "DeleteObject"):
        denied = {"fault": "error", "code": "AccessDenied", "message": "not allowed", "status": 403, "times": 9}
        await asyncio.to_thread(aws.fault, action=action, **denied)
    try:
        status, output = await _doctor(running)
    finally:
        await asyncio.to_thread(aws.no_faults)
    assert status == 0, output
    assert "note  GPU quota for signalbox-queue: could not be checked:" in output
    assert "note  event rule: could not be checked:" in output
    assert "written and read; jobs/doctor.txt stays" in output
    assert output.rstrip().endswith(f"{CHECKS} checks: all good, 2 notes.")


async def test_a_clock_that_is_a_little_off_is_told(running: Sandbox, aws: Aws) -> None:
    await asyncio.to_thread(aws.settings, date_offset_seconds=20)
    try:
        status, output = await _doctor(running)
    finally:
        await asyncio.to_thread(aws.settings, date_offset_seconds=0)
    assert status == 0, output
    assert "note  clock against AWS: this machine's clock is " in output
    assert " s behind" in output


async def test_a_refused_token(running: Sandbox) -> None:
    status, output = await _command(running, DISCORD_TOKEN="a.b.c")
    assert status == 1
    assert "BAD   Discord token" in output
    assert "Reset Token" in output
    assert "a.b.c" not in output


async def test_a_config_with_a_mistake_is_said_and_nothing_is_tried(running: Sandbox) -> None:
    config = await _config(running)
    config["aws"]["regoin"] = config["aws"].pop("region")
    status, output = await _command(running, config=config)
    assert status == 1
    assert "Did you mean region?" in output
    assert "ok  " not in output


async def test_permissions_that_a_channel_lacks(running: Sandbox) -> None:
    config = await _config(running)
    config["projects"]["mnist"]["channels"] = [int(running.ready["discord"]["channels"]["announcements"])]
    status, output = await _doctor(running, config=config)
    assert status == 1, output
    assert "BAD   #announcements of mnist: missing permissions: send messages" in output
