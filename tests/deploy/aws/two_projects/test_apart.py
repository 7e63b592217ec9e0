"""Each try of one project's job to read, write, list, end or forge what is another's, on the deployed template.

The stand-in evaluates the template's own policies, and the session policy that the entrypoint makes. What is not in
`ALLOWED` must be refused.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import pytest
import pytest_asyncio
from botocore.exceptions import ClientError

from deploy.aws.outputs import Output
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from deploy.sandbox.aws.resources import Clients
from tests.deploy.aws.deployed_stack import Deployed, Keys, deploy, is_refused
from tests.deploy.aws.two_projects import PATH, PROJECTS

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed() -> AsyncIterator[Deployed]:
    async with aws_stand_in(Settings(enforce_permissions=True)) as endpoint:
        found = await asyncio.to_thread(deploy, endpoint, "signalbox", PATH)
        for key in KEYS.values():
            Clients(endpoint).s3.put_object(Bucket=found.bucket, Key=key, Body=b"as it was")
        yield found


@pytest.fixture(scope="module", params=WHO)
def who(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _keys(deployed: Deployed, who: str) -> Keys:
    return deployed.training_keys("mnist", OWN) if who == "training" else deployed.role_keys("MnistJobRole")


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
        if is_refused(partial(call, key)) is allowed:
            wrong.append((verb, name))
    assert wrong == []


async def test_listing(deployed: Deployed, who: str) -> None:
    s3 = deployed.client("s3", _keys(deployed, who))
    refused = {
        prefix for prefix in PREFIXES if is_refused(partial(s3.list_objects_v2, Bucket=deployed.bucket, Prefix=prefix))
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
        if not is_refused(call)
    ]
    assert passed == (["assume MnistTrainingRole"] if who == "entrypoint" else [])


async def test_an_execution_role_reads_its_projects_secrets_alone(deployed: Deployed) -> None:
    client = deployed.client("secretsmanager", deployed.role_keys("MnistExecutionRole"))
    names = deployed.secrets
    assert sorted(names) == [f"signalbox/{p}/{n}" for p in PROJECTS for n in ("WANDB_API_KEY", "git-token")]
    everything = Clients(deployed.endpoint)
    arns = {name: everything.secretsmanager.describe_secret(SecretId=name)["ARN"] for name in names}
    read = {name for name, arn in arns.items() if not is_refused(partial(client.get_secret_value, SecretId=arn))}
    assert read == {"signalbox/mnist/git-token", "signalbox/mnist/WANDB_API_KEY"}


async def test_a_chain_of_roles_lasts_an_hour_and_a_job_can_only_narrow(deployed: Deployed) -> None:
    sts = deployed.client("sts", deployed.role_keys("MnistJobRole"))
    role = deployed.roles["MnistTrainingRole"]
    wide = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    found = sts.assume_role(RoleArn=role, RoleSessionName="job", Policy=wide)["Credentials"]
    s3 = deployed.client("s3", {**found, "Token": found["SessionToken"]})
    for key in (f"{OTHER_PROJECT}/claim.json", f"{OWN}/claim.json", "data/walker/steps.npz"):
        assert is_refused(partial(s3.put_object, Bucket=deployed.bucket, Key=key, Body=b"forged"))
    with pytest.raises(ClientError, match="exceeds the 1 hour session limit"):
        sts.assume_role(RoleArn=role, RoleSessionName="job", DurationSeconds=3601)
