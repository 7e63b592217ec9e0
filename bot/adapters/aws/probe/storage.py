"""Where jobs leave their results and their lines: the bucket and the log group."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.s3 import Location, parse_uri
from bot.domain.project import Project
from bot.errors import Denied
from bot.services.running.doctor import Check, Finding, Fix

PROBE_KEY = "doctor.txt"
RETENTION_DAYS = 30
_SHARED_GROUP = "/aws/batch/job"
_TEXT = b"The doctor was here.\n"


def bucket_check(s3: Client, project: Project) -> Check:
    """A small object is written where results go, read, and deleted."""
    subject = f"bucket of {project.name}"
    location = parse_uri(f"{project.output_uri}/{PROBE_KEY}")

    async def look() -> Finding:
        with calling(f"Writing to the bucket {location.bucket}"):
            await s3.put_object(Bucket=location.bucket, Key=location.key, Body=_TEXT)
        with calling(f"Reading from the bucket {location.bucket}"):
            answer = await s3.get_object(Bucket=location.bucket, Key=location.key)
            await answer["Body"].read()
        return await _deleted(s3, subject, location)

    return Check(subject, look, f"Check projects.{project.name}.bucket.")


async def _deleted(s3: Client, subject: str, location: Location) -> Finding:
    try:
        with calling(f"Deleting from the bucket {location.bucket}"):
            await s3.delete_object(Bucket=location.bucket, Key=location.key)
    except Denied:
        return Finding(subject, f"{location.bucket}: written and read; {location.key} stays, as we may not delete it")
    return Finding(subject, f"{location.bucket}: written, read and deleted")


def log_group_check(logs: Client, project: Project, region: str, now: Callable[[], float]) -> Check:
    subject = f"log group {project.log_group}"
    name = project.log_group

    async def retention() -> None:
        with calling(f"Setting the retention of the {subject}"):
            await logs.put_retention_policy(logGroupName=name, retentionInDays=RETENTION_DAYS)

    async def create() -> None:
        with calling(f"Creating the {subject}"):
            await logs.create_log_group(logGroupName=name)
        await retention()

    async def look() -> Finding:
        with calling(f"Describing the {subject}"):
            answer = await logs.describe_log_groups(logGroupNamePrefix=name)
        group = next((each for each in answer["logGroups"] if each["logGroupName"] == name), None)
        if group is None:
            mend = f"Check projects.{project.name}.log_group, or create it: `aws logs create-log-group "
            found = f"There is no {subject} in {region}."
            return Finding.bad(subject, found, f"{mend}--log-group-name {name}`.", Fix("created it", create))
        if days := group.get("retentionInDays"):
            return Finding(subject, f"kept for {days} days")
        return _kept_for_ever(subject, group, now(), Fix(f"set {RETENTION_DAYS} days", retention))

    return Check(subject, look, f"Check projects.{project.name}.log_group.")


def _kept_for_ever(subject: str, group: Mapping[str, Any], at: float, fix: Fix) -> Finding:
    """A retention loses nothing today where the group is younger than it, and belongs to the bot alone."""
    name = group["logGroupName"]
    young = at - group.get("creationTime", 0) / 1000 < RETENTION_DAYS * 86400
    mend = (
        f"`aws logs put-retention-policy --log-group-name {name} --retention-in-days {RETENTION_DAYS}` deletes what is "
        "older; the log of every job stays in the bucket."
    )
    found = "there, and kept for ever, which costs more every month"
    return Finding.note(subject, found, mend, fix if young and name != _SHARED_GROUP else None)
