"""Where jobs store their results and logs: the bucket and the log group.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html: without `retentionInDays`,
events never expire.
"""

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
    """Write a small object next to the results, read it, and delete it."""
    subject = f"bucket of {project.name}"
    target = parse_uri(f"{project.output_uri}/{PROBE_KEY}")

    async def look() -> Finding:
        with calling(f"Writing to the bucket {target.bucket}"):
            await s3.put_object(Bucket=target.bucket, Key=target.key, Body=_TEXT)
        with calling(f"Reading from the bucket {target.bucket}"):
            answer = await s3.get_object(Bucket=target.bucket, Key=target.key)
            await answer["Body"].read()
        return await _delete(s3, subject, target)

    return Check(subject, look, f"Check projects.{project.name}.bucket: it must be this account's, and in aws.region.")


async def _delete(s3: Client, subject: str, target: Location) -> Finding:
    try:
        with calling(f"Deleting from the bucket {target.bucket}"):
            await s3.delete_object(Bucket=target.bucket, Key=target.key)
    except Denied:
        return Finding(
            subject, f"{target.bucket}: written and read; {target.key} stays, because the bot may not delete it"
        )
    return Finding(subject, f"{target.bucket}: written, read and deleted")


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
            advice = f"Check projects.{project.name}.log_group, or create it: `aws logs create-log-group "
            found = f"There is no {subject} in {region}."
            return Finding.bad(subject, found, f"{advice}--log-group-name {name}`.", Fix("created it", create))
        with calling(f"Reading from the {subject}"):
            await logs.filter_log_events(logGroupName=name, limit=1)
        if days := group.get("retentionInDays"):
            return Finding(subject, f"logs are deleted after {days} days")
        return _without_retention(subject, group, now(), Fix(f"set {RETENTION_DAYS} days", retention))

    return Check(subject, look, f"Check projects.{project.name}.log_group.")


def _without_retention(subject: str, group: Mapping[str, Any], at: float, fix: Fix) -> Finding:
    """Offer the fix only if the group is the bot's own and younger than the retention: then nothing is lost today."""
    name = group["logGroupName"]
    young = at - group.get("creationTime", 0) / 1000 < RETENTION_DAYS * 86400
    advice = (
        f"`aws logs put-retention-policy --log-group-name {name} --retention-in-days {RETENTION_DAYS}` deletes older "
        "logs; every job's log stays in the bucket."
    )
    found = "logs are never deleted, which costs more every month"
    return Finding.note(subject, found, advice, fix if young and name != _SHARED_GROUP else None)
