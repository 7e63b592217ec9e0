"""A project's job queue with its compute environments, and its job definition."""

from collections.abc import Mapping
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.domain.project import Project
from bot.errors import Missing
from bot.services.running.doctor import Check, Finding

Json = Mapping[str, Any]


def queue_check(batch: Client, project: Project, region: str) -> Check:
    """Valid and enabled, and so is each compute environment; one of them is large enough for one job."""
    subject = f"queue {project.queue}"

    async def look() -> Finding:
        queue = await describe_queue(batch, project.queue, region)
        environments = await describe_environments(batch, queue)
        for kind, each in [("queue", queue), *(("compute environment", e) for e in environments)]:
            if wrong := _not_usable(kind, each):
                return Finding.bad(subject, wrong, "Enable it in AWS Batch, or mend what its status reason says.")
        most = sum(int(e.get("computeResources", {}).get("maxvCpus", 0)) for e in environments)
        plural = "s" if len(environments) > 1 else ""
        return Finding(
            subject, f"enabled and valid, {len(environments)} compute environment{plural}, at most {most} vCPUs"
        )

    return Check(subject, look, f"Check projects.{project.name}.queue.")


def definition_check(batch: Client, project: Project, region: str) -> Check:
    """Active, logging where the config says, and retried for nothing but the loss of a host."""
    subject = f"job definition {project.definition}"
    key = f"projects.{project.name}"

    async def look() -> Finding:
        definition = await describe_definition(batch, project.definition, region)
        group = _log_group(definition)
        if group != project.log_group:
            found = f"it logs to {group}, the config says {project.log_group}"
            return Finding.bad(subject, found, f'Set {key}.log_group to "{group}".')
        if not _ends_with_exit(definition):
            found = "a training script that fails would be run again: no rule catches all exits"
            mend = 'End its retryStrategy.evaluateOnExit with {"onReason": "*", "action": "EXIT"}.'
            return Finding.bad(subject, found, mend)
        if not definition["containerProperties"].get("jobRoleArn"):
            found = "its jobs have no role of their own, and may do what their machine may"
            return Finding.note(subject, found, "Give it a jobRoleArn that can write jobs/* of the bucket.")
        return Finding(subject, f"revision {definition['revision']}, image {image_of(definition)}")

    return Check(subject, look, f"Check {key}.job_definition.")


async def describe_queue(batch: Client, name: str, region: str) -> Json:
    """Raises Missing."""
    with calling(f"Describing the queue {name}"):
        queues: list[Json] = (await batch.describe_job_queues(jobQueues=[name]))["jobQueues"]
    if not queues:
        raise Missing(f"There is no job queue {name} in {region}.")
    return queues[0]


async def describe_environments(batch: Client, queue: Json) -> list[Json]:
    names = [order["computeEnvironment"] for order in queue["computeEnvironmentOrder"]]
    with calling("Describing the compute environments"):
        answer = await batch.describe_compute_environments(computeEnvironments=names)
        return list(answer["computeEnvironments"])


async def describe_definition(batch: Client, definition: str, region: str) -> Json:
    """The newest active revision, or the one that `name:revision` names. Raises Missing."""
    name, _, revision = definition.partition(":")
    with calling(f"Describing the job definition {definition}"):
        answer = await batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")
    found = [d for d in answer["jobDefinitions"] if not revision or str(d["revision"]) == revision]
    if not found:
        raise Missing(f"There is no active job definition {definition} in {region}.")
    newest: Json = max(found, key=lambda each: each["revision"])
    return newest


def image_of(definition: Json) -> str:
    return str(definition["containerProperties"]["image"])


def vcpus_of(definition: Json) -> float:
    """0 where the definition leaves it to the job, or is not of one container."""
    container = definition.get("containerProperties") or {}
    needs = container.get("resourceRequirements") or ()
    old_style = float(container.get("vcpus") or 0)
    return next((float(need["value"]) for need in needs if need["type"] == "VCPU"), old_style)


def _not_usable(kind: str, detail: Json) -> str:
    """Why a queue or a compute environment takes no jobs; empty where it does."""
    state, status = detail.get("state", ""), detail.get("status", "")
    if (state, status) == ("ENABLED", "VALID"):
        return ""
    name = detail.get("jobQueueName") or detail.get("computeEnvironmentName")
    reason = f": {detail['statusReason']}" if detail.get("statusReason") else ""
    return f"{kind} {name} is {state}, {status}{reason}"


def _log_group(definition: Json) -> str:
    options = definition["containerProperties"].get("logConfiguration", {}).get("options", {})
    return str(options.get("awslogs-group", "/aws/batch/job"))


def _ends_with_exit(definition: Json) -> bool:
    """An exit that matches no rule is retried, unless there is one attempt alone."""
    strategy = definition.get("retryStrategy") or {}
    if strategy.get("attempts", 1) == 1:
        return True
    rules = strategy.get("evaluateOnExit") or [{}]
    last = rules[-1]
    return str(last.get("action", "")).upper() == "EXIT" and "*" in (last.get("onReason"), last.get("onStatusReason"))
