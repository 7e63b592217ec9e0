"""Read a job queue, its compute environments and a job definition from AWS Batch.

https://docs.aws.amazon.com/batch/latest/APIReference/API_Operations.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.errors import Missing

Json = Mapping[str, Any]


async def describe_queue(batch: Client, name: str, region: str) -> Json:
    """Raises `Missing` if there is no such queue."""
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


def instance_types(environments: Sequence[Json]) -> list[str]:
    """The machines that the environments may start, each once, in order."""
    resources = [environment.get("computeResources", {}) for environment in environments]
    return list(dict.fromkeys(name for each in resources for name in each.get("instanceTypes", ())))


async def describe_definition(batch: Client, definition: str, region: str) -> Json:
    """The active revision that `name:revision` names, else the newest. Raises `Missing` if there is none."""
    name, _, revision = definition.partition(":")
    with calling(f"Describing the job definition {definition}"):
        answer = await batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")
    found = [each for each in answer["jobDefinitions"] if not revision or str(each["revision"]) == revision]
    if not found:
        raise Missing(f"There is no active job definition {definition} in {region}.")
    newest: Json = max(found, key=lambda definition: definition["revision"])
    return newest


def image_of(definition: Json) -> str:
    """Empty if the definition describes no single container."""
    return str((definition.get("containerProperties") or {}).get("image", ""))


def gpus_of(definition: Json) -> int:
    needs = (definition.get("containerProperties") or {}).get("resourceRequirements") or ()
    return next((int(need["value"]) for need in needs if need["type"] == "GPU"), 0)


def vcpus_of(definition: Json) -> float:
    """0 if the definition leaves vCPUs to the job, or describes more than one container."""
    container = definition.get("containerProperties") or {}
    needs = container.get("resourceRequirements") or ()
    old_style = float(container.get("vcpus") or 0)
    return next((float(need["value"]) for need in needs if need["type"] == "VCPU"), old_style)


def memory_of(definition: Json) -> int:
    """In MiB; 0 if the definition leaves memory to the job, or describes more than one container."""
    return memory_in(definition.get("containerProperties") or {})


def memory_in(container: Json) -> int:
    """The same of a job's own container. API_ResourceRequirement, `MEMORY`: "The memory hard limit (in MiB) present to
    the container."; `memory` is its older form."""
    needs = container.get("resourceRequirements") or ()
    old_style = int(container.get("memory") or 0)
    return next((int(need["value"]) for need in needs if need["type"] == "MEMORY"), old_style)


def attempts_of(definition: Json) -> int:
    """`attempts`: "You can specify between 1 and 10 attempts"; 1 without a strategy. (API_RetryStrategy)"""
    return int((definition.get("retryStrategy") or {}).get("attempts") or 1)
