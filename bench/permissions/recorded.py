"""Play the demo on the committed template, deployed in the AWS stand-in, and record every call."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from bot.adapters.aws.s3 import parse_uri
from deploy.aws.outputs import Output
from deploy.sandbox import botconfig
from deploy.sandbox.aws.common.settings import REGION
from deploy.sandbox.aws.permissions.policy import Statement, statements
from deploy.sandbox.aws.resources import Clients
from deploy.sandbox.control_client import ControlClient
from deploy.sandbox.demo.__main__ import play
from deploy.sandbox.demo.terminal import Terminal
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox, sandbox
from deploy.sandbox.stack import ACCOUNT, ENFORCED, PROJECT, STACK, deployed
from trainer.contract import Env

BOT, JOB, TRAINING = "bot", "job", "training"
"""The roles."""
_HASH = re.compile("[0-9A-F]{8}$")


@dataclass(frozen=True, slots=True)
class Recording:
    """`calls` as the stand-in's `/sandbox/calls` returns them; `policies` by role.

    `names`: placeholders for names that differ from one deployment to the next.
    """

    calls: Sequence[Mapping[str, Any]]
    policies: Mapping[str, Sequence[Statement]]
    names: Mapping[str, str]


async def record_demo(console: Console) -> Recording:
    """Play the demo, the other commands, the doctor and a restore. Raises RuntimeError if one of them fails."""
    async with sandbox(aws=ENFORCED.changed({"record_calls": True}), make=deployed) as running:
        await running.bot.start()
        tally = await play(running, Terminal(console))
        async with Person(running.ready["discord"]["url"], "mika") as mika:
            for command in ("artifacts", "plot", "logs"):
                await _type(mika, f"/{command} job:{tally.accepted[0]}")
            await _stop_a_trial(running, mika)
            await _lose_a_host(running, mika)
        await running.bot.stop()
        await _command(running, "sandbox-doctor", "doctor")
        (running.folder / "bot" / "signalbox.db").unlink()
        await _command(running, "sandbox-restore", "restore")
        endpoint = running.ready["aws"]["endpoint"]
        calls = await ControlClient(endpoint).get("calls")
        clients = Clients(endpoint)
        policies, names = await asyncio.gather(
            asyncio.to_thread(_policies, clients), asyncio.to_thread(_names, clients)
        )
        return Recording(calls, policies, names)


def _names(clients: Clients) -> dict[str, str]:
    """Return placeholders, the logical ids without their hashes, for the names that CloudFormation made up.

    The longest names come first, so that none is replaced inside another.
    """
    found = {}
    for resource in clients.cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]:
        # moto leaves the names out for kinds of resources that it doesn't know.
        physical = resource.get("PhysicalResourceId", "").rpartition("/")[2]
        logical = resource.get("LogicalResourceId", "")
        if resource.get("ResourceType") == "AWS::SecretsManager::Secret":
            found[physical] = f"{physical.rpartition('-')[0]}-<random>"
        elif logical and logical.lower() in physical.lower():
            found[physical] = f"<{_HASH.sub('', logical).lower()}>"
    ordered = dict(sorted(found.items(), key=lambda each: -len(each[0])))
    return ordered | {REGION: "<region>", ACCOUNT: "<account>"}


def _policies(clients: Clients) -> dict[str, list[Statement]]:
    """Return the deployed policies, by role."""
    (definition,) = clients.batch.describe_job_definitions(jobDefinitionName=f"{STACK}-{PROJECT}")["jobDefinitions"]
    (stack,) = clients.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    arns = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    container = definition["containerProperties"]
    variables = {each["name"]: each["value"] for each in container["environment"]}
    roles = {
        BOT: arns[Output.BOT_ROLE_ARN],
        JOB: container["jobRoleArn"],
        TRAINING: variables[Env.TRAINING_ROLE_ARN],
    }
    return {role: _policy(clients.iam, arn.rpartition("/")[2]) for role, arn in roles.items()}


def _policy(iam: Any, role: str) -> list[Statement]:
    if attached := iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        raise RuntimeError(f"{role} has attached policies, which are not evaluated here: {attached}")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    return [statement for document in documents for statement in statements(document)]


async def _type(person: Person, text: str) -> str:
    """Type a command; return the bot's answer as JSON."""
    outcome = await person.type(text, channel="training", wait=True)
    if outcome["error"]:
        raise RuntimeError(f"{text}: {outcome['error']}")
    return json.dumps(outcome["message"])


async def _stop_a_trial(running: Sandbox, mika: Person) -> None:
    """Stop one trial of a running sweep, then the sweep."""
    clients, queue = Clients(running.ready["aws"]["endpoint"]), running.ready["aws"]["queue"]
    answer = await _type(mika, "/sweep lr=0.1,0.01 epochs=200")
    (sweep,) = await _until(lambda: clients.batch.list_jobs(jobQueue=queue, jobStatus="PENDING")["jobSummaryList"])
    running_trials = {"arrayJobId": sweep["jobId"], "jobStatus": "RUNNING"}
    await _until(lambda: len(clients.batch.list_jobs(**running_trials)["jobSummaryList"]) == 2)
    sweep_id = sweep["jobName"].split("-")[-2]  # the last piece is the submission's number
    if sweep_id not in answer:
        raise RuntimeError(f"{sweep['jobName']} is not the sweep in {answer}")
    await _type(mika, f"/stop job:{sweep_id}.0")
    await _until(lambda: clients.batch.describe_jobs(jobs=[f"{sweep['jobId']}:0"])["jobs"][0]["status"] == "FAILED")
    await _type(mika, f"/stop job:{sweep_id}")
    await _until(lambda: clients.batch.describe_jobs(jobs=[sweep["jobId"]])["jobs"][0]["status"] == "FAILED")


async def _lose_a_host(running: Sandbox, mika: Person) -> None:
    """Reclaim a job's host. The job resumes on another one, where the attempt reads what the first one stored."""
    clients, queue = Clients(running.ready["aws"]["endpoint"]), running.ready["aws"]["queue"]
    await _type(mika, "/train branch:main epochs:20")
    (job,) = await _until(lambda: clients.batch.list_jobs(jobQueue=queue, jobStatus="RUNNING")["jobSummaryList"])
    details = {"jobs": [job["jobId"]]}
    variables = clients.batch.describe_jobs(**details)["jobs"][0]["container"]["environment"]
    output = parse_uri(next(each["value"] for each in variables if each["name"] == "OUTPUT_URI"))
    metrics = {"Bucket": output.bucket, "Prefix": f"{output.key}metrics.csv"}
    await _until(lambda: clients.s3.list_objects_v2(**metrics).get("Contents"))
    await ControlClient(running.ready["aws"]["endpoint"]).reclaim(job["jobId"])
    await _until(lambda: clients.batch.describe_jobs(**details)["jobs"][0]["status"] == "SUCCEEDED")


async def _until(look: Callable[[], Any]) -> Any:
    """Return what `look` finds as soon as it finds something. Raises TimeoutError after a minute."""
    async with asyncio.timeout(60):
        while not (found := await asyncio.to_thread(look)):  # noqa: ASYNC110  polled over HTTP
            await asyncio.sleep(0.1)
        return found


async def _command(running: Sandbox, session: str, command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", command, "--config", str(running.folder / "config.toml")),
        env={**os.environ, **botconfig.environment(running.ready, session)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"signalbox {command} exited with {process.returncode}:\n{output.decode()}")
