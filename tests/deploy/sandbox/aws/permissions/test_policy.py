from typing import Any

import pytest

from deploy.sandbox.aws.permissions.policy import UnknownPolicyError, allowing_statements, statements

OWN_TAG = {"StringEquals": {"aws:RequestTag/bot": "signalbox"}}
PREFIX = {"StringLikeIfExists": {"s3:prefix": ["jobs/*", "data/*"]}}


def _allowed(
    statement: dict[str, Any], action: str, resource: str, more: tuple[dict[str, Any], ...] = (), **context: str
) -> bool:
    document = {"Statement": [{"Effect": "Allow", **statement}, *more]}
    given = {key.replace("__", "/").replace("_", ":", 1): value for key, value in context.items()}
    return bool(allowing_statements(statements(document), action, resource, given))


@pytest.mark.parametrize(
    ("pattern", "action", "allowed"),
    [
        ("s3:GetObject", "s3:GetObject", True),
        ("s3:getobject", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObject", True),
        ("s3:GetObjec?", "s3:GetObject", True),
        ("*", "s3:GetObject", True),
        ("s3:GetObject", "s3:GetObjectAcl", False),
        ("s3:GetObjectAcl", "s3:GetObject", False),
        ("s3.GetObject", "s3:GetObject", False),
    ],
)
def test_actions(pattern: str, action: str, allowed: bool) -> None:
    assert _allowed({"Action": pattern, "Resource": "*"}, action, "arn:x") is allowed


@pytest.mark.parametrize(
    ("pattern", "resource", "allowed"),
    [
        ("arn:aws:s3:::b/jobs/*", "arn:aws:s3:::b/jobs/k7/model.pt", True),
        ("arn:aws:s3:::b/jobs/*", "arn:aws:s3:::b/data/x", False),
        ("arn:aws:s3:::b/jobs/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b/jobs/*", "arn:aws:s3:::B/jobs/x", False),
        (["arn:a", "arn:b"], "arn:b", True),
    ],
)
def test_resources(pattern: Any, resource: str, allowed: bool) -> None:
    assert _allowed({"Action": "s3:GetObject", "Resource": pattern}, "s3:GetObject", resource) is allowed


@pytest.mark.parametrize(
    ("condition", "context", "allowed"),
    [
        (OWN_TAG, {"aws_RequestTag__bot": "signalbox"}, True),
        (OWN_TAG, {"aws_RequestTag__bot": "other"}, False),
        (OWN_TAG, {}, False),
        (PREFIX, {"s3_prefix": "jobs/k7/"}, True),
        (PREFIX, {"s3_prefix": "secret/"}, False),
        (PREFIX, {}, True),
        ({**OWN_TAG, **PREFIX}, {"aws_RequestTag__bot": "signalbox", "s3_prefix": "x"}, False),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, str], allowed: bool) -> None:
    statement = {"Action": "a:B", "Resource": "*", "Condition": condition}
    assert _allowed(statement, "a:B", "arn:x", **context) is allowed


def test_a_deny_overrides_every_allow() -> None:
    deny = ({"Effect": "Deny", "Action": "a:*", "Resource": "arn:secret"},)
    statement = {"Action": "a:B", "Resource": "*"}
    assert _allowed(statement, "a:B", "arn:x", deny)
    assert not _allowed(statement, "a:B", "arn:secret", deny)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ({"NotAction": "a:B", "Resource": "*"}, "NotAction"),
        ({"Action": "a:B", "Resource": "*", "Condition": {"DateLessThan": {"k": "v"}}}, "DateLessThan"),
    ],
)
def test_unknown_policy_elements_are_refused(statement: dict[str, Any], said: str) -> None:
    with pytest.raises(UnknownPolicyError, match=said):
        _allowed(statement, "a:B", "arn:x")
