"""How many vCPUs of each kind of machine the account may run at once. A new account may run no GPU machines.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html; codes and defaults:
https://docs.aws.amazon.com/general/latest/gr/ec2-service.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.machine_sizes import vcpus
from bot.adapters.aws.queue_queries import (
    describe_definition,
    describe_environments,
    describe_queue,
    gpus_of,
    vcpus_of,
)
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.services.running.doctor import Check, Finding, Level

SMALLEST_GPU_MACHINE = 4
"""vCPUs of a g4dn.xlarge or g5.xlarge. A smaller quota starts nothing."""
_G, _STANDARD = re.compile(r"(g|gr|vt)\d"), re.compile(r"(a|c|d|h|i|im|is|m|r|t|z)\d|optimal$|default_")
"""Im4gn and Is4gen are storage optimized, as I is. Batch's "optimal" and "default_x86_64" are C, M and R:

https://docs.aws.amazon.com/batch/latest/userguide/instance-type-compute-table.html
"""


class Quota(NamedTuple):
    """`default` is what an account has that never asked for more."""

    code: str
    name: str
    default: int = 0


_ON_DEMAND_P = Quota("L-417A185B", "Running On-Demand P instances")
QUOTAS = (
    ("EC2", _G, Quota("L-DB2E81BA", "Running On-Demand G and VT instances")),
    ("SPOT", _G, Quota("L-3819A6DF", "All G and VT Spot Instance Requests")),
    ("EC2", re.compile(r"p\d"), _ON_DEMAND_P),
    ("SPOT", re.compile(r"p[234]"), Quota("L-7212CCBC", "All P4, P3 and P2 Spot Instance Requests")),
    ("SPOT", re.compile(r"p5"), Quota("L-C4BD4855", "All P5 Spot Instance Requests")),
    ("EC2", _STANDARD, Quota("L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5)),
    (
        "SPOT",
        _STANDARD,
        Quota("L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 5),
    ),
)
"""By the type of the compute environment and the beginning of the machine's type."""


class Allowed(NamedTuple):
    """What a quota allows, and the vCPUs of the smallest machine under it that a job fits on."""

    quota: Quota
    vcpus: float
    needed: float

    @property
    def short(self) -> bool:
        return self.vcpus < self.needed


def quota_check(batch: Client, quotas: Client, project: Project, region: str) -> Check:
    """Check the quota of each kind of machine that the project's queue can start."""
    subject = f"quota for {project.queue}{project.of_machine}"

    async def look() -> Finding:
        environments = await describe_environments(batch, await describe_queue(batch, project.queue, region))
        kinds, unknown = _kinds(environments)
        if not kinds:
            known = ", ".join(unknown) or "no machines"
            return Finding(subject, f"not checked: the doctor knows no quota for {known}")
        definition = await describe_definition(batch, project.job_definition, region)
        requested = project.resources.vcpus or vcpus_of(definition)
        if (project.resources.gpus or gpus_of(definition)) and not all(map(_is_standard, kinds)):
            kinds = {quota: types for quota, types in kinds.items() if not _is_standard(quota)}
        allowed = [
            Allowed(quota, await _allowed(quotas, quota), _needed(quota, types, requested))
            for quota, types in kinds.items()
        ]
        return _quota_finding(subject, allowed, region)

    # Jobs start without this service, or without permission to call it.
    return Check(subject, look, "", note_on=(ServiceError,))


def _kinds(environments: Sequence[Mapping[str, Any]]) -> tuple[dict[Quota, list[str]], list[str]]:
    """The types of the environments by quota, in order, and the types without a known quota."""
    kinds: dict[Quota, list[str]] = {}
    unknown: list[str] = []
    for environment in environments:
        resources = environment.get("computeResources", {})
        for name in resources.get("instanceTypes", ()):
            quota = next((q for kind, known, q in QUOTAS if kind == resources["type"] and known.match(name)), None)
            (unknown if quota is None else kinds.setdefault(quota, [])).append(name)
    return kinds, unknown


def _is_standard(quota: Quota) -> bool:
    return "Standard" in quota.name


def _needed(quota: Quota, types: Sequence[str], requested: float) -> float:
    """The vCPUs of the smallest of these machines that takes the job."""
    sizes = [size for size in map(vcpus, types) if size]
    least = 1 if _is_standard(quota) else SMALLEST_GPU_MACHINE
    if len(sizes) < len(types):  # a whole family, of which Batch chooses a size
        return max(least, requested)
    return min((size for size in sizes if size >= requested), default=max(least, requested))


async def _allowed(quotas: Client, quota: Quota) -> float:
    with calling(f'Reading the quota {quota.code} "{quota.name}"'):
        answer = await quotas.get_service_quota(ServiceCode="ec2", QuotaCode=quota.code)
        return float(answer["Quota"]["Value"])


def _quota_finding(subject: str, allowed: Sequence[Allowed], region: str) -> Finding:
    """Bad if no job can start; a note if only some kinds of machine are unavailable."""
    found = "; ".join(f'{each.vcpus:g} vCPUs in "{each.quota.name}"' for each in allowed)
    short = [each for each in allowed if each.short]
    needed = " or ".join(f"{value:g}" for value in dict.fromkeys(each.needed for each in allowed))
    if not short:
        most = sum(int(each.vcpus // each.needed) for each in allowed)
        return Finding(subject, f"{found}; a job needs {needed}, so {most:,} at a time")
    requests = " and ".join(_request(each, region) for each in short)
    defaults = " and ".join(f"{value}" for value in dict.fromkeys(each.quota.default for each in short))
    advice = f"Request more from AWS: {requests}. This takes minutes to days. A new account has {defaults}."
    level = Level.BAD if len(short) == len(allowed) else Level.NOTE
    return Finding(subject, f"{found}, but a job needs {needed}", advice, level)


def _request(each: Allowed, region: str) -> str:
    """The command for two machines at a time, and the page of the console."""
    code = each.quota.code
    return (
        f"`aws service-quotas request-service-quota-increase --service-code ec2 --quota-code {code} "
        f"--desired-value {max(2 * each.needed, 8):g} --region {region}` "
        f"(https://{region}.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/{code})"
    )
