"""What ECS does with a job's execution role before the container starts: it pulls the image and reads secrets.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""

import re
from dataclasses import dataclass

from deploy.sandbox.aws.permissions.credentials import Identity
from deploy.sandbox.aws.permissions.refusals import words
from deploy.sandbox.aws.permissions.roles import decision, role_policy
from deploy.sandbox.aws.requests.permissions_needed import Permission

_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")


@dataclass(frozen=True, slots=True)
class ExecutionRole:
    """`arn` is empty where a job definition names no execution role."""

    arn: str
    task_id: str

    def cannot(self, action: str, resource: str) -> str:
        """Return AWS's refusal; empty if the role may."""
        decided = decision(role_policy(self.arn), action, resource, {})
        if decided == "allowed":
            return ""
        session = self.arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + f"/{self.task_id}"
        said = words(Identity(self.arn, session, ""), Permission(action, resource), decided)
        return f"AccessDeniedException: {said}"

    def cannot_pull(self, image: str) -> str:
        """Return ECS's reason if the role may not pull an image of ECR.

        https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html
        """
        match = _ECR.match(image)
        if not match:
            return ""
        repository = f"arn:aws:ecr:{match[2]}:{match[1]}:repository/{match[3]}"
        needed = {"ecr:GetAuthorizationToken": "*"} | dict.fromkeys(
            ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"), repository
        )
        refused = next(filter(None, (self.cannot(action, resource) for action, resource in needed.items())), "")
        return f"CannotPullECRContainerError: {refused}" if refused else ""
