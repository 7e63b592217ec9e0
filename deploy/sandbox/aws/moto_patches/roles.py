"""Corrections to moto's IAM and STS: policies that a template attaches to roles, and tokens as long as AWS's."""

import base64
import json
import secrets
from functools import cache
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, Role, iam_backends
from moto.sts import models as sts_models

_TOKEN_BYTES = 690


def install() -> None:
    """Call once per process, before the server answers."""
    create, delete = Role.create_from_cloudformation_json, Role.delete_from_cloudformation_json

    def create_with_managed(*given: Any, **named: Any) -> Role:
        role = create(*given, **named)
        role.policies = {name: _as_json(document) for name, document in role.policies.items()}
        for arn in given[1]["Properties"].get("ManagedPolicyArns", ()):
            managed_policy(role.account_id, arn).attach_to(role)
        return role

    def delete_with_managed(*given: Any, **named: Any) -> None:
        """As CloudFormation does: IAM deletes no role that has attached policies."""
        role = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].get_role(given[0])
        for policy in list(role.managed_policies.values()):
            policy.detach_from(role)
        delete(*given, **named)

    setattr(Role, "create_from_cloudformation_json", staticmethod(create_with_managed))  # noqa: B010  mypy's
    setattr(Role, "delete_from_cloudformation_json", staticmethod(delete_with_managed))  # noqa: B010  mypy's
    setattr(sts_models, "random_session_token", session_token)  # noqa: B010  mypy's


def _as_json(document: Any) -> str:
    """A role's inline policies are JSON, as GetRolePolicy answers with: moto keeps the template's objects."""
    return document if isinstance(document, str) else json.dumps(document)


def session_token() -> str:
    """Return a token of 920 characters: a role's have 700 to 1,100, and their size is not fixed.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    return base64.b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode()


def managed_policy(account: str, arn: str) -> Any:
    """Return a policy of AWS's, or of the account. Raises KeyError if there is none with this ARN."""
    backend = iam_backends[account]["aws"]
    if arn not in backend.managed_policies:
        # "arn:aws:iam::aws:policy/service-role/NAME":
        # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
        name = arn.rpartition("/")[2]
        backend.managed_policies[arn] = AWSManagedPolicy.from_data(name, account, "us-east-1", _documents()[name])
    return backend.managed_policies[arn]


@cache
def _documents() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return found
