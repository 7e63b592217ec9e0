"""Exceptions from cdk-nag's rules. Each reason stands beside the resource that it is about."""

import json
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import Construct


def explain(about: Construct, rule: str, reason: str) -> None:
    """Accept a finding. `rule` is as cdk-nag prints it, with the finding in brackets if needed: `IAM5[Resource::*]`."""
    Validations.of(about).acknowledge(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))


def explain_managed(role: Construct, policy: str, reason: str) -> None:
    """Accept a policy that AWS maintains (IAM4)."""
    explain(role, f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{policy}]", reason)


def explain_wildcard(role: Construct, resource: str, reason: str) -> None:
    """Accept an ARN with a wildcard in a policy statement (IAM5)."""
    explain(role, f"IAM5[Resource::{_spelled(Stack.of(role).resolve(resource))}]", reason)


def _spelled(value: Any) -> str:
    """A resource in cdk-nag's spelling: `<Bucket.Arn>/jobs/*`."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_spelled(part) for part in parts)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
