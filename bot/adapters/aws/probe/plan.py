"""Which plan the account is on. The Free plan starts only a few small machines.

Accounts made since 2025-07-15 chose a plan at sign-up:
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html. The call and its answer:
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_freetier_GetAccountPlanState.html
"""

from collections.abc import Collection, Sequence

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.queue_queries import describe_environments, describe_queue, instance_types
from bot.domain.project import Project
from bot.errors import Missing, ServiceError
from bot.services.running.doctor import Check, Finding

FREE_PLAN_TYPES = frozenset({"c7i-flex.large", "m7i-flex.large", "t3.micro", "t3.small", "t4g.micro", "t4g.small"})
"""`describe-instance-types --filters Name=free-tier-eligible,Values=true` on a Free plan; RunInstances refuses others.

https://github.com/aws-samples/eks-workshop-v2/issues/1644, https://github.com/splunk/attack_range/issues/1302
"""
_SUBJECT = "AWS plan"
_UPGRADE = (
    "Upgrade to the Paid plan: in the console under Billing and Cost Management, Free Tier, Upgrade plan, or with "
    "`aws freetier upgrade-account-plan --account-plan-type PAID`."
)


def plan_check(free_tier: Client, batch: Client, projects: Sequence[Project], region: str) -> Check:
    """Bad if the account's plan starts no machine of some project's queue."""

    async def look() -> Finding:
        try:
            with calling("Reading the account's plan"):
                state = await free_tier.get_account_plan_state()
        except Missing:
            return Finding(_SUBJECT, "none on record, as for accounts from before 2025-07-15: no limit on machines")
        if state["accountPlanType"] != "FREE":
            return Finding(_SUBJECT, "Paid plan: no limit on machines")
        if state["accountPlanStatus"] == "EXPIRED":
            return Finding.bad(_SUBJECT, "the Free plan has expired, so AWS starts no machines", _UPGRADE)
        queues = sorted(frozenset().union(*(project.queues for project in projects)))
        stuck = [queue for queue in queues if not await _starts_something(batch, queue, region)]
        only = f"the Free plan starts only {', '.join(sorted(FREE_PLAN_TYPES))}"
        if stuck:
            return Finding.bad(_SUBJECT, f"{only}: no machine of {', '.join(stuck)}", _UPGRADE)
        return Finding.note(_SUBJECT, f"{only}; each queue has one of these", _UPGRADE)

    # Jobs start without this service, or without permission to call it.
    return Check(_SUBJECT, look, "", note_on=(ServiceError,))


async def _starts_something(batch: Client, queue: str, region: str) -> bool:
    """Whether the Free plan starts a machine of the queue. True for a missing queue, which has its own check."""
    try:
        types: Collection[str] = instance_types(
            await describe_environments(batch, await describe_queue(batch, queue, region))
        )
    except Missing:
        return True
    return bool(FREE_PLAN_TYPES.intersection(types))
