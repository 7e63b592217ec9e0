"""`up` and `push` against the AWS stand-in, with a docker that only records its calls."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from botocore.exceptions import ClientError, WaiterError

from deploy.aws import cloudformation, push, up
from deploy.sandbox.aws.common.settings import REGION, Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.resources import Clients
from tests.support.git import git

ROOT = Path(__file__).parents[3]
REPOSITORY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/signalbox"
DOCKER = """#!/bin/sh
echo "$@" >> "$SAID"
[ "$1" = login ] && cat >> "$SAID" && echo >> "$SAID"
[ "$1" != "$FAILS" ]
"""

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint() -> AsyncIterator[str]:
    async with aws_stand_in(Settings()) as address:
        yield address


@pytest.fixture
def config(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example config in the current folder, with AWS's variables pointing at the stand-in."""
    for name, value in {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cloudformation, "POLL_SECONDS", 0.1)
    path = tmp_path / "config.toml"
    path.write_text((ROOT / "config.example.toml").read_text().replace("you@example.com", "me@example.org"))
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the arguments that docker was called with."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    monkeypatch.setenv("FAILS", "")
    return tmp_path / "said"


def _commit(folder: Path) -> str:
    for command in (["init", "--quiet"], ["add", "config.toml"], ["commit", "--quiet", "--message", "x"]):
        git(folder, *command)
    (folder / ".git/info/exclude").write_text("bin\nsaid\n")
    return git(folder, "rev-parse", "HEAD")


async def _main(main: Any, *arguments: str) -> int:
    return int(await asyncio.to_thread(main, list(arguments)))


async def test_up_creates_the_stack_and_a_second_run_changes_nothing(
    config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await _main(up.main, "--config", str(config)) == 0
    said = capfd.readouterr().out
    assert said.startswith(
        "Region us-east-1, zones us-east-1a, us-east-1b\n  spot: g4dn.xlarge, g5.xlarge, g6.xlarge\n"
    )
    assert "Creating stack signalbox…\n" in said
    assert f"RepositoryUri = {REPOSITORY}\n" in said
    assert await _main(up.main, "--config", str(config)) == 0
    said = capfd.readouterr().out
    assert "Stack signalbox is up to date.\n" in said
    assert "QueueMnist = signalbox-spot\n" in said


async def test_missing_template_is_reported(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert await _main(up.main, "--config", str(config), "--template", "none.json") == 1
    assert "none.json" in capfd.readouterr().err


async def test_the_examples_address_is_sent_nowhere(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config.write_text(config.read_text().replace("me@example.org", "you@example.com"))
    assert await _main(up.main, "--config", str(config)) == 1
    assert "deploy.alarm_email is still the example's you@example.com" in capfd.readouterr().err
    assert "you@example.com" not in up.TEMPLATE.read_text()


async def test_a_template_for_another_config_is_not_sent(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = config.read_text().replace("# disk_gib = 60", "disk_gib = 100")
    config.write_text(text.replace('# stack = "signalbox"', 'stack = "x"'))
    for more in ((), ("--template", str(up.TEMPLATE))):
        assert await _main(up.main, "--config", str(config), *more) == 1
        said = capfd.readouterr().err
        assert "The template template.json doesn't fit the config, so nothing was sent to AWS:" in said
        assert "deploy.disk_gib is 100; the template has 60" in said
        assert 'deploy.stack is "x"; the template has "signalbox"' in said


async def test_an_update_changes_types_time_limit_and_address(
    config: Path, endpoint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await _main(up.main, "--config", str(config)) == 0
    text = config.read_text().replace("# timeout_minutes = 120", "timeout_minutes = 300")
    config.write_text(text.replace('# spot_instances = ["g4dn.xlarge", ', "spot_instances = ["))
    assert await _main(up.main, "--config", str(config)) == 0
    assert "Updating stack signalbox…\n" in capfd.readouterr().out
    batch = Clients(endpoint).batch
    [queue] = batch.describe_job_queues(jobQueues=["signalbox-spot"])["jobQueues"]
    used = queue["computeEnvironmentOrder"][0]["computeEnvironment"]
    [machines] = batch.describe_compute_environments(computeEnvironments=[used])["computeEnvironments"]
    assert machines["computeResources"]["instanceTypes"] == ["g5.xlarge", "g6.xlarge"]
    definitions = batch.describe_job_definitions(jobDefinitionName="signalbox-mnist", status="ACTIVE")
    assert [each["timeout"]["attemptDurationSeconds"] for each in definitions["jobDefinitions"]] == [18_000]


async def test_a_template_that_is_not_json_is_reported(
    config: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text("Resources:")
    assert await _main(up.main, "--config", str(config), "--template", str(tmp_path / "mine.yaml")) == 1
    assert "mine.yaml isn't JSON" in capfd.readouterr().err


async def test_a_template_over_the_limit_is_refused_in_words() -> None:
    with pytest.raises(cloudformation.StackError, match=r"51,201 bytes; CloudFormation accepts at most 51,200"):
        up.up(Failing(), "mine", "x" * 51_201)


async def test_failed_stack_names_the_failed_resource() -> None:
    with pytest.raises(cloudformation.StackError) as raised:
        up.up(Failing(), "mine", "{}")
    assert str(raised.value).splitlines() == [
        "CloudFormation could not create or update stack mine: Waiter stack_create_complete failed: rolled back",
        "  Bucket: it is taken",
    ]


async def test_batchs_list_of_types_is_not_repeated() -> None:
    failing = Failing("Exception : Instance type can only be one of [optimal, m5, m5.large], RequestId: 1")
    with pytest.raises(cloudformation.StackError) as raised:
        up.up(failing, "mine", "{}")
    said = "Exception : AWS Batch doesn't take one of the instance types here. Take it out of [deploy], RequestId: 1"
    assert str(raised.value).splitlines()[1] == f"  Bucket: {said}"


class Failing:
    """CloudFormation whose stack is rolled back."""

    def __init__(self, reason: str = "it is taken") -> None:
        self._made, self._reason = False, reason

    def describe_stacks(self, StackName: str) -> Any:
        if not self._made:
            error = {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}
            raise ClientError({"Error": error}, "DescribeStacks")
        return {"Stacks": [{"StackId": "arn:mine"}]}

    def create_stack(self, **_: Any) -> None:
        self._made = True

    def get_waiter(self, name: str) -> "Failing":
        self._waiter = name
        return self

    def wait(self, **_: Any) -> None:
        raise WaiterError(self._waiter, "rolled back", {})

    def describe_stack_events(self, StackName: str) -> Any:
        assert StackName == "arn:mine"
        failed = {
            "ResourceStatus": "CREATE_FAILED",
            "LogicalResourceId": "Bucket",
            "ResourceStatusReason": self._reason,
        }
        return {"StackEvents": [{"ResourceStatus": "CREATE_COMPLETE"}, failed]}


async def test_both_images_are_tagged_with_their_commit(config: Path, docker: Path) -> None:
    await _main(up.main, "--config", str(config))
    commit = _commit(config.parent)
    assert await _main(push.main, "--config", str(config), "--torch-index", "https://example.org/cuda") == 0
    said = docker.read_text().splitlines()
    assert said[0] == f"login --username AWS --password-stdin {REPOSITORY.partition('/')[0]}"
    assert said[2].startswith("pull --quiet docker.io/library/python:")
    assert said[3].startswith("image inspect ")
    build, *pushes = said[4:7]
    assert build.startswith("build --target trainer --platform linux/amd64 ")
    assert f"--build-arg REVISION={commit} --build-arg BASE_IMAGE=docker.io/library/python:" in build
    assert "--build-arg TORCH_INDEX=https://example.org/cuda" in build
    assert pushes == [f"push {REPOSITORY}:trainer", f"push {REPOSITORY}:trainer-{commit[:12]}"]
    assert "--target bot" in said[7]
    assert "TORCH_INDEX" not in said[7]


async def test_uncommitted_changes_leave_the_images_untagged(
    config: Path, docker: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    await _main(up.main, "--config", str(config))
    _commit(config.parent)
    (config.parent / "new.py").write_text("")
    assert await _main(push.main, "--config", str(config), "--only", "trainer") == 0
    assert "Not tagging the images with a commit: files differ from the last commit" in capfd.readouterr().out
    assert "REVISION=unknown" in docker.read_text()
    assert f"push {REPOSITORY}:trainer-" not in docker.read_text()


@pytest.mark.parametrize("fails", ["login", "build", "push"])
async def test_failed_docker_command_is_reported(
    config: Path, docker: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fails: str
) -> None:
    await _main(up.main, "--config", str(config))
    monkeypatch.setenv("FAILS", fails)
    assert await _main(push.main, "--config", str(config)) == 1
    assert f"docker {fails}" in capfd.readouterr().err


async def test_push_without_a_stack_is_refused(config: Path, docker: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config.write_text(config.read_text().replace('# stack = "signalbox"', 'stack = "none"'))
    assert await _main(push.main, "--config", str(config)) == 1
    assert f"There is no stack none in {REGION}. Create it: `python -m deploy.aws.up`." in capfd.readouterr().err
    assert not docker.exists()


@pytest.mark.parametrize(
    ("host", "machine"),
    [("t4g.small", "arm64"), ("t3.micro", "amd64"), ("c7gn.large", "arm64"), ("g5.xlarge", "amd64")],
)
async def test_bot_image_fits_the_hosts_architecture(host: str, machine: str, config: Path, docker: Path) -> None:
    await _main(up.main, "--config", str(config))
    config.write_text(config.read_text().replace('# host = "none"', f'host = "{host}"'))
    assert await _main(push.main, "--config", str(config), "--only", "bot") == 0
    assert f"--platform linux/{machine}" in docker.read_text()
