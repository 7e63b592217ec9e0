"""What a role may do, by the policies that it has in the account at this moment: those of the deployed stack.

Inline and attached policies count alike: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends

from deploy.sandbox.aws.permissions.policy import Statement, allowing_statements, statements

NOT_EVALUATED = (
    "policies of resources (bucket, queue, secret)",
    "permissions boundaries and the policies of an organization",
    "services and conditions in trust policies: a job has the role of its definition, and the bot that of the stack",
    "`iam:PassRole` and the calls that CloudFormation makes for the person who deploys: that person may do everything",
    "what Batch's and EventBridge's own service roles do",
    "the agents of ECS and SSM on the machines; PutLogEvents of the log driver",
    "condition keys other than `aws:RequestTag`, `aws:ResourceTag` and `s3:prefix`: they count as missing",
    "`NotAction`, `NotResource` and most condition operators: with such a policy all calls are refused and say why",
)
"""What the stand-in cannot say, for docs/permissions.md."""


def role_policy(role_arn: str) -> list[Statement]:
    """Return the statements of the role's own and attached policies; none if there is no such role."""
    role = _role(role_arn)
    if role is None:
        return []
    documents = [*role.policies.values(), *(_document(each) for each in role.managed_policies.values())]
    return [statement for document in documents for statement in parsed(_text(document))]


def known(arn: str) -> bool:
    """True unless it is a role that does not exist, for example because its path is missing in the ARN."""
    return ":role/" not in arn or _role(arn) is not None


def trusts(role_arn: str, caller_arn: str) -> bool:
    """Tell whether a role's trust policy names the caller's role, or its account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    role = _role(role_arn)
    document = json.loads(_text(role.assume_role_policy_document)) if role is not None else {}
    named: set[str] = set()
    for each in document.get("Statement", ()):
        principals = each["Principal"].get("AWS", ()) if isinstance(each.get("Principal"), dict) else ()
        if each["Effect"] == "Allow" and "Condition" not in each:
            named |= {principals} if isinstance(principals, str) else set(principals)
    account = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:root"
    return bool(named & {caller_arn, account, DEFAULT_ACCOUNT_ID})


def decision(policy: Sequence[Statement], action: str, resource: str, context: Mapping[str, str]) -> str:
    """`allowed`, `explicitDeny` or `implicitDeny`, as IAM's policy simulator calls them."""
    if allowing_statements(policy, action, resource, context):
        return "allowed"
    denied = any(each.effect == "Deny" and each.fits(action, resource, context) for each in policy)
    return "explicitDeny" if denied else "implicitDeny"


def _document(policy: Any) -> Any:
    return next(each.document for each in policy.versions if each.is_default)


def _text(document: Any) -> str:
    """Of a template's policies moto keeps the objects, of others the JSON."""
    return document if isinstance(document, str) else json.dumps(document)


def _role(arn: str) -> Any:
    return next((each for each in iam_backends[DEFAULT_ACCOUNT_ID]["aws"].roles.values() if each.arn == arn), None)


@lru_cache(maxsize=256)
def parsed(document: str) -> tuple[Statement, ...]:
    """Parse a policy, once: a role's policies are read for each of its calls, but seldom change."""
    return tuple(statements(json.loads(document)))
