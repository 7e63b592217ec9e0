"""cdk-nag's rules that we do not keep, each with its reason beside the resource that it is about."""

from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import Construct


def explain(about: Construct, rule: str, reason: str) -> None:
    """`rule` as cdk-nag prints it, with the finding in brackets where a rule has several: `IAM5[Resource::*]`."""
    Validations.of(about).acknowledge(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))


def explain_managed(role: Construct, policy: str, reason: str) -> None:
    """A policy that AWS maintains: IAM4."""
    explain(role, f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{policy}]", reason)


def explain_wildcard(role: Construct, resource: str, reason: str) -> None:
    """An ARN of a statement that stands for many: IAM5."""
    explain(role, f"IAM5[Resource::{_spelled(Stack.of(role).resolve(resource))}]", reason)


def _spelled(value: Any) -> str:
    """As cdk-nag spells it: `<Bucket.Arn>/jobs/*`."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_spelled(part) for part in parts)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
    return str(value)
