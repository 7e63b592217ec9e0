"""AWS's answers to a call that a role may not make.

The words: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
The codes: `AccessDeniedException` has status 400, as all common errors of the JSON protocols
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html); Batch answers 403
(https://github.com/ministryofjustice/modernisation-platform/pull/12909 has its words); S3 403 `AccessDenied`
(https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html); IAM, CloudFormation and STS 403 `AccessDenied`;
EC2 403 `UnauthorizedOperation` (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
"""

from deploy.sandbox.aws.permissions.credentials import Identity
from deploy.sandbox.aws.permissions.policy import UnknownPolicyError
from deploy.sandbox.aws.permissions.roles import decision, parsed, role_policy, trusts
from deploy.sandbox.aws.requests.permissions_needed import Permission
from deploy.sandbox.aws.requests.protocols import Call, Failure, Protocol

_CHAINED_SECONDS = 3600


def refused(identity: Identity, needed: Permission) -> str:
    """Return AWS's words if the role lacks a permission, otherwise an empty string."""
    kinds = ["identity-based", *(["session"] if identity.policy else [])]  # a session has what both allow
    try:
        for kind in kinds:
            policy = parsed(identity.policy) if kind == "session" else role_policy(identity.role_arn)
            decided = decision(policy, needed.action, needed.resource, dict(needed.context))
            if decided != "allowed":
                return _words(identity, needed, decided, kind)
    except UnknownPolicyError as error:
        return f"The sandbox cannot evaluate a policy of {identity.role_arn}: {error}"
    return ""


def untrusted(identity: Identity, role_arn: str, seconds: int) -> str:
    """Return AWS's words if a role may not take on another one: its trust policy decides, besides the permission.

    A role that was reached through a role gets an hour at most:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
    """
    if not trusts(role_arn, identity.role_arn):
        return f"User: {identity.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
    if seconds > _CHAINED_SECONDS:
        return "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
    return ""


def _words(identity: Identity, needed: Permission, decided: str, kind: str) -> str:
    """Say who may not do what, and why."""
    service, _, action = needed.action.partition(":")
    # SQS names actions in small letters: https://github.com/aws/serverless-application-model/issues/3633.
    named = f"sqs:{action.lower()}" if service == "sqs" else needed.action
    resource = f'"{needed.resource}"' if service == "s3" else needed.resource
    why = (
        f"with an explicit deny in {'an' if kind[0] == 'i' else 'a'} {kind} policy"
        if decided == "explicitDeny"
        else f"because no {kind} policy allows the {named} action"
    )
    return f"User: {identity.arn} is not authorized to perform: {named} on resource: {resource} {why}"


def refusal(call: Call, message: str, service: str) -> Failure:
    """Return the answer in the words of the call's protocol."""
    match call.protocol:
        case Protocol.REST_JSON:
            return Failure(403, "AccessDeniedException", message)
        case Protocol.JSON if service == "sqs":
            # The same issue: (AccessDenied) when calling the SendMessageBatch operation.
            return Failure(403, "AccessDenied", message)
        case Protocol.JSON:
            return Failure(400, "AccessDeniedException", message)
        case Protocol.EC2:
            return Failure(403, "UnauthorizedOperation", f"You are not authorized to perform this operation. {message}")
        case _:
            return Failure(403, "AccessDenied", message)
