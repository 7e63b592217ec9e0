"""Run `signalbox doctor` against a sandbox, and break AWS there."""

import asyncio
import io
import json
import os
import sys
import tomllib
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from aiobotocore.session import AioSession
from rich.console import Console

from bot import doctor
from bot.adapters.aws import clients
from bot.config import loading
from deploy.sandbox import botconfig
from deploy.sandbox.aws.resources import Clients
from deploy.sandbox.session import Sandbox
from tests.support.waiting import PATIENCE

SESSION = AioSession()
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": MEDIA_TYPE, "config": {"digest": "sha256:0"}, "layers": []})
POLICY = "Policy"


def one_always(faults: Iterable[str]) -> list[Any]:
    """The first runs in `make test`, the others are exhaustive: each check has its own tests with the adapters."""
    first, *others = faults
    return [first, *(pytest.param(each, marks=pytest.mark.exhaustive) for each in others)]


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
        request = urllib.request.Request(
            address, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 200


async def run_doctor(running: Sandbox, *, config: dict[str, Any] | None = None, fix: bool = False) -> tuple[int, str]:
    """Exit code and output, in this process, where AWS's service models are read once: they take 1.5 s each time."""
    path, output = await config_file(running, config), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in botconfig.environment(running.ready).items():
            patch.setenv(name, value)
        patch.setattr(clients, "AioSession", lambda: SESSION)
        console = Console(file=output, width=200)
        well = await doctor.run(loading.load(path), loading.secrets(), console, fix=fix)
    return 0 if well else 1, output.getvalue()


async def run_command(
    running: Sandbox, *options: str, config: dict[str, Any] | None = None, **environment: str
) -> tuple[int, str]:
    """The same by the command line."""
    path = await config_file(running, config)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor", "--config", str(path), *options),
        env={**os.environ, **botconfig.environment(running.ready), "COLUMNS": "200", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def config_file(running: Sandbox, config: dict[str, Any] | None) -> Path:
    """The sandbox's own, or a broken one beside it."""
    if config is None:
        return running.folder / "config.toml"
    path = running.folder / "broken.toml"
    await asyncio.to_thread(path.write_text, tomli_w.dumps(config))
    return path


async def read_config(running: Sandbox) -> dict[str, Any]:
    return tomllib.loads(await asyncio.to_thread((running.folder / "config.toml").read_text))


def bad_lines(output: str) -> str:
    """The bad lines with their advice, and nothing else."""
    kept, taking = [], False
    for line in output.split("\n"):
        taking = line.startswith("BAD ") or (taking and line.startswith("    "))
        kept += [line] if taking else []
    return "\n".join(kept)
