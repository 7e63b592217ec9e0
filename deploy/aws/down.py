"""`python -m deploy.aws.down`: takes the stack down. What holds data is asked about, and kept unless it is named."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from bot.config.loading import Config, load
from bot.errors import ConfigError
from deploy.aws.outputs import Output

VOLUME_TAG = "signalbox:volume"
LOOK_SECONDS = 5
LOOKS = 360
"""Half an hour: machines that are being ended hold up the network."""
_PER_CALL = 1000

Ask = Callable[[str], str]
Say = Callable[[str], object]
ClientOf = Callable[[str], Any]
"""By name of the service a boto3 client."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that stays when the stack goes, and costs."""

    name: str
    what: str
    delete: Callable[[], object] = field(repr=False)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.aws.down", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.toml"), help="the bot's settings (config.toml)")
    given = parser.parse_args(arguments)
    try:
        config = load(given.config)
        down(config.deploy.stack, _clients(config), input, print)
    except (ConfigError, BotoCoreError, ClientError, EOFError) as error:
        sys.stderr.write(f"{error or 'nobody answered'}\n")
        return 1
    return 0


def down(stack: str, client: ClientOf, ask: Ask, say: Say) -> None:
    """Raises botocore's errors."""
    cloudformation = client("cloudformation")
    described = _described(cloudformation, stack)
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())}
    if described:
        if ask(f"The stack {stack} goes, and jobs that run end. Type its name to agree: ") != stack:
            say("Nothing was done.")
            return
        _delete_stack(cloudformation, stack)
        _forget_tokens(client("secretsmanager"), outputs)
        say(f"The stack {stack} is gone.")
    else:
        say(f"There is no stack {stack} in {cloudformation.meta.region_name}.")
    for kept in _kept(stack, client, outputs.get(Output.BUCKET)):
        say(f"{kept.name} is kept: {kept.what}.")
        if ask("Type its name to delete it for ever, or Enter to keep it: ") == kept.name:
            kept.delete()
            say(f"{kept.name} is gone.")


def _kept(stack: str, client: ClientOf, bucket: str | None) -> Iterator[Leftover]:
    if bucket:
        yield _kept_bucket(client("s3"), bucket)
    ec2 = client("ec2")
    own = [{"Name": f"tag:{VOLUME_TAG}", "Values": [stack]}]
    for volume in ec2.describe_volumes(Filters=own)["Volumes"]:
        name = str(volume["VolumeId"])
        yield Leftover(name, f"the bot's disk, {volume['Size']} GiB", partial(ec2.delete_volume, VolumeId=name))
    for snapshot in ec2.describe_snapshots(OwnerIds=["self"], Filters=own)["Snapshots"]:
        name, made = str(snapshot["SnapshotId"]), f"{snapshot['StartTime']:%Y-%m-%d %H:%M}"
        yield Leftover(name, f"the bot's disk as of {made}", partial(ec2.delete_snapshot, SnapshotId=name))


def _kept_bucket(s3: Any, bucket: str) -> Leftover:
    sizes = [each.get("Size", 0) for each in _versions(s3, bucket)]
    what = f"{len(sizes)} objects and old versions, {sum(sizes) / 1e9:.1f} GB"

    def delete() -> None:
        for some in _chunks(_versions(s3, bucket)):
            objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in some]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        s3.delete_bucket(Bucket=bucket)

    return Leftover(bucket, what, delete)


def _versions(s3: Any, bucket: str) -> Iterator[dict[str, Any]]:
    """Of all objects, and the marks of deleted ones."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        yield from page.get("Versions", ())
        yield from page.get("DeleteMarkers", ())


def _chunks(items: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == _PER_CALL:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _described(cloudformation: Any, stack: str) -> dict[str, Any]:
    """Nothing where there is none."""
    try:
        return dict(cloudformation.describe_stacks(StackName=stack)["Stacks"][0])
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return {}
        raise


def _delete_stack(cloudformation: Any, stack: str) -> None:
    cloudformation.delete_stack(StackName=stack)
    waiting = {"Delay": LOOK_SECONDS, "MaxAttempts": LOOKS}
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=waiting)


def _forget_tokens(secrets: Any, outputs: dict[str, str]) -> None:
    """At once: a name that waits for its deletion could not be used by the next stack."""
    for output in (Output.GIT_TOKEN_SECRET, Output.DISCORD_TOKEN_SECRET):
        if output in outputs:
            try:
                secrets.delete_secret(SecretId=outputs[output], ForceDeleteWithoutRecovery=True)
            except secrets.exceptions.ResourceNotFoundException:
                continue


def _clients(config: Config) -> ClientOf:
    def client(service: str) -> Any:
        return boto3.client(service, region_name=config.aws.region, endpoint_url=config.aws.endpoint_url)

    return client


if __name__ == "__main__":
    sys.exit(main())
