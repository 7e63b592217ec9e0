"""`signalbox doctor` on more set-ups that don't work, each with the line that names the fault.

Print the table: `pytest -s tests/e2e/doctor/test_doctor_broken.py -k table`.
"""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from typing import Any

import pytest
import pytest_asyncio

from bot.adapters.aws.token_lease import Signature, lease_uri
from bot.config import loading
from deploy.sandbox.session import Sandbox, sandbox
from tests.e2e.doctor.commands import Aws, one_always, read_config, run_command, run_doctor
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

Config = dict[str, Any]
Breakage = Callable[[Aws, Config], None]
OTHER_ENDPOINT = "The bucket you are attempting to access must be addressed using the specified endpoint."
DENIED = {"fault": "error", "code": "AccessDenied", "status": 403, "message": "is not authorized", "times": 99}


def _queue_of(kind: str, *types: str, max_vcpus: int = 32) -> Breakage:
    """Move the project to a new queue of such machines."""

    def breakage(aws: Aws, config: Config) -> None:
        batch, name = aws.clients.batch, f"{kind.lower()}-{types[0].replace('.', '-')}-{max_vcpus}"
        known = batch.describe_compute_environments()["computeEnvironments"][0]
        kept = {key: known["computeResources"][key] for key in ("subnets", "securityGroupIds", "instanceRole")}
        resources = {"type": kind, "minvCpus": 0, "maxvCpus": max_vcpus, "instanceTypes": list(types), **kept}
        environment = batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            state="ENABLED",
            serviceRole=known["serviceRole"],
            computeResources=resources,
        )
        order = [{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}]
        batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)
        _project(config)["queue"] = name

    return breakage


def _settings(**changes: Any) -> Breakage:
    return lambda aws, _: aws.settings(**changes)


def _fault(action: str, **fault: Any) -> Breakage:
    return lambda aws, _: aws.fault(action=action, **{**DENIED, **fault})


def _definition(**container: Any) -> Breakage:
    def breakage(aws: Aws, config: Config) -> None:
        _project(config)["job_definition"] = aws.define({}, container)

    return breakage


def _asking(**needs: str) -> Breakage:
    wanted = {"VCPU": "4", "MEMORY": "1000", **needs}
    return _definition(resourceRequirements=[{"type": kind, "value": value} for kind, value in wanted.items()])


def _deregistered(aws: Aws, config: Config) -> None:
    name = aws.define({"timeout": {"attemptDurationSeconds": 61}}, {})
    aws.clients.batch.deregister_job_definition(jobDefinition=f"{name}:1")
    _project(config)["job_definition"] = name


def _membership(action: str) -> Breakage:
    return lambda aws, _: _disturb(aws, "membership", {"action": action})


def _no_commands_scope(aws: Aws, _: Config) -> None:
    """50001 is what Discord answers without applications.commands: https://github.com/discord/discord-api-docs/issues/2610"""
    refused = {"fault": "status", "path": "/commands$", "status": 403, "code": 50001, "message": "Missing Access"}
    _disturb(aws, "faults", refused)


def _disturb(aws: Aws, what: str, body: dict[str, Any], method: str = "POST") -> None:
    address = f"{aws.sandbox.ready['discord']['url']}/sandbox/{what}"
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert answer.status == 200


def _foreign_bot(aws: Aws, _: Config) -> None:
    config = loading.load(aws.sandbox.folder / "config.toml")
    uri = lease_uri(loading.lease_folder(config), aws.sandbox.ready["discord"]["token"])
    bucket, key = uri.removeprefix("s3://").split("/", 1)
    signature = Signature("another", "7", "attic")
    aws.clients.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(asdict(signature)).encode())


def _choice_too_long(_: Aws, config: Config) -> None:
    choices = {"type": "choice", "choices": ["sgd", "a" * 101], "default": "sgd", "description": "Optimiser"}
    _project(config)["parameters"]["optimizer"] = choices


def _log_options(aws: Aws, **changes: str) -> dict[str, Any]:
    known = aws.clients.batch.describe_job_definitions(jobDefinitionName="signalbox-trainer")["jobDefinitions"][0]
    options = known["containerProperties"]["logConfiguration"]["options"]
    return {"logConfiguration": {"logDriver": "awslogs", "options": {**options, **changes}}}


def _prefix(prefix: str) -> Breakage:
    return lambda _, config: config["discord"].update(command_prefix=prefix)


def _non_blocking(aws: Aws, config: Config) -> None:
    _project(config)["job_definition"] = aws.define({}, _log_options(aws, mode="non-blocking"))


def _cheap(_: Aws, config: Config) -> None:
    _project(config)["usd_per_hour"] = 0.526


def _project(config: Config) -> Config:
    return config["projects"]["mnist"]  # type: ignore[no-any-return]


def _both(*breakages: Breakage) -> Breakage:
    def breakage(aws: Aws, config: Config) -> None:
        for each in breakages:
            each(aws, config)

    return breakage


def _repair(aws: Aws) -> None:
    aws.no_faults()
    aws.settings(gpu_vcpus=64, standard_vcpus=64, account_plan="PAID", date_offset_seconds=0)
    _membership("invite")(aws, {})
    _disturb(aws, "faults", {}, "DELETE")
    aws.clients.s3.delete_objects(Bucket="signalbox-sandbox", Delete={"Objects": _leases(aws)})


def _leases(aws: Aws) -> list[dict[str, str]]:
    stored = aws.clients.s3.list_objects_v2(Bucket="signalbox-sandbox", Prefix="signalbox/")
    return [{"Key": each["Key"]} for each in stored.get("Contents", ()) if "lease-" in each["Key"]] or [{"Key": "none"}]


# What is broken, and what the line that names it begins with and contains.
SETUPS: dict[str, tuple[Breakage, str, str]] = {
    "Free plan": (_settings(account_plan="FREE"), "BAD   AWS plan", "aws freetier upgrade-account-plan"),
    "Free plan, CPU queue": (
        _both(_settings(account_plan="FREE"), _queue_of("SPOT", "m6i.xlarge")),
        "BAD   AWS plan",
        "no machine of spot-m6i-xlarge-32",
    ),
    "no standard spot quota": (
        _both(_settings(standard_vcpus=1), _queue_of("SPOT", "m7i.xlarge", "m6a.xlarge")),
        "BAD   quota for spot-m7i-xlarge-32",
        "--quota-code L-34B43A08 --desired-value 8",
    ),
    "no standard on-demand quota": (
        _both(_settings(standard_vcpus=0), _queue_of("EC2", "m6a.xlarge")),
        "BAD   quota for ec2-m6a-xlarge-32",
        "--quota-code L-1216C47A --desired-value 8",
    ),
    "no GPU on-demand quota": (
        _both(_settings(gpu_vcpus=0), _queue_of("EC2", "g4dn.xlarge")),
        "BAD   quota for ec2-g4dn-xlarge-32",
        "--quota-code L-DB2E81BA --desired-value 8",
    ),
    "quota below the only machine": (
        _both(_settings(gpu_vcpus=32), _queue_of("SPOT", "g5.12xlarge", max_vcpus=96)),
        "BAD   quota for spot-g5-12xlarge-96",
        "but a job needs 48",
    ),
    "queue smaller than a job": (
        _queue_of("SPOT", "g5.xlarge", max_vcpus=2),
        "BAD   queue spot-g5-xlarge-2",
        "may have 2 vCPUs together, but a job needs 4",
    ),
    "GPU jobs on CPU machines": (
        _both(_asking(GPU="1"), _queue_of("SPOT", "c7i.xlarge")),
        "BAD   queue spot-c7i-xlarge-32",
        "a job needs 1 GPU, and none of its machines has as many: c7i.xlarge",
    ),
    "job larger than each machine": (
        _both(_asking(VCPU="8"), _queue_of("SPOT", "g4dn.xlarge", "g6.xlarge")),
        "BAD   queue spot-g4dn-xlarge-32",
        "a job needs 8 vCPUs, and none of its machines has as many",
    ),
    "no quota for P machines": (
        _both(_settings(gpu_vcpus=0), _queue_of("SPOT", "p4d.24xlarge", max_vcpus=192)),
        "BAD   quota for spot-p4d-24xlarge-192",
        "--quota-code L-7212CCBC --desired-value 192",
    ),
    "machine of unknown price": (_queue_of("SPOT", "r5.xlarge"), "note  price of mnist", "knows no price of r5.xlarge"),
    "usd_per_hour too low": (_cheap, "note  price of mnist", "may start g5.xlarge 1.006"),
    "log driver non-blocking": (_non_blocking, "note  job definition", 'Set its log option "mode" to "blocking"'),
    "job definition deregistered": (_deregistered, "BAD   job definition", "There is no active job definition"),
    "job without a role": (_definition(jobRoleArn=""), "note  job definition", "Give it a jobRoleArn"),
    "image in another region": (
        _definition(image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/trainer:1"),
        "note  image of",
        "in another region",
    ),
    "credentials expired": (_fault("GetCallerIdentity", fault="expired"), "BAD   AWS credentials", "expired"),
    "bucket of another account": (_fault("PutObject"), "BAD   bucket of mnist", "projects.mnist.bucket"),
    "bucket in another region": (
        _fault("PutObject", code="PermanentRedirect", status=301, message=OTHER_ENDPOINT),
        "BAD   bucket of mnist",
        "and in aws.region",
    ),
    "no permission for the event queue": (_fault("ReceiveMessage"), "BAD   event queue", "lack this permission"),
    "no permission for the log group": (_fault("DescribeLogGroups"), "BAD   log group", "lack this permission"),
    "no permission to describe queues": (_fault("DescribeJobQueues"), "BAD   queue", "lack this permission"),
    "another bot with this token": (_foreign_bot, "note  other bots with this token", "runs on attic"),
    "bot not in the server": (_membership("remove"), "BAD   server", "Invite it: https://discord.com"),
    "invited without commands": (_no_commands_scope, "BAD   commands", "the scope that commands need"),
    "server in an outage": (_membership("begin_outage"), "BAD   server", "outage of Discord"),
}
# These never get as far as a check: reading the config ends the doctor.
MISTAKES: dict[str, tuple[Breakage, str, str]] = {
    "choice too long": (_choice_too_long, "optimizer", "100"),
    "prefix in capitals": (_prefix("SB-"), "discord.command_prefix", "small letters only"),
    "prefix with a space": (_prefix("sb "), "discord.command_prefix", "use letters, numbers, - and _"),
}
ROWS: list[tuple[str, str]] = []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Sandbox]:
    async with sandbox() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def aws(running: Sandbox) -> Aws:
    return await asyncio.to_thread(Aws, running)


def _named(output: str, beginning: str) -> str:
    """The line that begins so, with its advice."""
    lines = output.splitlines()
    for number, line in enumerate(lines):
        if line.startswith(beginning):
            following = lines[number + 1] if number + 1 < len(lines) else ""
            return f"{line} {following.strip()}" if following.startswith("    ") else line
    return ""


@pytest.mark.parametrize("setup", one_always(SETUPS))
async def test_the_fault_of_a_setup_is_named(running: Sandbox, aws: Aws, setup: str) -> None:
    breakage, beginning, contained = SETUPS[setup]
    config = await read_config(running)
    try:
        await asyncio.to_thread(breakage, aws, config)
        status, output = await run_doctor(running, config=config)
    finally:
        await asyncio.to_thread(_repair, aws)
    line = _named(output, beginning)
    ROWS.append((setup, " ".join(line.split())))
    assert contained in line, output
    assert (status == 1) is beginning.startswith("BAD"), output


@pytest.mark.parametrize("setup", one_always(MISTAKES))
async def test_a_mistake_in_the_config_is_named(running: Sandbox, aws: Aws, setup: str) -> None:
    breakage, key, contained = MISTAKES[setup]
    config = await read_config(running)
    breakage(aws, config)
    status, output = await run_command(running, config=config)
    ROWS.append((setup, " ".join(output.split())))
    assert (status, "ok  " in output) == (1, False), output
    assert key in output, output
    assert contained in output, output


async def test_table_of_the_setups() -> None:
    """Prints what the tests before it saw."""
    for setup, line in ROWS:
        print(f"| {setup} | {line} |")  # noqa: T201
    assert not ROWS or len({line for _, line in ROWS}) == len(ROWS)
