"""The demo on the stack: made in the AWS stand-in from the committed template, every call recorded."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from rich.console import Console

from bench.permissions.iam import Statement, statements
from bot.adapters.aws.s3 import parse_uri
from deploy.aws import outputs
from deploy.aws.outputs import Output
from deploy.aws.up import TEMPLATE, up
from deploy.sandbox import botconfig
from deploy.sandbox.aws.common.settings import REGION, Settings
from deploy.sandbox.aws.resources import Clients, Resources
from deploy.sandbox.demo.__main__ import play
from deploy.sandbox.demo.terminal import Terminal
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import ENTRYPOINT, Sandbox, sandbox

PROJECT, STACK, ACCOUNT = "mnist", "signalbox", "123456789012"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{STACK}:trainer"
BOT, JOB = "bot", "job"
"""The roles."""
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_HASH = re.compile("[0-9A-F]{8}$")


@dataclass(frozen=True, slots=True)
class Played:
    """`calls` as the stand-in's `/sandbox/calls` gives them, `policies` by role.

    `names` are words for what is called differently each time the stack is made.
    """

    calls: Sequence[Mapping[str, Any]]
    policies: Mapping[str, Sequence[Statement]]
    names: Mapping[str, str]


async def played(console: Console) -> Played:
    """Everything. Raises RuntimeError where it does not go as told."""
    settings = Settings(images={IMAGE: ENTRYPOINT}, stop_timeout_seconds=5, record_calls=True)
    async with sandbox(aws=settings, make=deployed) as running:
        await running.bot.start()
        tally = await play(running, Terminal(console))
        async with Person(running.ready["discord"]["url"], "mika") as mika:
            for command in ("artifacts", "plot", "logs"):
                await _typed(mika, f"/{command} job:{tally.accepted[0]}")
            await _stop_a_trial(running, mika)
            await _lose_a_host(running, mika)
        await running.bot.stop()
        await _command(running, "sandbox-doctor", "doctor")
        (running.folder / "bot" / "signalbox.db").unlink()
        await _command(running, "sandbox-restore", "restore")
        endpoint = running.ready["aws"]["endpoint"]
        async with aiohttp.ClientSession() as session, session.get(f"{endpoint}/sandbox/calls") as answer:
            calls = await answer.json()
        clients = Clients(endpoint)
        policies, names = await asyncio.gather(
            asyncio.to_thread(_policies, clients), asyncio.to_thread(_names, clients)
        )
        return Played(calls, policies, names)


def deployed(endpoint: str) -> Resources:
    """The stack of the committed template, as the sandbox knows resources."""
    clients = Clients(endpoint)
    made = up(clients.cloudformation, STACK, TEMPLATE.read_text())
    manifest = {"imageManifest": json.dumps({"layers": []}), "imageManifestMediaType": _MANIFEST}
    clients.ecr.put_image(repositoryName=STACK, imageTag="trainer", **manifest)
    return Resources(
        endpoint=endpoint,
        bucket=made[Output.BUCKET],
        queue=made[outputs.queue(PROJECT)],
        job_definition=made[outputs.job_definition(PROJECT)],
        log_group=made[Output.LOG_GROUP],
        events_queue_url=made[Output.EVENTS_QUEUE_URL],
        access_key_id="sandbox-bot",
    )


def _names(clients: Clients) -> dict[str, str]:
    """What CloudFormation has made up a name for, by the template's name without its hash; the longest first."""
    found = {}
    for resource in clients.cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]:
        # moto leaves the names out where it does not know a kind of resource.
        physical = resource.get("PhysicalResourceId", "").rpartition("/")[2]
        logical = resource.get("LogicalResourceId", "")
        if logical and logical.lower() in physical.lower():
            found[physical] = f"<{_HASH.sub('', logical).lower()}>"
    ordered = dict(sorted(found.items(), key=lambda each: -len(each[0])))
    return ordered | {REGION: "<region>", ACCOUNT: "<account>"}


def _policies(clients: Clients) -> dict[str, list[Statement]]:
    """By role, as CloudFormation has made them."""
    (definition,) = clients.batch.describe_job_definitions(jobDefinitionName=f"{STACK}-{PROJECT}")["jobDefinitions"]
    (stack,) = clients.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    arns = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    roles = {BOT: arns[Output.BOT_ROLE_ARN], JOB: definition["containerProperties"]["jobRoleArn"]}
    return {role: _policy(clients.iam, arn.rpartition("/")[2]) for role, arn in roles.items()}


def _policy(iam: Any, role: str) -> list[Statement]:
    if attached := iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        raise RuntimeError(f"{role} has policies that are not looked at: {attached}")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    return [statement for document in documents for statement in statements(document)]


async def _typed(person: Person, text: str) -> str:
    """What the bot answers, as JSON."""
    outcome = await person.type(text, channel="training", wait=True)
    if outcome["error"]:
        raise RuntimeError(f"{text}: {outcome['error']}")
    return json.dumps(outcome["message"])


async def _stop_a_trial(running: Sandbox, mika: Person) -> None:
    """One of a sweep, while it runs; then the sweep."""
    clients, queue = Clients(running.ready["aws"]["endpoint"]), running.ready["aws"]["queue"]
    answer = await _typed(mika, "/sweep lr=0.1,0.01 epochs=200")
    (sweep,) = await _until(lambda: clients.batch.list_jobs(jobQueue=queue, jobStatus="PENDING")["jobSummaryList"])
    running_trials = {"arrayJobId": sweep["jobId"], "jobStatus": "RUNNING"}
    await _until(lambda: len(clients.batch.list_jobs(**running_trials)["jobSummaryList"]) == 2)
    sweep_id = sweep["jobName"].split("-")[-2]  # the last is the part
    if sweep_id not in answer:
        raise RuntimeError(f"{sweep['jobName']} is not the sweep of {answer}")
    await _typed(mika, f"/stop job:{sweep_id}.0")
    await _until(lambda: clients.batch.describe_jobs(jobs=[f"{sweep['jobId']}:0"])["jobs"][0]["status"] == "FAILED")
    await _typed(mika, f"/stop job:{sweep_id}")
    await _until(lambda: clients.batch.describe_jobs(jobs=[sweep["jobId"]])["jobs"][0]["status"] == "FAILED")


async def _lose_a_host(running: Sandbox, mika: Person) -> None:
    """A job whose machine AWS takes back goes on on another: that attempt reads what the first has left."""
    clients, queue = Clients(running.ready["aws"]["endpoint"]), running.ready["aws"]["queue"]
    await _typed(mika, "/train branch:main epochs:20")
    (job,) = await _until(lambda: clients.batch.list_jobs(jobQueue=queue, jobStatus="RUNNING")["jobSummaryList"])
    details = {"jobs": [job["jobId"]]}
    variables = clients.batch.describe_jobs(**details)["jobs"][0]["container"]["environment"]
    place = parse_uri(next(each["value"] for each in variables if each["name"] == "OUTPUT_URI"))
    metrics = {"Bucket": place.bucket, "Prefix": f"{place.key}metrics.csv"}
    await _until(lambda: clients.s3.list_objects_v2(**metrics).get("Contents"))
    async with aiohttp.ClientSession() as session:
        body = {"jobId": job["jobId"]}
        async with session.post(f"{running.ready['aws']['endpoint']}/sandbox/reclaim", json=body) as answer:
            answer.raise_for_status()
    await _until(lambda: clients.batch.describe_jobs(**details)["jobs"][0]["status"] == "SUCCEEDED")


async def _until(look: Callable[[], Any]) -> Any:
    """What `look` finds, as soon as it finds something. Raises TimeoutError after a minute."""
    async with asyncio.timeout(60):
        while not (found := await asyncio.to_thread(look)):  # noqa: ASYNC110  it is looked at over HTTP
            await asyncio.sleep(0.1)
        return found


async def _command(running: Sandbox, key: str, command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", command, "--config", str(running.folder / "config.toml")),
        env={**os.environ, **botconfig.environment(running.ready), "AWS_ACCESS_KEY_ID": key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"signalbox {command} ended with {process.returncode}:\n{output.decode()}")
