"""`down` deletes the stack when its name is typed, and each leftover only when that name is typed too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.aws.down import down
from deploy.sandbox.aws.common.event_loop import LoopThread
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.resources import Clients
from tests.deploy.aws.template import PATH

pytestmark = pytest.mark.slow

STACK = "signalbox"


class Place:
    """A stand-in with the stack, a result with an old version in the bucket, and a host's disk with a snapshot."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        clients.cloudformation.create_stack(
            StackName=STACK, TemplateBody=PATH.read_text(), Capabilities=["CAPABILITY_IAM"]
        )
        [stack] = clients.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        self.bucket = next(each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "Bucket")
        versioned = {"Status": "Enabled"}  # in the template; the stand-in drops it
        clients.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=versioned)
        for body in (b"old", b"new"):
            clients.s3.put_object(Bucket=self.bucket, Key="jobs/k7q2mx/metrics.csv", Body=body)
        tags = [{"Key": "signalbox:volume", "Value": STACK}]
        zone = clients.ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
        self.volume = clients.ec2.create_volume(
            AvailabilityZone=zone, Size=8, TagSpecifications=[{"ResourceType": "volume", "Tags": tags}]
        )["VolumeId"]
        self.snapshot = clients.ec2.create_snapshot(
            VolumeId=self.volume, TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}]
        )["SnapshotId"]
        self.said: list[str] = []

    def down(self, *answers: str) -> None:
        left = list(answers)

        down(STACK, lambda service: getattr(self.clients, service), lambda _: left.pop(0), self.said.append)
        assert not left

    def buckets(self) -> list[str]:
        return [each["Name"] for each in self.clients.s3.list_buckets()["Buckets"]]

    def volumes(self) -> list[Any]:
        volumes: list[Any] = self.clients.ec2.describe_volumes(VolumeIds=[])["Volumes"]
        return [each["VolumeId"] for each in volumes]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    loop = LoopThread()
    stand_in = aws_stand_in()
    try:
        yield Place(Clients(loop.run(stand_in.__aenter__())))
    finally:
        loop.run(stand_in.__aexit__(None, None, None))
        loop.close()


def test_data_stays_unless_its_name_is_typed(place: Place) -> None:
    place.down(STACK, "", "yes", "")
    assert not place.clients.batch.describe_job_queues()["jobQueues"]
    assert not place.clients.secretsmanager.list_secrets()["SecretList"]
    assert place.buckets() == [place.bucket]
    assert place.volume in place.volumes()
    assert place.said[0] == f"Deleted stack {STACK}."
    assert [line.partition(",")[0] for line in place.said[1:]] == [
        f"Still there: {name}" for name in (place.bucket, place.volume, place.snapshot)
    ]


def test_named_data_is_deleted_with_its_old_versions(place: Place) -> None:
    place.down(STACK, place.bucket, place.volume, place.snapshot)
    assert place.said[1] == f"Still there: {place.bucket}, 2 objects and old versions, 0.0 GB."
    assert place.buckets() == []
    assert place.volume not in place.volumes()


def test_any_other_answer_deletes_nothing(place: Place) -> None:
    place.down("yes")
    assert place.said == ["Nothing was deleted."]
    assert len(place.clients.batch.describe_job_queues()["jobQueues"]) == 3


def test_disks_of_a_deleted_stack_are_found(place: Place) -> None:
    place.clients.cloudformation.delete_stack(StackName=STACK)
    place.down(place.volume, place.snapshot)
    assert place.said[0] == f"There is no stack {STACK} in us-east-1."
    assert place.volume not in place.volumes()
