"""The stack in every region that moto has a recording of, and the table of them in docs/regions.md."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from botocore.exceptions import ClientError, EndpointConnectionError

from bot.config.loading import Config
from deploy.aws import cloudformation, parameters, regions, up
from deploy.aws.cloudformation import ClientOf, StackError, clients
from deploy.aws.offers import NoTypeError
from deploy.aws.regions import batch_regions, decide, described, table
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from tests.deploy.aws import recorded_regions
from tests.deploy.aws.recorded_regions import REGIONS
from tests.deploy.aws.template import CPU_PATH, EXAMPLE, PATH, ROOT, config

PAGE = ROOT / "docs" / "regions.md"
REFUSED = {"ap-southeast-4", "ca-west-1"}
"""They have no machine with a GPU that the default settings name."""


def _in(region: str, **deploy: object) -> Config:
    settings = config(alarm_email="me@example.org", **deploy)
    return settings.model_copy(update={"aws": settings.aws.model_copy(update={"region": region})})


def test_the_page_has_the_commands_table() -> None:
    shown = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    assert shown == list(table(config(), REGIONS, recorded_regions.clients))


def test_the_recording_has_the_regions_in_which_batch_runs() -> None:
    known = set(batch_regions("us-east-1"))
    assert set(REGIONS) <= known
    assert known - set(REGIONS) == {"ap-east-2", "ap-southeast-6", "ap-southeast-7", "mx-central-1"}


def test_a_region_of_another_partition_is_listed_with_its_own() -> None:
    assert batch_regions("cn-north-1") == ["cn-north-1", "cn-northwest-1"]


def test_without_a_machine_the_other_regions_are_named() -> None:
    with pytest.raises(StackError) as raised:
        decide(_in("ca-west-1"), recorded_regions.clients)
    assert "the queue signalbox-spot would have no machine" in str(raised.value)
    said = str(raised.value).partition("Regions with one of your types: ")[2].rstrip(".").split(", ")
    assert {"us-west-1", "eu-central-2"} <= set(said)
    assert not REFUSED & set(said)


def test_what_is_left_out_is_said() -> None:
    assert described(decide(_in("ap-south-2"), recorded_regions.clients)).splitlines() == [
        "Region ap-south-2, zones ap-south-2a, ap-south-2b",
        "  spot: g6.xlarge",
        "    left out: g4dn.xlarge, g5.xlarge (not offered in ap-south-2)",
        "  on-demand: no machine, so there is no such queue",
        "    left out: g4dn.xlarge (not offered in ap-south-2)",
        "  cpu: m7i.xlarge, m6i.xlarge, m6a.xlarge",
    ]


def test_a_region_without_batch_is_refused() -> None:
    gone = EndpointConnectionError(endpoint_url="https://batch.us-west-1.amazonaws.com")

    def clients_of(asked: Config) -> ClientOf:
        known = {"ec2": recorded_regions.Ec2(asked.aws.region), "batch": recorded_regions.Batch(asked.aws.region, gone)}
        return known.__getitem__

    with pytest.raises(StackError, match=r"AWS Batch doesn't run in us-west-1.*It runs in .*us-east-1"):
        decide(_in("us-west-1"), clients_of)


def test_a_region_that_does_not_exist_is_refused_with_those_like_it() -> None:
    with pytest.raises(StackError, match=r"there is no region us-esat-1\. Did you mean .*us-east-1"):
        decide(_in("us-esat-1"), recorded_regions.clients)
    with pytest.raises(StackError, match=r"there is no region x\. Did you mean af-south-1, ap-east-1"):
        decide(_in("x"), recorded_regions.clients)


def test_regions_that_do_not_answer_stay_in_the_table() -> None:
    def clients_of(asked: Config) -> ClientOf:
        code = {"af-south-1": "AuthFailure"}.get(asked.aws.region, "RequestLimitExceeded")
        fails = ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeAvailabilityZones")
        return {"ec2": recorded_regions.Ec2(asked.aws.region, fails=fails)}.__getitem__

    *_, off, busy = table(config(), ["af-south-1", "us-east-1"], clients_of)
    assert off == "| af-south-1 | not enabled | - | - | - | - | - |"
    assert busy.startswith("| us-east-1 | not known: An error occurred (RequestLimitExceeded)")


@pytest_asyncio.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(cloudformation, "POLL_SECONDS", 0.05)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    async with aws_stand_in(Settings()) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        yield address


def _create(path: Path, settings: Config) -> dict[str, str]:
    """The stack's outputs. Raises StackError."""
    template = up.fitting(settings, [path])
    values = parameters.values(settings, decide(settings))
    return up.up(clients(settings), settings.deploy.stack, template.text, values)


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_every_region_gets_the_stack_or_is_refused_before(endpoint: str) -> None:
    """The stand-in refuses types and zones that the region lacks, as AWS does: see test_stacks.py beside it."""
    without_gpus = {"jobs": {"mnist": {"queue": "cpu", "gpus": 0}}}

    def create() -> None:
        for region in REGIONS:
            if region in REFUSED:
                with pytest.raises(StackError) as raised:
                    _create(PATH, _in(region))
                assert isinstance(raised.value.__cause__, NoTypeError)
                assert _create(CPU_PATH, _in(region, **without_gpus))["QueueMnist"] == "signalbox-cpu"
            else:
                assert _create(PATH, _in(region))["Region"] == region

    await asyncio.to_thread(create)


@pytest.mark.slow
async def test_the_command_prints_the_table(endpoint: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    del endpoint
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE.read_text())
    assert await asyncio.to_thread(regions.main, ["--config", str(path), "us-west-1", "ca-west-1"]) == 0
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith(("| us-west-1 ", "| ca-west-1 "))]
    assert capsys.readouterr().out.splitlines()[2:] == sorted(rows, reverse=True)
