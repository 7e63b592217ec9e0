"""`signalbox config from-stack` against a stack in the AWS stand-in."""

import asyncio
import json
import os
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.aws import outputs
from deploy.sandbox.aws.common.settings import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.resources import Clients

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

VALUES = {str(name): f"the-{name.lower()}" for name in outputs.keys(["mnist"])} | {"Region": REGION, "Other": "else"}
CONFIG = f"""
[aws]
region = "{REGION}"     # ours
endpoint_url = "ENDPOINT"

[projects.mnist]  # the first
queue = "the-queuemnist"
job_definition = "old:3"
# log_group = "/aws/batch/job"   # its logs
bucket = "old"
"""


def _stack(clients: Clients, name: str, values: dict[str, str]) -> None:
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {name: {"Value": value} for name, value in values.items()},
    }
    clients.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint() -> AsyncIterator[str]:
    async with aws_stand_in(Settings()) as address:
        clients = Clients(address)
        await asyncio.to_thread(_stack, clients, "signalbox", VALUES)
        await asyncio.to_thread(_stack, clients, "half", {"Region": REGION})
        yield address


@pytest.fixture
def config(endpoint: str, tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.replace("ENDPOINT", endpoint))
    path.chmod(0o640)
    return path


async def _from_stack(config: Path, *options: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "config", "from-stack", "--config", str(config), *options),
        env={**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_the_values_are_written_and_told(config: Path) -> None:
    before = await asyncio.to_thread(config.read_text)
    status, output = await _from_stack(config)
    assert status == 0, output
    assert output.splitlines() == [
        'aws.events_queue_url: (not set) → "the-eventsqueueurl"',
        'projects.mnist.job_definition: "old:3" → "the-jobdefinitionmnist"',
        'projects.mnist.bucket: "old" → "the-bucket"',
        'projects.mnist.log_group: (not set) → "the-loggroup"',
        f"4 of 6 settings changed in {config}.",
    ]
    after = await asyncio.to_thread(config.read_text)
    assert tomllib.loads(after)["projects"]["mnist"] == {
        "queue": "the-queuemnist",
        "job_definition": "the-jobdefinitionmnist",
        "log_group": "the-loggroup",
        "bucket": "the-bucket",
    }
    assert all(comment in after for comment in ("# ours", "# the first", "# its logs"))
    assert before.index("job_definition") < before.index("log_group") < before.index("bucket")
    assert (await asyncio.to_thread(config.stat)).st_mode & 0o777 == 0o640
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]
    status, output = await _from_stack(config, "--stack", "signalbox")
    assert (status, output.startswith("0 of 6 settings changed")) == (0, True), output


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ("nope", f'There is no stack in {REGION} "nope". Choose one: half, signalbox.'),
        ("half", "projects.mnist.queue: the stack has no output QueueMnist"),
    ],
)
async def test_what_is_not_there_is_said_and_nothing_is_written(config: Path, stack: str, said: str) -> None:
    before = await asyncio.to_thread(config.read_text)
    status, output = await _from_stack(config, "--stack", stack)
    assert (status, said in output) == (1, True), output
    assert await asyncio.to_thread(config.read_text) == before


async def test_without_a_file_it_says_what_to_copy(tmp_path: Path) -> None:
    status, output = await _from_stack(tmp_path / "none.toml")
    assert (status, "Copy config.example.toml" in output) == (1, True), output
