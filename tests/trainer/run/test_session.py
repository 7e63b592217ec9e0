import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from tests.support.waiting import PATIENCE
from trainer.fetch import assignment
from trainer.run.session import Session, environment_for_command, open_session, policy

ROLE = "arn:aws:iam::123456789012:role/stack-MnistTrainingRole-X"
VARIABLES = {
    "REPOSITORY_URL": "https://example.org/r.git",
    "COMMIT_ID": "a" * 40,
    "JOB_ID": "k7q2mx",
    "OUTPUT_URI": "s3://bucket/jobs/mnist/k7q2mx/",
    "DATA_URI": "s3://other/sets/mnist/",
    "WORK_DIR": "/nowhere",
}
JOB = assignment.read(VARIABLES, ["train"])


class Sts:
    """AssumeRole, with credentials for this long."""

    def __init__(self, seconds: float = 3600) -> None:
        self.seconds, self.calls, self.broken = seconds, list[dict[str, Any]](), False

    def assume(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        if self.broken:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")
        ends = datetime.now(UTC) + timedelta(seconds=self.seconds)
        named = {"AccessKeyId": f"ASIA{len(self.calls)}", "SecretAccessKey": "s", "SessionToken": "t"}
        return {"Credentials": {**named, "Expiration": ends}}


@pytest.fixture
def sts() -> Sts:
    return Sts()


@pytest.fixture
def session(sts: Sts) -> Iterator[Session]:
    session = Session(ROLE, JOB, sts.assume)
    yield session
    session.close()


def _get(session: Session, token: str | None = None) -> dict[str, Any]:
    variables = session.variables
    address, given = variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    request = urllib.request.Request(address, headers={"Authorization": given if token is None else token})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_an_sdk_finds_the_credentials(session: Session, sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in session.variables.items():
        monkeypatch.setenv(name, value)
    found = botocore.session.Session().get_credentials().get_frozen_credentials()
    assert (found.access_key, found.secret_key, found.token) == ("ASIA1", "s", "t")
    [call] = sts.calls
    assert (call["RoleArn"], call["RoleSessionName"], call["DurationSeconds"]) == (ROLE, "k7q2mx", 3600)


@pytest.mark.parametrize("token", ["", "x", "Bearer x", "é"])
def test_nobody_gets_them_without_the_token(session: Session, sts: Sts, token: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        _get(session, token.encode().decode("latin-1"))
    assert sts.calls == []


def test_they_are_fetched_once_and_again_before_they_end(session: Session, sts: Sts) -> None:
    assert [_get(session)["AccessKeyId"] for _ in range(3)] == ["ASIA1"] * 3
    session._credentials["until"] -= 3000
    assert _get(session)["AccessKeyId"] == "ASIA2"


def test_a_failure_is_said_once_and_old_credentials_serve_to_their_end(
    session: Session, sts: Sts, capfd: pytest.CaptureFixture[str]
) -> None:
    _get(session)
    session._credentials["until"] -= 3000
    sts.broken = True
    assert [_get(session)["AccessKeyId"] for _ in range(3)] == ["ASIA1"] * 3
    assert len(sts.calls) == 2
    session._credentials["until"] -= 3000
    with pytest.raises(urllib.error.HTTPError, match="503"):
        _get(session)
    assert capfd.readouterr().out.count("the command gets no AWS credentials for now") == 1


def test_the_policy_leaves_this_job_and_the_data() -> None:
    found = policy(ROLE, "s3://bucket/jobs/mnist/k7q2mx/", "s3://other/sets/mnist/")
    reading, adding, *listing = found["Statement"]
    assert reading["Resource"] == [
        "arn:aws:s3:::bucket/jobs/mnist/k7q2mx/*",
        "arn:aws:s3:::bucket/data/*",
        "arn:aws:s3:::other/sets/mnist/*",
    ]
    assert adding["Action"] == ["s3:PutObject", "s3:AbortMultipartUpload"]
    assert adding["Resource"] == ["arn:aws:s3:::bucket/jobs/mnist/k7q2mx/artifacts/*"]
    assert [each["Action"] for each in listing] == [["s3:ListBucket"]] * 3


def test_a_whole_bucket_of_data_and_another_partition() -> None:
    reading = policy("arn:aws-cn:iam::1:role/r", "s3://b/jobs/m/k/", "s3://data/")["Statement"][0]
    assert reading["Resource"] == ["arn:aws-cn:s3:::b/jobs/m/k/*", "arn:aws-cn:s3:::b/data/*", "arn:aws-cn:s3:::data/*"]


@pytest.mark.parametrize("data", ["", "s3://other/" + "d" * 200])
def test_the_policy_is_within_sts_limit(data: str) -> None:
    """2,048 characters: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    found = policy(ROLE, f"s3://{'b' * 63}/jobs/{'p' * 64}/k7q2mx/12345/", data)
    assert len(json.dumps(found, separators=(",", ":"))) <= 2048


def test_the_command_gets_the_sessions_credentials_and_not_the_containers(session: Session) -> None:
    environment = {
        "A": "a",
        "GIT_TOKEN": "token",
        "JOB_KEY": "key",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/id",
        "ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/id",
    }
    assert environment_for_command(environment, session) == {"A": "a", **session.variables}
    own = environment_for_command(environment, None)
    assert own.keys() == environment.keys() - {"GIT_TOKEN", "JOB_KEY"}


def test_without_a_role_there_is_no_session() -> None:
    assert open_session({}, JOB) is None
