"""`signalbox doctor` against the sandbox, as against the real thing: healthy, and with one fault each."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from deploy.sandbox.discord.state.permissions import Overwrite, Permission
from deploy.sandbox.discord.state.world_spec import ChannelSpec, World
from deploy.sandbox.session import Sandbox, sandbox
from tests.e2e.doctor.commands import Aws, bad_lines, one_always, read_config, run_command, run_doctor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CHECKS = 25
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
QUEUE, ENVIRONMENT, RULE = "signalbox-queue", "signalbox-spot", "signalbox-events"
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Sandbox]:
    announcements = ChannelSpec("announcements", overwrites={"bot": Overwrite(deny=Permission.SEND_MESSAGES)})
    world = World(channels=(*World().channels, announcements))
    async with sandbox(world=world) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def aws(running: Sandbox) -> Aws:
    return await asyncio.to_thread(Aws, running)


async def test_all_is_well_in_the_sandbox(running: Sandbox) -> None:
    status, output = await run_command(running)
    assert status == 0, output
    assert output.count("ok    ") == CHECKS, output
    assert output.rstrip().endswith(f"{CHECKS} checks: all good.")


@pytest.mark.parametrize("fault", one_always(FAULTS))
async def test_a_fault_in_the_config_is_named_with_advice(running: Sandbox, fault: str) -> None:
    (*way, last), value, named, advice = FAULTS[fault]
    config = await read_config(running)
    section = config
    for key in way:
        section = section[key]
    section[last] = value
    status, output = await run_doctor(running, config=config)
    assert status == 1, output
    assert named in bad_lines(output), output
    assert advice in bad_lines(output), output


@pytest.mark.parametrize("fault", one_always(BREAKAGES))
async def test_a_fault_in_aws_is_named_with_advice(running: Sandbox, aws: Aws, fault: str) -> None:
    """It alone: nothing else is said to be bad."""
    breaks, repairs, named, advice = BREAKAGES[fault]
    await asyncio.to_thread(breaks, aws)
    try:
        status, output = await run_doctor(running)
    finally:
        await asyncio.to_thread(repairs, aws)
    assert status == 1, output
    assert named in bad_lines(output), output
    assert advice in bad_lines(output), output
    assert output.count("BAD ") == 1, output
    assert re.search(rf"^{CHECKS} checks: 1 bad(, 1 note)?\.\Z", output.rstrip(), flags=re.M)


@pytest.mark.parametrize("fault", one_always(DEFINITIONS))
async def test_a_fault_of_the_definition_is_named_with_advice(running: Sandbox, aws: Aws, fault: str) -> None:
    changes, container, named, advice = DEFINITIONS[fault]
    if fault == "no such image":
        await asyncio.to_thread(aws.push, "trainer")
    config = await read_config(running)
    config["projects"]["mnist"]["job_definition"] = await asyncio.to_thread(aws.define, changes, container)
    status, output = await run_doctor(running, config=config)
    assert status == 1, output
    assert named in bad_lines(output), output
    assert advice in bad_lines(output), output
    assert output.count("BAD ") == 1, output


async def test_the_commit_of_an_image(running: Sandbox, aws: Aws) -> None:
    repository = await asyncio.to_thread(aws.push, "built", "latest", "1f0c9ab2d3e4")
    config = await read_config(running)
    place = f"{repository.partition('/')[0].partition('.')[0]}.dkr.ecr.us-east-1.amazonaws.com/built:latest"
    config["projects"]["mnist"]["job_definition"] = await asyncio.to_thread(aws.define, {}, {"image": place})
    status, output = await run_doctor(running, config=config)
    assert status == 0, output
    assert "built:latest: built from commit 1f0c9ab2d3e4, pushed 20" in output, output


async def test_a_lost_log_group_is_made_again(running: Sandbox, aws: Aws) -> None:
    group = running.ready["aws"]["log_group"]
    await asyncio.to_thread(aws.clients.logs.delete_log_group, logGroupName=group)
    status, output = await run_command(running, "--fix")
    assert status == 0, output
    assert "FIXED log group /signalbox/jobs" in output
    assert "--fix created it: now logs are deleted after 30 days" in output
    assert output.rstrip().endswith(f"{CHECKS} checks: all good, 1 fixed.")
    _, again = await run_doctor(running)
    assert again.rstrip().endswith(f"{CHECKS} checks: all good.")


async def test_a_log_group_kept_for_ever_is_told_and_given_a_retention(running: Sandbox, aws: Aws) -> None:
    group = running.ready["aws"]["log_group"]
    await asyncio.to_thread(aws.clients.logs.delete_retention_policy, logGroupName=group)
    status, output = await run_doctor(running)
    assert (status, "note  log group /signalbox/jobs: logs are never deleted" in output) == (0, True), output
    status, output = await run_doctor(running, fix=True)
    assert (status, "--fix set 30 days: now logs are deleted after 30 days" in output) == (0, True), output


async def test_what_cannot_be_looked_at_is_said_and_is_no_fault(running: Sandbox, aws: Aws) -> None:
    for action in ("GetServiceQuota", "ListRuleNamesByTarget", "DeleteObject"):
        denied = {"fault": "error", "code": "AccessDenied", "message": "not allowed", "status": 403, "times": 9}
        await asyncio.to_thread(aws.fault, action=action, **denied)
    try:
        status, output = await run_doctor(running)
    finally:
        await asyncio.to_thread(aws.no_faults)
    assert status == 0, output
    assert "note  quota for signalbox-queue: could not be checked:" in output
    assert "note  event rule: could not be checked:" in output
    assert "written and read; jobs/mnist/doctor.txt stays" in output
    assert output.rstrip().endswith(f"{CHECKS} checks: all good, 2 notes.")


async def test_a_clock_that_is_a_little_off_is_told(running: Sandbox, aws: Aws) -> None:
    await asyncio.to_thread(aws.settings, date_offset_seconds=20)
    try:
        status, output = await run_doctor(running)
    finally:
        await asyncio.to_thread(aws.settings, date_offset_seconds=0)
    assert status == 0, output
    assert "note  clock against AWS: this machine's clock is " in output
    assert " s behind" in output


async def test_a_refused_token(running: Sandbox) -> None:
    status, output = await run_command(running, DISCORD_TOKEN="a.b.c")
    assert status == 1
    assert "BAD   Discord token" in output
    assert "Reset Token" in output
    assert "a.b.c" not in output


async def test_a_config_with_a_mistake_is_said_and_nothing_is_tried(running: Sandbox) -> None:
    config = await read_config(running)
    config["aws"]["regoin"] = config["aws"].pop("region")
    status, output = await run_command(running, config=config)
    assert status == 1
    assert "Did you mean region?" in output
    assert "ok  " not in output


async def test_permissions_that_a_channel_lacks(running: Sandbox) -> None:
    config = await read_config(running)
    config["projects"]["mnist"]["channels"] = [int(running.ready["discord"]["channels"]["announcements"])]
    status, output = await run_doctor(running, config=config)
    assert status == 1, output
    assert "BAD   #announcements of mnist: missing permissions: send messages" in output
