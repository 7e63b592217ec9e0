"""What the account's plan and quotas let a compute environment start.

AWS names no reason for either in the job's statusReason as far as is documented, so the job stays RUNNABLE without one:
https://docs.aws.amazon.com/batch/latest/userguide/troubleshooting.html ("Jobs stuck in RUNNABLE status", EC2 limits).
Quotas are per kind of machine: https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html. They are
counted by environment here, because no two environments of the stack share one.
"""

import re
from typing import Any

from deploy.sandbox.aws.common.settings import LiveSettings
from deploy.sandbox.aws.moto_patches.free_tier import FREE_PLAN_TYPES

_CODES = (
    (re.compile(r"(g|gr|vt)\d"), {"SPOT": "L-3819A6DF", "EC2": "L-DB2E81BA"}),
    (re.compile(r"p[234]"), {"SPOT": "L-7212CCBC", "EC2": "L-417A185B"}),
    (re.compile(r"p5"), {"SPOT": "L-C4BD4855", "EC2": "L-417A185B"}),
    (re.compile(""), {"SPOT": "L-34B43A08", "EC2": "L-1216C47A"}),
)


def account_starts(settings: LiveSettings, environment: Any, vcpus: float) -> bool:
    """Whether the account may run `vcpus` of some type of the environment at once."""
    resources = environment.compute_resources or {}
    kind, types = resources.get("type", ""), resources.get("instanceTypes") or []
    if settings.now.account_plan == "FREE" and types:
        types = [name for name in types if name in FREE_PLAN_TYPES]
        if not types:
            return False
    codes = {next(codes for known, codes in _CODES if known.match(name)).get(kind) for name in types}
    return not types or any(code is None or settings.quota(code) >= vcpus for code in codes)
