"""Each try of one project's job to read, write, list, end or forge what is another's, on the deployed template.

The stand-in evaluates the template's own policies, and the session policy that the entrypoint makes. What is not in
`ALLOWED` must be refused.
"""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import boto3
import pytest
import pytest_asyncio
from botocore.config import Config
from botocore.exceptions import ClientError

from deploy.aws.outputs import Output
from deploy.aws.up import up
from deploy.sandbox.aws.common.role_credentials import address
from deploy.sandbox.aws.common.settings import REGION, Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.resources import Clients
from tests.deploy.aws.two_projects import PATH, PROJECTS
from trainer.run.session import policy

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

OWN, OTHER, OTHER_PROJECT = "jobs/mnist/aaaaaa", "jobs/mnist/bbbbbb", "jobs/walker/cccccc"
FILES = ("claim.json", "manifest.json", "checkpoint.pt", "metrics.csv", "log.txt", "artifacts/model.pt")
KEYS = {
    **{f"own {name}": f"{OWN}/{name}" for name in FILES},
    **{f"other {name}": f"{OTHER}/{name}" for name in FILES},
    **{f"walker's {name}": f"{OTHER_PROJECT}/{name}" for name in FILES},
    "own data": "data/mnist/digits.npz",
    "walker's data": "data/walker/steps.npz",
    "data that begins alike": "data/mnist2/digits.npz",
    "data of nobody": "data/digits.npz",
    "a job of an earlier version": "jobs/dddddd/claim.json",
    "a project that begins alike": "jobs/mnist2/eeeeee/claim.json",
    "the bot's store": "signalbox/signalbox/signalbox.db",
    "the doctor's": "jobs/mnist/doctor.txt",
}
WHO = ("training", "entrypoint")
ALLOWED = {
    *(("training", "get", f"own {name}") for name in FILES),
    ("training", "get", "own data"),
    ("training", "put", "own artifacts/model.pt"),
    *(
        ("entrypoint", verb, f"{whose} {name}")
        for verb in ("get", "put")
        for whose in ("own", "other")
        for name in FILES
    ),
    ("entrypoint", "get", "the doctor's"),
    ("entrypoint", "put", "the doctor's"),
}
"""The entrypoint of any job of the project; between those, the seal decides: tests/trainer/storage/test_seal.py."""
LISTED = {"training": {OWN, f"{OWN}/artifacts/", "data/mnist/"}, "entrypoint": {f"{OWN}/", f"{OTHER}/", "jobs/mnist/"}}
PREFIXES = (
    *(
        "",
        "jobs/",
        OWN,
        f"{OWN}/",
        f"{OWN}/artifacts/",
        f"{OTHER}/",
        "jobs/mnist/",
        f"{OTHER_PROJECT}/",
        "jobs/walker/",
    ),
    *("jobs/mnist2/", "data/", "data/mnist/", "data/mnist2/", "data/walker/", "signalbox/"),
)
Keys = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Deployed:
    endpoint: str
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed() -> AsyncIterator[Deployed]:
    async with aws_stand_in(Settings(enforce_permissions=True)) as endpoint:
        yield await asyncio.to_thread(_deploy, endpoint)


def _deploy(endpoint: str) -> Deployed:
    clients = Clients(endpoint)
    outputs = up(clients.cloudformation, "signalbox", PATH.read_text())
    resources = clients.cloudformation.describe_stack_resources(StackName="signalbox")["StackResources"]
    arns = {each["Arn"].rpartition("/")[2]: each["Arn"] for each in clients.iam.list_roles()["Roles"]}
    roles = {
        each["LogicalResourceId"][:-8]: arns[each["PhysicalResourceId"].rpartition("/")[2]]
        for each in resources
        if each.get("ResourceType") == "AWS::IAM::Role"
    }
    for key in KEYS.values():
        clients.s3.put_object(Bucket=outputs[Output.BUCKET], Key=key, Body=b"as it was")
    return Deployed(endpoint, outputs[Output.BUCKET], roles, outputs)


@pytest.fixture(scope="module", params=WHO)
def who(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _keys(deployed: Deployed, who: str) -> Keys:
    return deployed.training_keys("mnist", OWN) if who == "training" else deployed.role_keys("MnistJobRole")


def _is_refused(call: Callable[[], Any]) -> bool:
    """Raises anything but AWS's refusal."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
            return True
        raise
    return False


async def test_objects(deployed: Deployed, who: str) -> None:
    s3, bucket = deployed.client("s3", _keys(deployed, who)), deployed.bucket
    calls: dict[str, Callable[[str], Any]] = {
        "get": lambda key: s3.get_object(Bucket=bucket, Key=key),
        "put": lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"forged"),
        "copy": lambda key: s3.copy_object(Bucket=bucket, Key=f"{OWN}/artifacts/x", CopySource=f"{bucket}/{key}"),
        "start": lambda key: s3.create_multipart_upload(Bucket=bucket, Key=key),
        "delete": lambda key: s3.delete_object(Bucket=bucket, Key=key),
        "acl": lambda key: s3.put_object_acl(Bucket=bucket, Key=key, ACL="public-read"),
        "tag": lambda key: s3.put_object_tagging(
            Bucket=bucket, Key=key, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
        ),
    }
    same = {"copy": "get", "start": "put"}
    wrong = []
    for (verb, call), (name, key) in product(calls.items(), KEYS.items()):
        allowed = (who, same.get(verb, verb), name) in ALLOWED
        if _is_refused(partial(call, key)) is allowed:
            wrong.append((verb, name))
    assert wrong == []


async def test_listing(deployed: Deployed, who: str) -> None:
    s3 = deployed.client("s3", _keys(deployed, who))
    refused = {
        prefix for prefix in PREFIXES if _is_refused(partial(s3.list_objects_v2, Bucket=deployed.bucket, Prefix=prefix))
    }
    allowed = LISTED[who] | ({f"{OWN}/"} if who == "training" else {OWN, f"{OWN}/artifacts/"})
    assert set(PREFIXES) - refused == allowed


def _other_calls(deployed: Deployed, client: Callable[[str], Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    logs, batch, iam, sts, ecr = (client(name) for name in ("logs", "batch", "iam", "sts", "ecr"))
    group = deployed.outputs[Output.LOG_GROUP]
    for name in (
        *deployed.outputs[Output.GIT_TOKEN_SECRET].split(","),
        *deployed.outputs[Output.JOB_SECRETS].split(","),
    ):
        yield f"secret {name}", partial(client("secretsmanager").get_secret_value, SecretId=name)
    event = [{"timestamp": 1, "message": "@signalbox forged"}]
    for project in PROJECTS:
        stream = f"{project}/default/task"
        yield (
            f"log of {project}",
            partial(logs.put_log_events, logGroupName=group, logStreamName=stream, logEvents=event),
        )
    yield "read logs", lambda: logs.filter_log_events(logGroupName=group)
    yield "end a job", lambda: batch.terminate_job(jobId="job", reason="forged")
    yield "describe jobs", lambda: batch.describe_jobs(jobs=["job"])
    yield (
        "submit a job",
        lambda: batch.submit_job(jobName="x", jobQueue="signalbox-spot", jobDefinition="signalbox-walker"),
    )
    yield "queue", lambda: client("sqs").receive_message(QueueUrl=deployed.outputs[Output.EVENTS_QUEUE_URL])
    yield "images", ecr.get_authorization_token
    yield "policies", lambda: iam.list_role_policies(RoleName=deployed.roles["MnistJobRole"].rpartition("/")[2])
    yield "machines", lambda: client("ec2").describe_instances()
    for name, role in deployed.roles.items():
        yield f"assume {name}", partial(sts.assume_role, RoleArn=role, RoleSessionName="job")


async def test_everything_else(deployed: Deployed, who: str) -> None:
    keys = _keys(deployed, who)
    passed = [
        name
        for name, call in _other_calls(deployed, lambda service: deployed.client(service, keys))
        if not _is_refused(call)
    ]
    assert passed == (["assume MnistTrainingRole"] if who == "entrypoint" else [])


async def test_an_execution_role_reads_its_projects_secrets_alone(deployed: Deployed) -> None:
    client = deployed.client("secretsmanager", deployed.role_keys("MnistExecutionRole"))
    names = deployed.secrets
    assert sorted(names) == [f"signalbox/{p}/{n}" for p in PROJECTS for n in ("WANDB_API_KEY", "git-token")]
    everything = Clients(deployed.endpoint)
    arns = {name: everything.secretsmanager.describe_secret(SecretId=name)["ARN"] for name in names}
    read = {name for name, arn in arns.items() if not _is_refused(partial(client.get_secret_value, SecretId=arn))}
    assert read == {"signalbox/mnist/git-token", "signalbox/mnist/WANDB_API_KEY"}


async def test_a_chain_of_roles_lasts_an_hour_and_a_job_can_only_narrow(deployed: Deployed) -> None:
    sts = deployed.client("sts", deployed.role_keys("MnistJobRole"))
    role = deployed.roles["MnistTrainingRole"]
    wide = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    found = sts.assume_role(RoleArn=role, RoleSessionName="job", Policy=wide)["Credentials"]
    s3 = deployed.client("s3", {**found, "Token": found["SessionToken"]})
    for key in (f"{OTHER_PROJECT}/claim.json", f"{OWN}/claim.json", "data/walker/steps.npz"):
        assert _is_refused(partial(s3.put_object, Bucket=deployed.bucket, Key=key, Body=b"forged"))
    with pytest.raises(ClientError, match="exceeds the 1 hour session limit"):
        sts.assume_role(RoleArn=role, RoleSessionName="job", DurationSeconds=3601)
