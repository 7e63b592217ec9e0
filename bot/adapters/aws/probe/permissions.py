"""Whether the bot may submit, tag and end jobs: calls that the doctor cannot try, so it asks IAM's policy simulator.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.services.jobs.submit_call import BOT_TAG
from bot.services.running.doctor import Check, Finding

_CALLER = re.compile(r"arn:([\w-]+):(?:sts|iam)::(\d+):([\w-]+)(?:/(.+))?")
_ADVICE = "Deploy the stack again with `python -m deploy.aws.up --config config.toml`, or allow it in your policy."


class Caller(NamedTuple):
    """Who calls AWS, of an ARN by GetCallerIdentity: a role's session, a user, or the account's root user."""

    arn: str
    partition: str
    account: str
    kind: str
    name: str


def permission_check(sts: Client, iam: Client, project: Project, bot: str, region: str) -> Check:
    """Check what a job of the project needs. A note if the doctor may not ask."""
    subject = f"permissions for {project.queue}"

    async def look() -> Finding:
        with calling("Checking the AWS credentials"):
            caller = _caller((await sts.get_caller_identity())["Arn"])
        if caller.kind == "root":
            return Finding(subject, "the account's root user may do everything")
        needed = list(_needed(caller, project, region))
        decided = await _decisions(iam, caller, needed, bot)
        refused = [each for each in needed if decided.get(each) != "allowed"]
        if not refused:
            return Finding(subject, f"{caller.name} may submit, tag and end jobs")
        which = ", ".join(f"{action} on {resource}" for action, resource in refused)
        return Finding.bad(subject, f"{caller.name} may not {which}: AWS Batch takes no job, or ends none", _ADVICE)

    # The bot works without the permission to ask.
    return Check(subject, look, "", note_on=(ServiceError,))


def _caller(arn: str) -> Caller:
    match = _CALLER.fullmatch(arn)
    if not match:
        raise ValueError(f"no caller's ARN: {arn}")
    partition, account, kind, path = match.groups(default="")
    # "assumed-role/NAME/SESSION", "user/PATH/NAME": IAM user guide, reference_identifiers.
    name = path.partition("/")[0] if kind == "assumed-role" else path.rpartition("/")[2]
    source = f"arn:{partition}:iam::{account}:role/{name}" if kind == "assumed-role" else arn
    return Caller(source, partition, account, kind, name)


def _needed(caller: Caller, project: Project, region: str) -> Iterator[tuple[str, str]]:
    """The permissions, each an action and a resource.

    SubmitJob with tags needs TagResource on the same resources: https://github.com/wri/gfw-data-api/pull/175.
    """

    def arn(kind: str, name: str) -> str:
        return (
            name if name.startswith("arn:") else f"arn:{caller.partition}:batch:{region}:{caller.account}:{kind}/{name}"
        )

    queues = [arn("job-queue", queue) for queue in sorted(project.queues)]
    for resource in (*queues, arn("job-definition", project.job_definition)):
        yield "batch:SubmitJob", resource
        yield "batch:TagResource", resource
    yield "batch:TerminateJob", arn("job", "signalbox-doctor")


async def _decisions(
    iam: Client, caller: Caller, needed: list[tuple[str, str]], bot: str
) -> Mapping[tuple[str, str], str]:
    """Ask about all actions and resources at once. "You can simulate resources that don't exist in your account." """
    asked: dict[str, Any] = {
        "ActionNames": sorted({action for action, _ in needed}),
        "ResourceArns": sorted({resource for _, resource in needed}),
        "ContextEntries": [
            {"ContextKeyName": f"aws:{key}/{BOT_TAG}", "ContextKeyValues": [bot], "ContextKeyType": "string"}
            for key in ("RequestTag", "ResourceTag")
        ],
    }
    with calling("Asking IAM for the bot's permissions"):
        try:
            answer = await iam.simulate_principal_policy(PolicySourceArn=caller.arn, **asked)
        except iam.exceptions.NoSuchEntityException:
            # The path of a role, as of IAM Identity Center's roles, is not in the ARN of its sessions.
            role = (await iam.get_role(RoleName=caller.name))["Role"]["Arn"]
            answer = await iam.simulate_principal_policy(PolicySourceArn=role, **asked)
        return dict(_by_resource(answer))


def _by_resource(answer: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """Read the decision on each resource.

    "The simulator now returns a single EvaluationResult per action", whose own decision is that of all resources:
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
    """
    for result in answer["EvaluationResults"]:
        action = result["EvalActionName"]
        for each in result.get("ResourceSpecificResults") or ():
            yield (action, each["EvalResourceName"]), each["EvalResourceDecision"]
        if not result.get("ResourceSpecificResults"):
            yield (action, result.get("EvalResourceName", "*")), result["EvalDecision"]
