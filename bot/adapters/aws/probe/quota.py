"""How many vCPUs of each kind of machine the account may run at once. A new account may run no GPU machines.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.queue_queries import (
    describe_definition,
    describe_environments,
    describe_queue,
    vcpus_of,
    wants_gpu,
)
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.services.running.doctor import Check, Finding, Level

SMALLEST_GPU_MACHINE = 4
"""vCPUs of a g4dn.xlarge or g5.xlarge. A smaller quota starts nothing."""
_GPU, _STANDARD = "G and VT", "standard"
_FAMILIES = {
    _GPU: re.compile(r"(g|vt)\d"),
    # "Standard (A, C, D, H, I, M, R, T, Z)"; Im4gn and Is4gen are storage optimized, as I is. Batch's "optimal" and
    # "default_x86_64" are C, M and R: https://docs.aws.amazon.com/batch/latest/userguide/instance-type-compute-table.html
    _STANDARD: re.compile(r"(a|c|d|h|i|im|is|m|r|t|z)\d|optimal$|default_"),
}
_SIZE = re.compile(r"\.(?:(\d*)x)?(large)$")


class Quota(NamedTuple):
    code: str
    name: str


QUOTAS = {
    ("EC2", _GPU): Quota("L-DB2E81BA", "Running On-Demand G and VT instances"),
    ("SPOT", _GPU): Quota("L-3819A6DF", "All G and VT Spot Instance Requests"),
    ("EC2", _STANDARD): Quota("L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"),
    ("SPOT", _STANDARD): Quota("L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests"),
}
"""Keyed by the type of the compute environment and the group of its machines."""


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
    subject = f"quota for {project.queue}"

    async def look() -> Finding:
        environments = await describe_environments(batch, await describe_queue(batch, project.queue, region))
        kinds, unknown = _kinds(environments)
        if not kinds:
            known = ", ".join(unknown) or "no machines"
            return Finding(subject, f"not checked: the doctor knows no quota for {known}")
        definition = await describe_definition(batch, project.job_definition, region)
        requested = vcpus_of(definition)
        if wants_gpu(definition) and any(group == _GPU for _, group in kinds):
            kinds = {kind: types for kind, types in kinds.items() if kind[1] == _GPU}
        allowed = [
            Allowed(QUOTAS[kind], await _allowed(quotas, QUOTAS[kind]), _needed(kind[1], types, requested))
            for kind, types in kinds.items()
        ]
        return _quota_finding(subject, allowed, region)

    # Jobs start without this service, or without permission to call it.
    return Check(subject, look, "", note_on=(ServiceError,))


def _kinds(environments: Sequence[Mapping[str, Any]]) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    """The types of the environments by quota, in order, and the types without a known quota."""
    kinds: dict[tuple[str, str], list[str]] = {}
    unknown: list[str] = []
    for environment in environments:
        resources = environment.get("computeResources", {})
        for name in resources.get("instanceTypes", ()):
            group = next((group for group, pattern in _FAMILIES.items() if pattern.match(name)), "")
            if (resources["type"], group) in QUOTAS:
                kinds.setdefault((resources["type"], group), []).append(name)
            else:
                unknown.append(name)
    return kinds, unknown


def _needed(group: str, types: Sequence[str], requested: float) -> float:
    """The vCPUs of the smallest of these machines that takes the job."""
    sizes = [size for size in map(_vcpus, types) if size]
    least = SMALLEST_GPU_MACHINE if group == _GPU else 1
    if len(sizes) < len(types):  # a whole family, of which Batch chooses a size
        return max(least, requested)
    return min((size for size in sizes if size >= requested), default=max(least, requested))


def _vcpus(name: str) -> float:
    """2 for a large, 4 for an xlarge, 4n for an nxlarge; 0 if the name does not say.

    https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html
    """
    match = _SIZE.search(name)
    if match is None:
        return 0
    return 2 if match[1] is None else 4 * int(match[1] or 1)


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
    advice = f"Request more from AWS: {requests}. This takes minutes to days. A new account has 0 for G and VT."
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
