"""`python -m deploy.aws.down`: delete the stack. Whatever holds data stays unless you type its name."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.config.loading import load
from bot.errors import ConfigError
from deploy.aws import cloudformation as stacks
from deploy.aws.cloudformation import ClientOf, clients
from deploy.aws.outputs import Output

VOLUME_TAG = "signalbox:volume"
_OBJECTS_PER_CALL = 1000
"""DeleteObjects takes "up to 1,000 keys":
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""

Ask = Callable[[str], str]
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that deleting the stack leaves behind, and that keeps costing money."""

    name: str
    description: str
    delete: Callable[[], object] = field(repr=False)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.aws.down", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.toml"), help="the bot's settings (config.toml)")
    given = parser.parse_args(arguments)
    try:
        config = load(given.config)
        down(config.deploy.stack, clients(config), input, print)
    except (ConfigError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except EOFError:
        sys.stderr.write("No answer; nothing more was deleted.\n")
        return 1
    return 0


def down(stack: str, client: ClientOf, ask: Ask, say: Say) -> None:
    """Delete the stack if its name is typed, then offer to delete each leftover. Raises botocore's errors."""
    cloudformation = client("cloudformation")
    described = stacks.describe(cloudformation, stack)
    outputs = stacks.outputs(described or {})
    if described:
        if ask(_confirmation(stack)) != stack:
            say("Nothing was deleted.")
            return
        cloudformation.delete_stack(StackName=stack)
        stacks.wait(cloudformation, "stack_delete_complete", stack)
        _delete_tokens(client("secretsmanager"), outputs)
        say(f"Deleted stack {stack}.")
    else:
        say(f"There is no stack {stack} in {cloudformation.meta.region_name}.")
    for leftover in _leftovers(stack, client, outputs.get(Output.BUCKET)):
        say(f"Still there: {leftover.name}, {leftover.description}.")
        if ask("Type its name to delete it for good, or press Enter to keep it: ") == leftover.name:
            leftover.delete()
            say(f"Deleted {leftover.name}.")


def _confirmation(stack: str) -> str:
    return f"This deletes stack {stack} and ends its running jobs. Type the stack's name to confirm: "


def _leftovers(stack: str, client: ClientOf, bucket: str | None) -> Iterator[Leftover]:
    if bucket:
        yield _bucket(client("s3"), bucket)
    ec2 = client("ec2")
    tagged = [{"Name": f"tag:{VOLUME_TAG}", "Values": [stack]}]
    for volume in ec2.describe_volumes(Filters=tagged)["Volumes"]:
        name = str(volume["VolumeId"])
        yield Leftover(name, f"the bot's disk, {volume['Size']} GiB", partial(ec2.delete_volume, VolumeId=name))
    for snapshot in ec2.describe_snapshots(OwnerIds=["self"], Filters=tagged)["Snapshots"]:
        name, taken = str(snapshot["SnapshotId"]), f"{snapshot['StartTime']:%Y-%m-%d %H:%M}"
        yield Leftover(name, f"the bot's disk on {taken}", partial(ec2.delete_snapshot, SnapshotId=name))


def _bucket(s3: Any, bucket: str) -> Leftover:
    sizes = [each.get("Size", 0) for each in _versions(s3, bucket)]
    description = f"{len(sizes)} objects and old versions, {sum(sizes) / 1e9:.1f} GB"

    def delete() -> None:
        for chunk in _chunks(_versions(s3, bucket)):
            objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in chunk]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        s3.delete_bucket(Bucket=bucket)

    return Leftover(bucket, description, delete)


def _versions(s3: Any, bucket: str) -> Iterator[dict[str, Any]]:
    """Every version of every object, and the delete markers."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        yield from page.get("Versions", ())
        yield from page.get("DeleteMarkers", ())


def _chunks(items: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == _OBJECTS_PER_CALL:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _delete_tokens(secrets: Any, outputs: dict[str, str]) -> None:
    """Delete the secrets without a recovery window: until it ends, the next stack could not use their names."""
    kinds = (Output.GIT_TOKEN_SECRET, Output.DISCORD_TOKEN_SECRET, Output.JOB_SECRETS)
    for name in (name for output in kinds for name in outputs.get(output, "").split(",") if name):
        try:
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        except secrets.exceptions.ResourceNotFoundException:
            continue


if __name__ == "__main__":
    sys.exit(main())
