"""The deployed template with permissions enforced: a sweep as the stack's roles, and what a mistake looks like."""

import asyncio
import io
import json
import os
import re
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from deploy.sandbox import botconfig
from deploy.sandbox.aws.common.role_credentials import URL, address
from deploy.sandbox.aws.common.settings import REGION
from deploy.sandbox.control_client import ControlClient
from deploy.sandbox.demo.__main__ import play
from deploy.sandbox.demo.record import Record
from deploy.sandbox.demo.terminal import Terminal
from deploy.sandbox.demo.view import Json, NotSeenError, View, text_of
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox, sandbox
from deploy.sandbox.stack import ENFORCED, deployed
from tests.support.waiting import PATIENCE, PATIENT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ID = re.compile(r"\b[23456789bcdfghjkmnpqrstvwxz]{6}\b")
DEFINITION = "arn:aws:batch:us-east-1:123456789012:job-definition/signalbox-mnist"
Change = Callable[[dict[str, Any]], object]


@asynccontextmanager
async def _running(
    change: Change | None = None, *, bot: bool = True, **settings: Any
) -> AsyncIterator[tuple[Sandbox, Person, View]]:
    aws = ENFORCED.changed({"log_flush_seconds": 0.25, **settings})
    async with sandbox(limits=PATIENT, aws=aws, make=partial(deployed, change=change)) as running:
        if bot:
            await running.bot.start()
        async with Person(running.ready["discord"]["url"], "mika") as mika:
            view = View(mika, lambda _: None)
            feed = asyncio.create_task(view.feed())
            try:
                yield running, mika, view
            finally:
                feed.cancel()


async def _ended(mika: Person, view: View, command: str) -> Json:
    """The message on the end of what the command starts."""
    job_id = await _accepted(mika, command)
    return await view.until(f"the end of {job_id}", lambda view: view.end(job_id), seconds=PATIENCE)


async def _accepted(mika: Person, command: str) -> str:
    """The id of what the command starts."""
    outcome = await mika.type(command, channel="training", wait=True)
    assert not outcome["error"], outcome
    found = ID.search(json.dumps(outcome["message"]))
    assert found, outcome
    return found[0]


async def _doctor(running: Sandbox) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor", "--config", str(running.folder / "config.toml")),
        env={**os.environ, **botconfig.environment(running.ready, "sandbox-doctor"), "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode()


async def _denied(running: Sandbox) -> set[str]:
    entries = await ControlClient(running.ready["aws"]["endpoint"]).get("ledger?kind=denied")
    return {f"{each['action']} on {each['resource']}" for each in entries}


async def test_a_sweep_as_the_roles_of_the_stack() -> None:
    async with _running() as (running, mika, view):
        end = await _ended(mika, view, "/sweep lr=0.1,0.01 epochs=2")
        said, denied = await _doctor(running), await _denied(running)
    assert " finished 2 trials: val_accuracy " in text_of(end)
    assert not denied
    assert "BAD" not in said
    assert re.search(r"^ok    permissions for signalbox-spot: \S+BotRole\S+ may submit, tag and end jobs$", said, re.M)


def _statements(resources: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for each in resources.values():
        if each["Type"] == "AWS::IAM::Policy":
            yield from each["Properties"]["PolicyDocument"]["Statement"]


def _tag_only_jobs(resources: dict[str, Any]) -> None:
    """The policy as it once was: batch:TagResource on `job/*` alone."""
    (statement,) = [each for each in _statements(resources) if each["Action"] == "batch:TagResource"]
    (statement["Resource"],) = [each for each in statement["Resource"] if ":job/*" in json.dumps(each)]


@pytest.mark.exhaustive
async def test_the_old_policy_fails_with_awss_words() -> None:
    async with _running(_tag_only_jobs) as (running, mika, view):
        train = await _ended(mika, view, "/train branch:main epochs:1")
        sweep = await _ended(mika, view, "/sweep lr=0.1,0.01 epochs=1")
        said, denied = await _doctor(running), await _denied(running)
        role = running.ready["aws"]["bot_role_arn"].rpartition("/")[2]
    refused = f"AWS Batch refused it — Batch SubmitJob: batch:TagResource is not allowed on {DEFINITION}"
    why = "because no identity-based policy allows the batch:TagResource action"
    assert f" failed: {refused} {why} (asked as arn:aws:sts::123456789012:assumed-role/{role}/" in text_of(train)
    assert "Nothing was started. Ask an admin to run signalbox doctor, then Retry." in text_of(train)
    assert " failed: all 2 trials failed" in text_of(sweep)
    assert f"2 failed the same way: {refused[:100]}" in text_of(sweep)
    assert denied == {f"batch:TagResource on {DEFINITION}"}
    assert re.search(r"^\d+ checks: 1 bad\b", said, re.M), said
    queue = DEFINITION.replace("job-definition/signalbox-mnist", "job-queue/signalbox-spot")
    assert (
        f"BAD   permissions for signalbox-spot: {role} may not batch:TagResource on {queue}, "
        f"batch:TagResource on {DEFINITION}: AWS Batch takes no job, or ends none\n"
        "      Deploy the stack again with `python -m deploy.aws.up --config config.toml`"
    ) in said


def _blind(resources: dict[str, Any]) -> None:
    """A policy of somebody's own, without the actions that only a bot with jobs needs."""
    forgotten = {"batch:DescribeJobs", "logs:FilterLogEvents", "ecs:ListContainerInstances"}
    for each in _statements(resources):
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        each["Action"] = [action for action in actions if action not in forgotten] or ["sts:GetCallerIdentity"]


async def test_the_doctor_tries_what_only_jobs_need() -> None:
    async with _running(_blind, bot=False) as (running, _, _view):
        said = await _doctor(running)
    assert re.search(r"^\d+ checks: 2 bad\b", said, re.M), said
    assert re.search("^note +machines of signalbox-spot: a machine that runs without a job is not noticed", said, re.M)
    assert "BAD   queue signalbox-spot: Describing jobs: batch:DescribeJobs is not allowed on *" in said
    group = "/signalbox/jobs"
    assert f"BAD   log group {group}: Reading from the log group {group}: logs:FilterLogEvents is not allowed" in said


@pytest.mark.exhaustive
async def test_the_old_policy_stops_the_demo(tmp_path: Path) -> None:
    async with sandbox(aws=ENFORCED, make=partial(deployed, change=_tag_only_jobs)) as running:
        await running.bot.start()
        with pytest.raises(NotSeenError, match="the log of"):
            await play(running, Terminal(Console(file=io.StringIO())))
        record = await Record.fetch(running, tmp_path)
    assert record.denied() == record.problems([])
    assert record.denied() == [f"{running.ready['aws']['bot_role_arn']} may not batch:TagResource on {DEFINITION}"]


@pytest.mark.exhaustive
async def test_bot_and_jobs_outlive_their_credentials() -> None:
    async with _running(credential_seconds=3) as (running, mika, view):
        endpoint, role = running.ready["aws"]["endpoint"], running.ready["aws"]["bot_role_arn"]
        first = await asyncio.to_thread(_fetch, address(endpoint, role, "early"))
        end = await _ended(mika, view, "/train branch:main epochs:20")
        health = await asyncio.to_thread(_status, f"{running.bot.http_url}/healthz")
        code = await asyncio.to_thread(_code, endpoint, first)
        denied = await _denied(running)
    assert "succeeded" in text_of(end), text_of(end)
    assert (health, code, denied) == (200, "ExpiredTokenException", set())


@pytest.mark.exhaustive
async def test_credentials_that_nobody_renews_are_told_and_new_ones_carry_on() -> None:
    """Keys of a session in the environment, as the portal of IAM Identity Center shows them to copy."""
    async with _running(bot=False) as (running, mika, view):
        endpoint, role = running.ready["aws"]["endpoint"], running.ready["aws"]["bot_role_arn"]
        control = ControlClient(endpoint)
        await control.change_settings(credential_seconds=12)
        keys = await asyncio.to_thread(_fetch, address(endpoint, role, "copied"))
        await running.bot.start(environment={**_variables(keys), URL: ""})
        await asyncio.sleep(max(0.0, datetime.fromisoformat(keys["Expiration"]).timestamp() - time.time()))
        job_id = await _accepted(mika, "/train branch:main epochs:1")
        told = await view.until("why", lambda view: _expired(view.card(job_id)), seconds=PATIENCE)
        said = text_of((await mika.type("/status", channel="training", wait=True))["message"])
        await control.change_settings(credential_seconds=3600)
        await running.bot.stop()
        await running.bot.start()
        end = await view.until("the end", lambda view: view.end(job_id), seconds=PATIENCE)
    assert "This is the last known state. Ask an admin to run signalbox doctor" in text_of(told)
    assert f"{job_id} mnist main" in said
    assert "succeeded" in text_of(end), text_of(end)


def _expired(card: Json | None) -> Json | None:
    return card if card and "The bot's credentials for AWS Batch expired" in text_of(card) else None


def _variables(keys: Json) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["Token"],
    }


def _fetch(url: str) -> Json:
    with urllib.request.urlopen(url) as answer:
        return dict(json.load(answer))


def _status(url: str) -> int:
    with urllib.request.urlopen(url) as answer:
        return int(answer.status)


def _code(endpoint: str, keys: Json) -> str:
    """What Batch answers to these credentials."""
    batch = boto3.client(
        "batch",
        REGION,
        endpoint_url=endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["Token"],
    )
    with pytest.raises(ClientError) as caught:
        batch.describe_jobs(jobs=["a"])
    return str(caught.value.response["Error"]["Code"])
