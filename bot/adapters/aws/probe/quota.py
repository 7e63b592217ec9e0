"""How many vCPUs of GPU machines the account may run at once. A new account may run none.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.queue_queries import describe_definition, describe_environments, describe_queue, vcpus_of
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.services.running.doctor import Check, Finding, Level

SMALLEST_MACHINE = 4
"""vCPUs of a g4dn.xlarge or g5.xlarge. A smaller quota starts nothing."""
_G_OR_VT = re.compile(r"(g|vt)\d")


class Quota(NamedTuple):
    code: str
    name: str


QUOTAS = {
    "EC2": Quota("L-DB2E81BA", "Running On-Demand G and VT instances"),
    "SPOT": Quota("L-3819A6DF", "All G and VT Spot Instance Requests"),
}
"""Keyed by the type of the compute environment."""


def quota_check(batch: Client, quotas: Client, project: Project, region: str) -> Check:
    """Check the quota of each kind of G and VT machine that the project's queue can start."""
    subject = f"GPU quota for {project.queue}"

    async def look() -> Finding:
        environments = await describe_environments(batch, await describe_queue(batch, project.queue, region))
        kinds = _kinds(environments)
        if not kinds:
            return Finding(subject, "not needed: no G or VT machines in its compute environments")
        requested = vcpus_of(await describe_definition(batch, project.job_definition, region))
        allowed = {kind: await _allowed(quotas, kind) for kind in kinds}
        return _quota_finding(subject, allowed, max(SMALLEST_MACHINE, requested), region)

    # Jobs start without this service, or without permission to call it.
    return Check(subject, look, "", note_on=(ServiceError,))


def _kinds(environments: Sequence[Mapping[str, Any]]) -> list[str]:
    """The types of the environments that can start G or VT machines, in order."""
    resources = [environment.get("computeResources", {}) for environment in environments]
    with_gpu = [r for r in resources if any(_G_OR_VT.match(name) for name in r.get("instanceTypes", ()))]
    return list(dict.fromkeys(r["type"] for r in with_gpu if r["type"] in QUOTAS))


async def _allowed(quotas: Client, kind: str) -> float:
    quota = QUOTAS[kind]
    with calling(f'Reading the quota {quota.code} "{quota.name}"'):
        answer = await quotas.get_service_quota(ServiceCode="ec2", QuotaCode=quota.code)
        return float(answer["Quota"]["Value"])


def _quota_finding(subject: str, allowed: Mapping[str, float], needed: float, region: str) -> Finding:
    """Bad if no job can start; a note if only some kinds of machine are unavailable."""
    found = "; ".join(f'{value:g} vCPUs in "{QUOTAS[kind].name}"' for kind, value in allowed.items())
    short = [kind for kind, value in allowed.items() if value < needed]
    if not short:
        return Finding(subject, f"{found}; a job needs {needed:g}")
    requests = " and ".join(
        f"`aws service-quotas request-service-quota-increase --service-code ec2 --quota-code {QUOTAS[kind].code} "
        f"--desired-value {max(2 * needed, 8):g} --region {region}`"
        for kind in short
    )
    advice = f"Request more from AWS: {requests}. This takes minutes to days. A new account has 0."
    level = Level.BAD if len(short) == len(allowed) else Level.NOTE
    return Finding(subject, f"{found}, but a job needs {needed:g}", advice, level)
