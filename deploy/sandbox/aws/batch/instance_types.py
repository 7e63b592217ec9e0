"""The instance types that Batch takes in a region: those of moto's recording of what EC2 offers there.

moto/ec2/resources/instance_type_offerings holds the answers of DescribeInstanceTypeOfferings by region.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.jobs import JobSpec

_ANY = ("optimal", "default_x86_64", "default_arm64")
"""https://docs.aws.amazon.com/batch/latest/userguide/instance-type-compute-table.html"""
_BURSTABLE = ("t1", "t2", "t3", "t3a", "t4g")
"""Batch refuses them, although EC2 offers them: https://github.com/opensupplyhub/open-supply-hub/pull/1058"""
_GRAVITON_FAMILY = ("a1",)


@cache
def accepted(region: str) -> tuple[str, ...]:
    """Types, and families such as g5."""
    offered = INSTANCE_TYPE_OFFERINGS["region"].get(region, ())
    types = {str(each["InstanceType"]) for each in offered if _family(each["InstanceType"]) not in _BURSTABLE}
    return (*_ANY, *sorted(types | {_family(name) for name in types}))


def check(region: str, types: Iterable[str]) -> None:
    """Raises RefusedError in the words of https://github.com/aws/amazon-genomics-cli/issues/209 and
    https://github.com/aws/aws-cdk/issues/31148."""
    named = list(types)
    if not set(named) <= set(accepted(region)):
        raise RefusedError(f"Instance type can only be one of [{', '.join(accepted(region))}]")
    if len({_is_arm(name) for name in named}) > 1:
        raise RefusedError("arm-based instance type cannot be used with other instance types.")


def has_machine(environment: Any, spec: JobSpec) -> bool:
    """Whether one type of the compute environment has the vCPUs, memory and GPUs that a job asks for.

    A machine never has all of its memory for jobs, because its system takes a share:
    https://docs.aws.amazon.com/batch/latest/userguide/memory-management.html
    """
    named = (environment.compute_resources or {}).get("instanceTypes") or ()
    types = [name for each in named for name in ([each] if "." in each else _of_family(each))]
    known = [INSTANCE_TYPES[name] for name in types if name in INSTANCE_TYPES]
    if len(known) < len(types) or not types:
        return True  # "optimal", or a type that moto does not describe
    return any(_suffices(machine, spec) for machine in known)


def _suffices(machine: Mapping[str, Any], spec: JobSpec) -> bool:
    gpus = sum(int(each["Count"]) for each in machine.get("GpuInfo", {}).get("Gpus", ()))
    return (
        spec.vcpus <= machine["VCpuInfo"]["DefaultVCpus"]
        and spec.memory < machine["MemoryInfo"]["SizeInMiB"]
        and spec.gpus <= gpus
    )


def _of_family(family: str) -> list[str]:
    return [name for name in INSTANCE_TYPES if _family(name) == family] or [family]


def _family(name: str) -> str:
    return name.partition(".")[0]


def _is_arm(name: str) -> bool:
    """Graviton's families have a g behind the generation: m7g, c6gn, t4g; g5g too."""
    letters = _family(name).lstrip("abcdefghijklmnopqrstuvwxyz-").lstrip("0123456789")
    return name == "default_arm64" or _family(name) in _GRAVITON_FAMILY or letters.startswith("g")
