"""What the doctor looks at in AWS, by the calls that the bot itself makes."""

from collections.abc import Mapping
from typing import Any

from bot.adapters.aws_clients import AwsClients
from bot.adapters.aws_errors import calling
from bot.adapters.aws_s3 import parse_uri
from bot.domain.project import Project
from bot.errors import Missing
from bot.services.doctor import Check, Finding

PROBE_KEY = "doctor.txt"


class AwsProbe:
    def __init__(self, clients: AwsClients, region: str) -> None:
        self._aws, self._region = clients, region

    def checks(self, project: Project) -> list[Check]:
        """The project's queue, job definition, bucket and log group."""
        key = f"projects.{project.name}"
        return [
            Check(f"queue {project.queue}", lambda: self._queue(project), f"Check {key}.queue."),
            Check(
                f"job definition {project.definition}",
                lambda: self._definition(project),
                f"Check {key}.job_definition.",
            ),
            Check(f"bucket of {project.name}", lambda: self._bucket(project), f"Check {key}.bucket."),
            Check(f"log group {project.log_group}", lambda: self._log_group(project), f"Check {key}.log_group."),
        ]

    def identity_check(self) -> Check:
        mend = "Give the bot AWS credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID and its secret, or the host's role."
        return Check("AWS credentials", self._identity, mend)

    def events_check(self, queue_url: str) -> Check:
        async def look() -> Finding:
            with calling("Reading the queue of events"):
                answer = await self._aws.sqs.get_queue_attributes(
                    QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"]
                )
            waiting = answer["Attributes"]["ApproximateNumberOfMessages"]
            return Finding("queue of events", f"readable, about {waiting} waiting")

        return Check("queue of events", look, "Check aws.events_queue_url; without it, states are polled alone.")

    async def _identity(self) -> Finding:
        with calling("Asking AWS who we are"):
            answer = await self._aws.sts.get_caller_identity()
        return Finding("AWS credentials", f"{answer['Arn']} in {self._region}")

    async def _queue(self, project: Project) -> Finding:
        subject = f"queue {project.queue}"
        with calling(f"Describing the {subject}"):
            queues = (await self._aws.batch.describe_job_queues(jobQueues=[project.queue]))["jobQueues"]
            if not queues:
                raise Missing(f"There is no job queue {project.queue} in {self._region}.")
            names = [order["computeEnvironment"] for order in queues[0]["computeEnvironmentOrder"]]
            answer = await self._aws.batch.describe_compute_environments(computeEnvironments=names)
        for kind, each in [("queue", queues[0]), *(("compute environment", e) for e in answer["computeEnvironments"])]:
            wrong = _not_usable(kind, each)
            if wrong:
                return Finding(subject, wrong, "Enable it in AWS Batch, or mend what its status reason says.")
        return Finding(subject, f"enabled and valid, {len(names)} compute environment{'s' if len(names) > 1 else ''}")

    async def _definition(self, project: Project) -> Finding:
        subject = f"job definition {project.definition}"
        name, _, revision = project.definition.partition(":")
        with calling(f"Describing the {subject}"):
            answer = await self._aws.batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")
        found = [d for d in answer["jobDefinitions"] if not revision or str(d["revision"]) == revision]
        if not found:
            raise Missing(f"There is no active {subject} in {self._region}.")
        latest = max(found, key=lambda definition: definition["revision"])
        image = latest["containerProperties"]["image"]
        group = _log_group(latest)
        if group != project.log_group:
            mend = f'Set projects.{project.name}.log_group to "{group}".'
            return Finding(subject, f"it logs to {group}, the config says {project.log_group}", mend)
        if not _ends_with_exit(latest):
            mend = 'End its retryStrategy.evaluateOnExit with {"onReason": "*", "action": "EXIT"}.'
            return Finding(subject, "a training script that fails would be run again: no rule catches all exits", mend)
        return Finding(subject, f"revision {latest['revision']}, image {image}")

    async def _bucket(self, project: Project) -> Finding:
        place = parse_uri(f"{project.output_uri}/{PROBE_KEY}")
        subject = f"bucket of {project.name}"
        with calling(f"Writing to the bucket {place.bucket}"):
            await self._aws.s3.put_object(Bucket=place.bucket, Key=place.key, Body=b"The doctor was here.\n")
        with calling(f"Reading from the bucket {place.bucket}"):
            answer = await self._aws.s3.get_object(Bucket=place.bucket, Key=place.key)
            await answer["Body"].read()
        return Finding(subject, f"{place.bucket}: written and read")

    async def _log_group(self, project: Project) -> Finding:
        subject = f"log group {project.log_group}"
        with calling(f"Describing the {subject}"):
            answer = await self._aws.logs.describe_log_groups(logGroupNamePrefix=project.log_group)
        for group in answer["logGroups"]:
            if group["logGroupName"] == project.log_group:
                days = group.get("retentionInDays")
                return Finding(subject, f"kept for {days} days" if days else "there, and kept for ever")
        raise Missing(f"There is no {subject} in {self._region}.")


def _not_usable(kind: str, detail: Mapping[str, Any]) -> str:
    """Why a queue or a compute environment takes no jobs; empty where it does."""
    state, status = detail.get("state", ""), detail.get("status", "")
    if (state, status) == ("ENABLED", "VALID"):
        return ""
    name = detail.get("jobQueueName") or detail.get("computeEnvironmentName")
    reason = f": {detail['statusReason']}" if detail.get("statusReason") else ""
    return f"{kind} {name} is {state}, {status}{reason}"


def _log_group(definition: Mapping[str, Any]) -> str:
    options = definition["containerProperties"].get("logConfiguration", {}).get("options", {})
    return str(options.get("awslogs-group", "/aws/batch/job"))


def _ends_with_exit(definition: Mapping[str, Any]) -> bool:
    """An exit that matches no rule is retried, unless there is one attempt alone."""
    strategy = definition.get("retryStrategy") or {}
    if strategy.get("attempts", 1) == 1:
        return True
    rules = strategy.get("evaluateOnExit") or [{}]
    last = rules[-1]
    return str(last.get("action", "")).upper() == "EXIT" and "*" in (last.get("onReason"), last.get("onStatusReason"))
