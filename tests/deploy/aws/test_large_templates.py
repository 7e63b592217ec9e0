"""A template that is too long for a request goes through a bucket of its own, which doesn't stay."""

import asyncio
import json
from typing import Any

import pytest

from deploy.aws import large_templates
from deploy.aws.cloudformation import StackError
from deploy.aws.large_templates import placed
from deploy.aws.up import up
from deploy.sandbox.aws.resources import Clients
from tests.deploy.aws.template import PATH


class S3:
    """Records its calls."""

    def __init__(self, region: str) -> None:
        self.meta, self.calls = self, list[tuple[str, Any]]()
        self.region_name, self.endpoint_url = region, f"https://s3.{region}.amazonaws.com"

    def __getattr__(self, name: str) -> Any:
        return lambda **arguments: self.calls.append((name, arguments))


def test_a_short_template_is_in_the_request() -> None:
    with placed(None, "signalbox", "{}") as place:  # type: ignore[arg-type]
        assert place == {"TemplateBody": "{}"}


@pytest.mark.parametrize(
    ("region", "location"),
    [("us-east-1", None), ("eu-west-1", {"LocationConstraint": "eu-west-1"})],
)
def test_a_long_one_is_in_a_bucket_while_it_is_read(region: str, location: Any) -> None:
    s3 = S3(region)
    text = "é" * 25_601  # 51,202 bytes
    with placed(lambda _: s3, "signalbox", text) as place:
        [(_, made), (_, put)] = s3.calls
        bucket = made["Bucket"]
        assert place == {"TemplateURL": f"https://{bucket}.s3.{region}.amazonaws.com/template.json"}
        assert made.get("CreateBucketConfiguration") == location
        assert (put["Bucket"], put["Key"], put["Body"]) == (bucket, "template.json", text.encode())
        assert len(bucket) <= 63
    assert s3.calls[2:] == [
        ("delete_object", {"Bucket": bucket, "Key": "template.json"}),
        ("delete_bucket", {"Bucket": bucket}),
    ]


def test_the_bucket_goes_when_the_stack_fails() -> None:
    s3 = S3("us-east-1")
    with pytest.raises(StackError), placed(lambda _: s3, "signalbox", "x" * 60_000):
        raise StackError("refused")
    assert s3.calls[-1][0] == "delete_bucket"


def test_a_template_over_the_buckets_limit_is_refused_in_words() -> None:
    with (
        pytest.raises(StackError, match=r"1,000,001 bytes; CloudFormation accepts at most 1,000,000\..*a second stack"),
        placed(None, "signalbox", "x" * 1_000_001),  # type: ignore[arg-type]
    ):
        pass


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_a_long_template_makes_a_stack_and_updates_it(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients(endpoint)
    content = json.loads(PATH.read_text())
    content["Metadata"]["Long"] = "x" * 60_000

    def deploy(description: str) -> dict[str, str]:
        return up(clients.client, "signalbox", json.dumps({**content, "Description": description}))

    assert len(json.dumps(content)) > large_templates.MOST_IN_REQUEST
    assert (await asyncio.to_thread(deploy, "One"))["QueueMnist"] == "signalbox-spot"
    made = await asyncio.to_thread(deploy, "Two")
    answer = await asyncio.to_thread(clients.cloudformation.get_template, StackName="signalbox")
    assert answer["TemplateBody"]["Description"] == "Two"
    assert [each["Name"] for each in clients.s3.list_buckets()["Buckets"]] == [made["Bucket"]]
