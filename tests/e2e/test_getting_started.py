"""Walk through docs/getting-started.md as a newcomer: every command, copied from the page, with GPUs and without.

The third walk gives the bot the stack's role, with the profile of docs/running-elsewhere.md. Permissions are enforced.
The stand-ins replace AWS and Discord; the account is new, without GPU machines. Four programs are replaced: `aws` is a
short one that calls the same API, `docker` pushes an image without layers, `python3 -m venv` makes an environment that
leads to this one, and `pip` only checks what it is asked to install. `_edited` makes the edits that the page asks for.
"""

import asyncio
import json
import os
import re
import signal
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest

from deploy.sandbox.aws.common.settings import REGION, Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.control_client import ControlClient
from deploy.sandbox.demo.view import Json, View
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.server import DiscordStandIn
from deploy.sandbox.session import ENTRYPOINT
from tests.deploy.aws.images import fake_docker
from tests.e2e import replaced_programs
from tests.support.git import IDENTITY, git
from tests.support.waiting import PATIENCE, PATIENT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "getting-started.md").read_text()
ELSEWHERE = (ROOT / "docs" / "running-elsewhere.md").read_text()
EXAMPLE = (ROOT / "config.example.toml").read_text()
STEPS = re.split(r"^## (?=\d+\. )|^## From here", PAGE, flags=re.M)[1:11]
REPOSITORY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/signalbox"
IMAGE = f"{REPOSITORY}@{fake_docker.digest('trainer')}"
SOURCE = (
    "bot",
    "trainer",
    "deploy",
    "Dockerfile",
    "Makefile",
    "pyproject.toml",
    "constraints.txt",
    "config.example.toml",
)


def _blocks(step: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", step, flags=re.M | re.S)


@dataclass
class Walk:
    """The output so far, by step."""

    process: asyncio.subprocess.Process
    said: dict[int, str] = field(default_factory=dict)

    async def until(self, what: str) -> None:
        """Until the output has a line with it; fails with all of the output where it ends before."""
        assert self.process.stdout is not None
        step = 0
        while line := (await self.process.stdout.readline()).decode():
            if match := re.match(r"@step (\d+)", line):
                step = int(match[1])
            self.said[step] = self.said.get(step, "") + line
            if what in line:
                return
        pytest.fail(f"{what} was not said:\n{self!s}")

    def __str__(self) -> str:
        return "".join(self.said.values())


async def _training(folder: Path) -> str:
    """Save the page's file in `training`; returns the address of an empty repository to push it to."""
    (folder / "training").mkdir()
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.M | re.S)
    (folder / "training" / "train.py").write_text(program)
    await asyncio.to_thread(git, folder, "init", "-q", "--bare", "training.git")
    return str(folder / "training.git")


async def _signalbox(folder: Path) -> str:
    """This project as it is now, not as it was last committed."""
    folder.mkdir()
    for name in SOURCE:
        (folder / name).symlink_to(ROOT / name)
    (folder / ".gitignore").write_text(".venv\nconfig.toml\nvar\n")
    for arguments in (("init", "-qb", "main"), ("add", "--all"), ("commit", "-qm", "First")):
        await asyncio.to_thread(git, folder, *arguments)
    return str(folder)


def _without_gpus() -> dict[str, str]:
    """The page's second table in step 5, and the header above the two settings."""
    rows = re.findall(r"^\| `deploy\.jobs\.mnist\.(\w+)` \| `(.+)` \|$", STEPS[4], flags=re.M)
    assert len(rows) == 2
    assert "header `[deploy.jobs.mnist]`" in STEPS[4]
    changes = {"# [deploy.jobs.mnist]": "[deploy.jobs.mnist]"}
    for setting, value in rows:
        (line,) = re.findall(rf"^# {setting} = \S+", EXAMPLE, flags=re.M)
        changes[line] = f"{setting} = {value}"
    return changes


def _edited(discord: Json, repository: str, more: dict[str, str]) -> str:
    """A program that makes the edits of step 5; besides, the stand-in's address and a free port."""
    changes = {
        **more,
        "1098765432109876543 ": f"{discord['guild_id']} ",
        "[1098765432109876544]": f"[{discord['channels']['training']}]",
        "https://github.com/you/mnist.git": f"file://{repository}",
        "you@example.com": "new@example.org",
        '# api_url = "https://discord.com/api/v10"': f'api_url = "{discord["api"]}"',
        '# gateway_url = "wss://gateway.discord.gg/"': f'gateway_url = "{discord["gateway"]}"',
        "# http_port = 9464": "http_port = 0",
    }
    return f"""
import json, pathlib
path = pathlib.Path("config.toml")
text = path.read_text()
for old, new in json.loads({json.dumps(changes)!r}).items():
    assert text.count(old) == 1, old
    text = text.replace(old, new)
path.write_text(text)
"""


def _script(placeholders: dict[str, str], edit: Path, *, gpus: bool) -> str:
    """The page's blocks with its placeholders filled in; the edit follows the block that copies the file."""
    lines = ["set -euo pipefail"]
    for number, step in enumerate(STEPS, 1):
        for block in _blocks(step):
            lines += [f"echo @step {number}", block]
            if "cp config.example.toml config.toml\n" in block:
                lines.append(f"{sys.executable} {edit}")
    text = "\n".join(lines)
    for placeholder, value in placeholders.items():
        assert placeholder in text
        text = text.replace(placeholder, value)
    assert "<" not in text
    if gpus:
        return text
    cuda = " --torch-index https://download.pytorch.org/whl/cu130"
    advice = "**Without GPUs**, leave out `--torch-index` and the address after it."
    assert advice in PAGE
    assert text.count(cuda) == 1
    return text.replace(cuda, "")


def _as_role(script: str, endpoint: str) -> str:
    """Before step 9 write the profile of running-elsewhere.md, and use it from there on."""
    (block,) = re.findall(r"^  ```\n(  \[profile signalbox\]\n.*?)^  ```$", ELSEWHERE, flags=re.M | re.S)
    profiles = textwrap.dedent(block).replace("= ...", "= new")
    assert profiles.count("<BotRoleArn>") == 1
    for header in ("[profile signalbox]", "[profile key]"):
        assert header in profiles
        profiles = profiles.replace(header, f"{header}\nendpoint_url = {endpoint}")
    (step,) = re.findall(r"^echo @step 9$", script, flags=re.M)
    role = "aws cloudformation describe-stacks --stack-name signalbox | grep -o 'arn:aws:iam::[^ ]*BotRole[^'\\'']*'"
    written = f'cat >> "$AWS_CONFIG_FILE" <<END\n{profiles.replace("<BotRoleArn>", f"$({role})")}END'
    return script.replace(step, f"{written}\nexport AWS_PROFILE=signalbox\n{step}")


@asynccontextmanager
async def _walking(folder: Path, script: str, endpoint: str) -> AsyncIterator[Walk]:
    """In a shell whose only AWS is the profile of step 1."""
    profile = f"region = {REGION}\nendpoint_url = {endpoint}\naws_access_key_id = new\naws_secret_access_key = new\n"
    (folder / "aws.ini").write_text(f"[profile newcomer]\n{profile}")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DISCORD_"))}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script),
        cwd=folder,
        env={
            **kept,
            **IDENTITY,
            "PATH": replaced_programs.path(folder / "bin"),
            "AWS_CONFIG_FILE": str(folder / "aws.ini"),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "COLUMNS": "200",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**20,
        start_new_session=True,
    )
    try:
        yield Walk(process)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
            await process.communicate()


async def _trained(url: str) -> Json:
    """The message on the end of the job that step 10 asks for."""
    async with Person(url, "mika") as mika:
        view = View(mika, lambda _: None)
        feed = asyncio.create_task(view.feed())
        try:
            outcome = await mika.type("/train branch:main lr:0.1", channel="training", wait=True)
            found = re.search(r"\b[23456789bcdfghjkmnpqrstvwxz]{6}\b", json.dumps(outcome["message"]))
            assert found, outcome
            job_id = found[0]
            return await view.until(f"the end of {job_id}", lambda view: view.end(job_id), seconds=PATIENCE)
        finally:
            feed.cancel()


def test_every_step_but_the_clicks_has_commands() -> None:
    assert len(STEPS) == 10
    assert [bool(_blocks(step)) for step in STEPS] == [True] * 10
    assert len(re.findall(r"^```", PAGE, flags=re.M)) == 2 * (sum(len(_blocks(step)) for step in STEPS) + 1)


def _deployed(endpoint: str) -> dict[str, str]:
    """The parameters that the stack was made with."""
    client = boto3.client(
        "cloudformation", REGION, endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="x"
    )
    (stack,) = client.describe_stacks(StackName="signalbox")["Stacks"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}


@pytest.mark.parametrize(
    ("gpus", "caller"),
    [(True, "user/moto"), (False, "user/moto"), (True, "assumed-role/signalbox-BotRole")],
    ids=["with GPUs", "without GPUs", "as the stack's role"],
)
async def test_from_no_account_to_the_first_plot(tmp_path: Path, gpus: bool, caller: str) -> None:
    settings = Settings(
        images={IMAGE: ENTRYPOINT}, gpu_vcpus=0, standard_vcpus=5, stop_timeout_seconds=5, enforce_permissions=True
    )
    async with aws_stand_in(settings) as endpoint, DiscordStandIn(limits=PATIENT) as discord:
        known = discord.ready()
        repository, edit = await _training(tmp_path), tmp_path / "edit.py"
        edit.write_text(_edited(known, repository, {} if gpus else _without_gpus()))
        placeholders = {
            "<your profile>": "newcomer",
            "<the token>": known["token"],
            "<address of this repository>": await _signalbox(tmp_path / "source"),
            "<address of your training repository>": repository,
        }
        script = _script(placeholders, edit, gpus=gpus)
        script = _as_role(script, endpoint) if "role" in caller else script
        async with _walking(tmp_path, script, endpoint) as walk:
            await walk.until('"event": "ready"')
            end = await _trained(known["url"])
        parameters = await asyncio.to_thread(_deployed, endpoint)
        assert await ControlClient(endpoint).get("ledger?kind=denied") == []
    assert re.search(r"succeeded: val\\?_accuracy 9\d(\.\d+)? at epoch \d+ of 10", end["content"]), end["content"]
    assert end["attachments"][0]["filename"].endswith(".png")
    assert "'DesiredValue': 8.0" in walk.said[2]
    assert "BotRoleArn = arn:aws:iam::" in walk.said[6]
    assert parameters["AlarmEmail"] == "new@example.org"
    assert "settings changed in config.toml." in walk.said[7]
    assert "There is no image of the trainer yet, so jobs can't start." in walk.said[6]
    assert f"Pushed {REPOSITORY}:trainer-" in walk.said[8]
    assert f"The stack runs {IMAGE} as its trainer.\n" in walk.said[8]
    assert re.search(rf"^ok    AWS credentials: arn:aws:\w+::123456789012:{caller}", walk.said[9], flags=re.M)
    assert f"{8 if gpus else 5} vCPUs in " in walk.said[9]
    assert f"{IMAGE}: built from commit " in walk.said[9]
    (quoted,) = re.findall(r"`(\d+ checks: [^`]+)`", STEPS[8])
    assert f"{quoted}\n" in walk.said[9]
    assert all(line.startswith("ok ") for line in walk.said[9].splitlines()[1:-2])
