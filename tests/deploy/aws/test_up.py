"""`up` against the AWS stand-in."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from deploy.aws import cloudformation, up
from deploy.sandbox.aws.common.settings import REGION
from deploy.sandbox.aws.resources import Clients

REPOSITORY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/signalbox"

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


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


async def test_a_job_definition_of_another_stack_is_left_alone(
    config: Path, endpoint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    batch = Clients(endpoint).batch
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    batch.register_job_definition(
        jobDefinitionName="signalbox-eval-mnist",
        type="container",
        containerProperties={"image": "theirs", "resourceRequirements": needs},
        tags={"signalbox:stack": "signalbox-eval"},
    )
    text = config.read_text().replace("projects.mnist", "projects.eval-mnist").replace("jobs.mnist", "jobs.eval-mnist")
    config.write_text(text)
    assert await _main(up.main, "--config", str(config)) == 1
    said = capfd.readouterr()
    assert "The job definition signalbox-eval-mnist belongs to stack signalbox-eval. Rename" in said.err
    assert "stack signalbox…" not in said.out


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


async def test_failed_stack_names_the_failed_resource() -> None:
    with pytest.raises(cloudformation.StackError) as raised:
        up.up(Failing().client, "mine", "{}")
    assert str(raised.value).splitlines() == [
        "CloudFormation could not create or update stack mine: Waiter stack_create_complete failed: rolled back",
        "  Bucket: it is taken",
    ]


async def test_batchs_list_of_types_is_not_repeated() -> None:
    failing = Failing("Exception : Instance type can only be one of [optimal, m5, m5.large], RequestId: 1")
    with pytest.raises(cloudformation.StackError) as raised:
        up.up(failing.client, "mine", "{}")
    said = "Exception : AWS Batch doesn't take one of the instance types here. Take it out of [deploy], RequestId: 1"
    assert str(raised.value).splitlines()[1] == f"  Bucket: {said}"


class Failing:
    """CloudFormation whose stack is rolled back."""

    def __init__(self, reason: str = "it is taken") -> None:
        self._made, self._reason = False, reason

    def client(self, _: str) -> "Failing":
        return self

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
