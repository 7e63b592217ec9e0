"""Before a job starts, ECS pulls its image, reads its secrets and creates its log stream: with the job's own roles."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.aws_stand_in import PYTHON, Sandbox

pytestmark = pytest.mark.slow

ACCOUNT = "123456789012"
IMAGE = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/private:1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/start-role"
READ = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PULL = ["ecr:GetAuthorizationToken", *READ]


@pytest.fixture
def enforced(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A stand-in that enforces, with an execution role that has no permissions yet."""
    images = dict.fromkeys((PYTHON, IMAGE), (sys.executable, "-S", "-c"))
    sandbox.control("POST", "settings", {"enforce_permissions": True, "images": images})
    iam = sandbox.clients.iam
    iam.create_role(RoleName="start-role", AssumeRolePolicyDocument="{}")
    yield sandbox
    _allow(sandbox, "start-role")
    iam.delete_role_policy(RoleName="start-role", PolicyName="p")
    iam.delete_role(RoleName="start-role")


def _allow(sandbox: Sandbox, role: str, *actions: str) -> None:
    statement = {"Effect": "Allow", "Action": ["sts:GetCallerIdentity", *actions], "Resource": "*"}
    sandbox.clients.iam.put_role_policy(
        RoleName=role, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )


def _reason(sandbox: Sandbox, **container: Any) -> str:
    """Why a job with this definition does not start; empty if it does."""
    known = sandbox.batch.describe_job_definitions(jobDefinitionName=sandbox.resources.job_definition)
    properties = {**known["jobDefinitions"][-1]["containerProperties"], "image": PYTHON, **container}
    properties.pop("executionRoleArn") if not properties.get("executionRoleArn") else None
    sandbox.batch.register_job_definition(jobDefinitionName="starts", type="container", containerProperties=properties)
    job = sandbox.ended(sandbox.submit("print(1)", jobDefinition="starts"))
    return "" if job["status"] == "SUCCEEDED" else str(job["attempts"][0]["container"]["reason"])


def _refused(reason: str, action: str, session: str) -> bool:
    """Whether the reason is AWS's refusal of an action to a session of the role."""
    return (
        f"AccessDeniedException: User: arn:aws:sts::{ACCOUNT}:assumed-role/{session}" in reason
        and f" is not authorized to perform: {action} on resource: " in reason
        and reason.endswith(f"because no identity-based policy allows the {action} action")
    )


def test_the_execution_role_pulls_the_image(enforced: Sandbox) -> None:
    reason = _reason(enforced, image=IMAGE, executionRoleArn=ROLE)
    assert reason.startswith("CannotPullECRContainerError: ")
    assert _refused(reason, "ecr:GetAuthorizationToken", "start-role/")
    _allow(enforced, "start-role", *PULL[:-1], "logs:CreateLogStream")
    assert _refused(_reason(enforced, image=IMAGE, executionRoleArn=ROLE), PULL[-1], "start-role/")
    _allow(enforced, "start-role", *PULL, "logs:CreateLogStream")
    assert _reason(enforced, image=IMAGE, executionRoleArn=ROLE) == ""


def test_the_execution_role_creates_the_log_stream(enforced: Sandbox) -> None:
    reason = _reason(enforced, executionRoleArn=ROLE)
    assert reason.startswith(
        "CannotStartContainerError: Error response from daemon: failed to initialize logging driver:"
    )
    assert _refused(reason, "logs:CreateLogStream", "start-role/")


def test_the_execution_role_reads_the_secrets(enforced: Sandbox) -> None:
    secret = enforced.clients.secretsmanager.create_secret(Name="start-secret", SecretString="s")["ARN"]
    variables = {"secrets": [{"name": "S", "valueFrom": secret}], "executionRoleArn": ROLE}
    _allow(enforced, "start-role", "logs:CreateLogStream")
    reason = _reason(enforced, **variables)
    assert reason.startswith("ResourceInitializationError: unable to pull secrets or registry auth")
    assert _refused(reason, "secretsmanager:GetSecretValue", "start-role/")
    _allow(enforced, "start-role", "logs:CreateLogStream", "secretsmanager:GetSecretValue")
    assert _reason(enforced, **variables) == ""


def test_without_an_execution_role_the_machine_s_role_does_it(enforced: Sandbox) -> None:
    _allow(enforced, "test-instance")
    reason = _reason(enforced, executionRoleArn="")
    assert _refused(reason, "logs:CreateLogStream", "test-instance/i-")
    _allow(enforced, "test-instance", "logs:*")
    assert _reason(enforced, executionRoleArn="") == ""
