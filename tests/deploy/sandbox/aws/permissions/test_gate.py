"""What a role may not do is refused in each service's own words; credentials expire and are renewed."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from deploy.sandbox.aws.common.role_credentials import address
from deploy.sandbox.aws.common.settings import REGION
from deploy.sandbox.aws.resources import Clients
from tests.support.aws_stand_in import Sandbox

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::123456789012:role/gate-role"
SESSION = "arn:aws:sts::123456789012:assumed-role/gate-role/s1"
ARN = "arn:aws:batch:us-east-1:123456789012"
Json = dict[str, Any]


@pytest.fixture
def enforced(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A stand-in that enforces, with a role that has no permissions yet."""
    sandbox.control("POST", "settings", {"enforce_permissions": True})
    iam = Clients(sandbox.endpoint).iam
    iam.create_role(RoleName="gate-role", AssumeRolePolicyDocument="{}")
    yield sandbox
    for name in iam.list_role_policies(RoleName="gate-role")["PolicyNames"]:
        iam.delete_role_policy(RoleName="gate-role", PolicyName=name)
    iam.delete_role(RoleName="gate-role")


def _allow(sandbox: Sandbox, *given: Json) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in given]})
    Clients(sandbox.endpoint).iam.put_role_policy(RoleName="gate-role", PolicyName="p", PolicyDocument=document)


def _credentials(sandbox: Sandbox) -> Json:
    with urllib.request.urlopen(address(sandbox.endpoint, ROLE, "s1")) as answer:
        return dict(json.load(answer))


def _client(sandbox: Sandbox, service: str, credentials: Json | None = None) -> Any:
    keys = credentials or _credentials(sandbox)
    return boto3.client(
        service,
        REGION,
        endpoint_url=sandbox.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["Token"],
        config=Config(retries={"total_max_attempts": 1}, signature_version="s3v4" if service == "s3" else None),
    )


def _refused(call: Callable[[], Any]) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    answer: Any = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def _says(action: str, resource: str) -> str:
    return (
        f"User: {SESSION} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


REFUSALS: dict[str, tuple[Callable[[Any], Any], tuple[str, int, str]]] = {
    "batch": (
        lambda batch: batch.describe_jobs(jobs=["a"]),
        ("AccessDeniedException", 403, _says("batch:DescribeJobs", "*")),
    ),
    "logs": (
        lambda logs: logs.filter_log_events(logGroupName="/test/jobs"),
        (
            "AccessDeniedException",
            400,
            _says("logs:FilterLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/test/jobs:log-stream:"),
        ),
    ),
    "s3": (
        lambda s3: s3.put_object(Bucket="test-sandbox", Key="a", Body=b"a"),
        ("AccessDenied", 403, _says("s3:PutObject", '"arn:aws:s3:::test-sandbox/a"')),
    ),
    "sqs": (
        lambda sqs: sqs.receive_message(QueueUrl="http://localhost/123456789012/test-events"),
        ("AccessDenied", 403, _says("sqs:receivemessage", "arn:aws:sqs:us-east-1:123456789012:test-events")),
    ),
    "iam": (
        lambda iam: iam.list_roles(),
        ("AccessDenied", 403, _says("iam:ListRoles", "*")),
    ),
    "ec2": (
        lambda ec2: ec2.describe_subnets(),
        (
            "UnauthorizedOperation",
            403,
            "You are not authorized to perform this operation. " + _says("ec2:DescribeSubnets", "*"),
        ),
    ),
    "cloudformation": (
        lambda cloudformation: cloudformation.describe_stacks(),
        ("AccessDenied", 403, _says("cloudformation:DescribeStacks", "*")),
    ),
}


@pytest.mark.parametrize("service", REFUSALS)
def test_a_refusal_reads_as_the_services(enforced: Sandbox, service: str) -> None:
    call, expected = REFUSALS[service]
    assert _refused(lambda: call(_client(enforced, service))) == expected


def test_without_the_switch_nothing_is_refused(enforced: Sandbox) -> None:
    enforced.control("POST", "settings", {"enforce_permissions": False})
    assert _client(enforced, "batch").describe_jobs(jobs=["a"])["jobs"] == []


def test_submitting_with_tags_needs_the_tag_permission_on_the_definition(enforced: Sandbox) -> None:
    """The belief that jobs are tagged on `job/*` alone was wrong, and nothing in the sandbox said so."""
    both = [f"{ARN}:job-queue/test-queue", f"{ARN}:job-definition/test-trainer"]
    submit = {"Action": "batch:SubmitJob", "Resource": both}
    own = {"StringEquals": {"aws:RequestTag/bot": "b"}}
    call = {"jobName": "a", "jobQueue": "test-queue", "jobDefinition": "test-trainer"}
    _allow(enforced, submit, {"Action": "batch:TagResource", "Resource": f"{ARN}:job/*", "Condition": own})
    batch = _client(enforced, "batch")
    assert _refused(lambda: batch.submit_job(**call, tags={"bot": "b"})) == (
        "AccessDeniedException",
        403,
        _says("batch:TagResource", f"{ARN}:job-definition/test-trainer"),
    )
    _allow(enforced, submit, {"Action": "batch:TagResource", "Resource": both, "Condition": own})
    assert _refused(lambda: batch.submit_job(**call, tags={"bot": "other"}))[0] == "AccessDeniedException"
    assert batch.submit_job(**call, tags={"bot": "b"})["jobId"]


def test_an_explicit_deny_says_so(enforced: Sandbox) -> None:
    _allow(enforced, {"Action": "*", "Resource": "*"}, {"Action": "iam:List*", "Resource": "*", "Effect": "Deny"})
    _, _, message = _refused(_client(enforced, "iam").list_roles)
    assert message.endswith("on resource: * with an explicit deny in an identity-based policy")


def test_a_missing_key_is_denied_without_the_permission_to_list(enforced: Sandbox) -> None:
    objects = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::test-sandbox/*"}
    s3 = _client(enforced, "s3")
    _allow(enforced, objects)
    assert _refused(lambda: s3.get_object(Bucket="test-sandbox", Key="none"))[0] == "AccessDenied"
    assert _refused(lambda: s3.head_object(Bucket="test-sandbox", Key="none"))[:2] == ("403", 403)
    _allow(enforced, objects, {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::test-sandbox"})
    assert _refused(lambda: s3.get_object(Bucket="test-sandbox", Key="none"))[0] == "NoSuchKey"


def test_a_signed_link_has_the_permissions_of_who_signed_it(enforced: Sandbox) -> None:
    Clients(enforced.endpoint).s3.put_object(Bucket="test-sandbox", Key="linked", Body=b"found")
    given = {"Bucket": "test-sandbox", "Key": "linked"}
    link = _client(enforced, "s3").generate_presigned_url("get_object", Params=given)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(link)
    _allow(enforced, {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::test-sandbox/linked"})
    assert urllib.request.urlopen(link).read() == b"found"


EXPIRED = {
    "batch": ("ExpiredTokenException", 403),
    "logs": ("ExpiredTokenException", 400),
    "s3": ("ExpiredToken", 400),
    "iam": ("ExpiredToken", 403),
}


@pytest.mark.parametrize("service", EXPIRED)
def test_credentials_expire(enforced: Sandbox, service: str) -> None:
    enforced.control("POST", "settings", {"credential_seconds": 1})
    client = _client(enforced, service)
    time.sleep(1.1)
    assert _refused(lambda: REFUSALS[service][0](client))[:2] == EXPIRED[service]


def test_credentials_are_fetched_again_before_they_expire(enforced: Sandbox) -> None:
    first = _credentials(enforced)
    assert _credentials(enforced) == first, "there is more than half of its life left"
    assert 700 <= len(first["Token"]) <= 1_100
    enforced.control("POST", "settings", {"credential_seconds": 8000})
    assert _credentials(enforced)["AccessKeyId"] != first["AccessKeyId"]


def test_who_assumes_a_role_has_its_permissions(enforced: Sandbox) -> None:
    keys = Clients(enforced.endpoint).sts.assume_role(RoleArn=ROLE, RoleSessionName="s1")["Credentials"]
    client = _client(enforced, "iam", {**keys, "Token": keys["SessionToken"]})
    assert _refused(client.list_roles)[2] == _says("iam:ListRoles", "*")


def test_the_simulator_decides_as_the_calls_do(enforced: Sandbox) -> None:
    own = {"StringEquals": {"aws:RequestTag/bot": "b"}}
    allowed = {"Action": "batch:TagResource", "Resource": f"{ARN}:job/*", "Condition": own}
    _allow(enforced, allowed, {"Action": "iam:SimulatePrincipalPolicy", "Resource": ROLE})
    answer = _client(enforced, "iam").simulate_principal_policy(
        PolicySourceArn=ROLE,
        ActionNames=["batch:TagResource", "batch:SubmitJob"],
        ResourceArns=[f"{ARN}:job/*", f"{ARN}:job-queue/q"],
        ContextEntries=[
            {"ContextKeyName": "aws:RequestTag/bot", "ContextKeyValues": ["b"], "ContextKeyType": "string"}
        ],
    )
    assert {each["EvalDecision"] for each in answer["EvaluationResults"]} == {"implicitDeny"}
    found = {
        (result["EvalActionName"], each["EvalResourceName"]): each["EvalResourceDecision"]
        for result in answer["EvaluationResults"]
        for each in result["ResourceSpecificResults"]
    }
    assert [key for key, decided in found.items() if decided == "allowed"] == [("batch:TagResource", f"{ARN}:job/*")]
    assert len(found) == 4


def test_the_simulator_is_asked_only_for_roles_that_one_may_ask_about(enforced: Sandbox) -> None:
    _allow(enforced, {"Action": "iam:SimulatePrincipalPolicy", "Resource": ROLE})
    other = f"{ROLE}-2"
    iam = _client(enforced, "iam")
    asked = {"PolicySourceArn": other, "ActionNames": ["batch:SubmitJob"]}
    assert _refused(lambda: iam.simulate_principal_policy(**asked))[2] == _says("iam:SimulatePrincipalPolicy", other)


def test_the_simulator_knows_no_role_whose_path_is_missing(enforced: Sandbox) -> None:
    iam = Clients(enforced.endpoint).iam
    missing = {"PolicySourceArn": f"{ROLE}-none", "ActionNames": ["batch:SubmitJob"]}
    assert _refused(lambda: iam.simulate_principal_policy(**missing))[:2] == ("NoSuchEntity", 404)


def test_credentials_without_a_role_name_are_refused_with_words(enforced: Sandbox) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400") as caught:
        urllib.request.urlopen(f"{enforced.endpoint}/sandbox/credentials?role={ROLE}")
    assert b"`session` is missing" in caught.value.read()


WITHOUT_TOKEN = {
    "batch": ("UnrecognizedClientException", 403),
    "logs": ("UnrecognizedClientException", 400),
    "s3": ("InvalidAccessKeyId", 403),
    "iam": ("InvalidClientTokenId", 403),
    "ec2": ("AuthFailure", 401),
}


@pytest.mark.parametrize("service", WITHOUT_TOKEN)
@pytest.mark.parametrize("token", [None, "of other credentials"])
def test_temporary_credentials_need_their_token(enforced: Sandbox, service: str, token: str | None) -> None:
    """Two of the three values, as somebody copies them from the portal of IAM Identity Center."""
    client = _client(enforced, service, {**_credentials(enforced), "Token": token})
    assert _refused(lambda: REFUSALS[service][0](client))[:2] == WITHOUT_TOKEN[service]


def test_a_policy_that_is_attached_counts(enforced: Sandbox) -> None:
    iam, jobs = Clients(enforced.endpoint).iam, _client(enforced, "batch")
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "batch:*", "Resource": "*"}}
    arn = iam.create_policy(PolicyName="gate", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="gate-role", PolicyArn=arn)
    try:
        assert jobs.describe_jobs(jobs=["a"])["jobs"] == []
    finally:
        iam.detach_role_policy(RoleName="gate-role", PolicyArn=arn)
        iam.delete_policy(PolicyArn=arn)


def test_a_policy_that_cannot_be_evaluated_says_so(enforced: Sandbox) -> None:
    _allow(enforced, {"NotAction": "iam:*", "Resource": "*"})
    _, _, message = _refused(lambda: _client(enforced, "batch").describe_jobs(jobs=["a"]))
    assert message.startswith(f"The sandbox cannot evaluate a policy of {ROLE}: NotAction: not evaluated here, only")
