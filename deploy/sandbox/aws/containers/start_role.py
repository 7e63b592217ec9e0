"""What ECS does before a container starts: it pulls the image, reads secrets and creates the log stream.

With the job definition's execution role: https://docs.aws.amazon.com/batch/latest/userguide/execution-IAM-role.html.
That holds for logs too: ECS's machines let the log driver use it (https://github.com/aws/amazon-ecs-init/pull/128), and
Batch's jobs fail if it lacks CreateLogStream (https://github.com/aws/aws-cdk/issues/25675). Without an execution role
the machine's role does all of it (https://github.com/aws/aws-cdk/issues/32078).
"""

import re
from dataclasses import dataclass

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends

from deploy.sandbox.aws.batch.jobs import BatchAttempt
from deploy.sandbox.aws.common.settings import REGION
from deploy.sandbox.aws.permissions.credentials import Identity
from deploy.sandbox.aws.permissions.refusals import refused
from deploy.sandbox.aws.requests.permissions_needed import Permission

LOGGING_FAILED = "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed"
_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")


@dataclass(frozen=True, slots=True)
class StartRole:
    """A role with the name of its session. `arn` is empty if the instance profile has no role."""

    arn: str
    session: str

    def cannot(self, action: str, resource: str) -> str:
        """Return AWS's refusal; empty if the role may."""
        # The path of a role is not in the ARN of its sessions.
        account, name = self.arn.split(":")[4] if self.arn else DEFAULT_ACCOUNT_ID, self.arn.rpartition("/")[2]
        session = f"arn:aws:sts::{account}:assumed-role/{name}/{self.session}"
        said = refused(Identity(self.arn, session, ""), Permission(action, resource))
        return f"AccessDeniedException: {said}" if said else ""

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
        said = next(filter(None, (self.cannot(action, resource) for action, resource in needed.items())), "")
        return f"CannotPullECRContainerError: {said}" if said else ""

    def cannot_log(self, group: str, stream: str) -> str:
        """Return the log driver's reason if the role may not create a log stream, in the words of issue 25675."""
        resource = f"arn:aws:logs:{REGION}:{DEFAULT_ACCOUNT_ID}:log-group:{group}:log-stream:{stream}"
        said = self.cannot("logs:CreateLogStream", resource)
        return f"{LOGGING_FAILED} to create Cloudwatch log stream: {said}" if said else ""


def start_role(execution_role: str, attempt: BatchAttempt) -> StartRole:
    """Return the execution role, whose session is the task's id; without one the machine's, with the instance's id.

    `instanceRole` is the name or the ARN of an instance profile:
    https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html
    """
    if execution_role:
        return StartRole(execution_role, attempt.task_id)
    given = attempt.host.environment.compute_resources["instanceRole"]
    profiles = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].instance_profiles.values()
    roles = [role.arn for each in profiles if given in (each.arn, each.name) for role in each.roles]
    return StartRole(roles[0] if roles else "", attempt.host.instance_id)
