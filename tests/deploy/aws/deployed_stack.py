"""A template in the AWS stand-in, and clients with the credentials of its roles."""

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from deploy.aws.outputs import Output
from deploy.aws.up import up
from deploy.sandbox.aws.common.role_credentials import address
from deploy.sandbox.aws.common.settings import REGION
from deploy.sandbox.aws.resources import Clients
from trainer.run.session import policy

Keys = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Deployed:
    endpoint: str
    stack: str
    bucket: str
    roles: Mapping[str, str]
    """ARNs by the beginning of their logical ids."""
    outputs: Mapping[str, str]

    @property
    def secrets(self) -> list[str]:
        found = (self.outputs[output].split(",") for output in (Output.GIT_TOKEN_SECRET, Output.JOB_SECRETS))
        return [name for names in found for name in names]

    def role_keys(self, role: str) -> Keys:
        with urllib.request.urlopen(address(self.endpoint, self.roles[role], "task")) as answer:
            return dict(json.load(answer))

    def training_keys(self, project: str, job: str) -> Keys:
        """As `trainer.run.session` takes them."""
        role = self.roles[f"{project.capitalize()}TrainingRole"]
        sts = self.client("sts", self.role_keys(f"{project.capitalize()}JobRole"))
        data = f"s3://{self.bucket}/data/{project}"
        given = json.dumps(policy(role, f"s3://{self.bucket}/{job}/", data))
        found = sts.assume_role(RoleArn=role, RoleSessionName="job", Policy=given, DurationSeconds=3600)["Credentials"]
        return {**found, "Token": found["SessionToken"]}

    def client(self, service: str, keys: Keys) -> Any:
        return boto3.client(
            service,
            REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["Token"],
            config=Config(retries={"total_max_attempts": 1}),
        )


def deploy(endpoint: str, stack: str, path: Path) -> Deployed:
    """Deploy the template at `path`."""
    clients = Clients(endpoint)
    outputs = up(clients.client, stack, path.read_text())
    resources = clients.cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    arns = {each["Arn"].rpartition("/")[2]: each["Arn"] for each in clients.iam.list_roles()["Roles"]}
    roles = {
        each["LogicalResourceId"][:-8]: arns[each["PhysicalResourceId"].rpartition("/")[2]]
        for each in resources
        if each.get("ResourceType") == "AWS::IAM::Role"
    }
    return Deployed(endpoint, stack, outputs[Output.BUCKET], roles, outputs)


def is_refused(call: Callable[[], Any]) -> bool:
    """Raises anything but AWS's refusal."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
            return True
        raise
    return False
