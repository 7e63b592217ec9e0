"""A named choice of where a project's jobs run, and what they ask for there."""

from dataclasses import dataclass, replace

MACHINE = "machine"
"""The option's name."""
DEFAULT = "default"
"""Stands for the project's own queue, where a machine is asked for."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What a job asks for in place of what the job definition says. 0 leaves that as it is."""

    vcpus: int = 0
    memory_mib: int = 0
    gpus: int = 0

    def with_memory(self, memory_mib: int) -> "Resources":
        """With this memory in place of its own; 0 leaves that."""
        return replace(self, memory_mib=memory_mib) if memory_mib else self

    @property
    def requirements(self) -> list[dict[str, str]]:
        """As AWS Batch writes them: https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html"""
        values = {"VCPU": self.vcpus, "MEMORY": self.memory_mib, "GPU": self.gpus}
        return [{"type": kind, "value": str(value)} for kind, value in values.items() if value]

    def __bool__(self) -> bool:
        return bool(self.vcpus or self.memory_mib or self.gpus)


NO_RESOURCES = Resources()


@dataclass(frozen=True, slots=True)
class Machine:
    """`[projects.<name>.machines.<machine>]`."""

    name: str
    queue: str
    resources: Resources = NO_RESOURCES
    usd_per_hour: float | None = None
    """As the project's own."""
    description: str = ""


def machine_text(machine: Machine) -> str:
    """`big: 8 vCPUs, 32 GiB, 1 GPU (queue gpu-large)`, or its description in place of the resources."""
    wanted = machine.resources
    parts = (
        f"{wanted.vcpus} vCPU{'s' if wanted.vcpus > 1 else ''}" if wanted.vcpus else "",
        f"{wanted.memory_mib / 1024:.4g} GiB" if wanted.memory_mib else "",
        f"{wanted.gpus} GPU{'s' if wanted.gpus > 1 else ''}" if wanted.gpus else "",
    )
    what = machine.description or ", ".join(filter(None, parts))
    return f"{machine.name}: {what} (queue {machine.queue})" if what else f"{machine.name} (queue {machine.queue})"
