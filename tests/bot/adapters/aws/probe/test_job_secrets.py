"""What the doctor makes of a project's secrets."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.adapters.aws.probe.job_secrets import secrets_check
from bot.domain.stack import STACK_TAG
from bot.services.running.doctor import Finding, Level
from tests.bot.adapters.aws.probe.answers import PROJECT, Asked, found, refusal

REGION = "eu-west-1"
ARN = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:signalbox/mnist/HF_TOKEN-AbC123"
NAMED = replace(PROJECT, secrets=("HF_TOKEN",))
CURRENT: dict[str, Any] = {"VersionIdsToStages": {"1": ["AWSCURRENT"]}}
OWN: dict[str, Any] = {"Tags": [{"Key": STACK_TAG, "Value": "signalbox"}]}


def batch(**passed: str) -> Asked:
    secrets = [{"name": name, "valueFrom": place} for name, place in passed.items()]
    return Asked(
        describe_job_definitions={"jobDefinitions": [{"revision": 1, "containerProperties": {"secrets": secrets}}]}
    )


async def examined(answer: Any, *, project: Any = NAMED, **passed: str) -> Finding:
    return await found(secrets_check(batch(**passed), Asked(describe_secret=answer), project, REGION))


@pytest.mark.parametrize(
    ("answer", "level", "said", "advice"),
    [
        (CURRENT, Level.OK, "HF_TOKEN exist", ""),
        ({"VersionIdsToStages": {"1": ["AWSPREVIOUS"], "2": ["AWSCURRENT"]}, **OWN}, Level.OK, "HF_TOKEN exist", ""),
        ({}, Level.BAD, "has no value, so no job starts", "--secret-id signalbox/mnist/HF_TOKEN --secret-string"),
        ({"VersionIdsToStages": {"1": ["AWSPENDING"]}}, Level.BAD, "has no value", "put-secret-value"),
        ({**CURRENT, **OWN}, Level.BAD, "still has the random value", "put-secret-value"),
        ({**CURRENT, "DeletedDate": "soon"}, Level.BAD, "is to be deleted", "restore-secret --secret-id signalbox/"),
        (
            refusal("ResourceNotFoundException"),
            Level.BAD,
            "there is no secret signalbox/mnist/HF_TOKEN",
            "deploy.aws.up",
        ),
        (refusal("AccessDeniedException"), Level.NOTE, "could not be checked", ""),
    ],
)
async def test_a_secret_of_the_project(answer: Any, level: Level, said: str, advice: str) -> None:
    finding = await examined(answer, HF_TOKEN=ARN)
    assert (finding.level, said in finding.found, advice in finding.advice) == (level, True, True)


async def test_one_that_the_job_definition_does_not_pass() -> None:
    finding = await examined(CURRENT)
    assert finding.level is Level.BAD
    assert "d doesn't pass HF_TOKEN to its jobs" in finding.found
    assert "deploy.aws.up" in finding.advice


async def test_one_that_the_config_does_not_name_would_be_in_the_log() -> None:
    finding = await examined(CURRENT, project=PROJECT, HF_TOKEN=ARN)
    assert finding.level is Level.NOTE
    assert "aren't hidden in the log" in finding.found


async def test_the_random_token_for_git_is_harmless() -> None:
    finding = await examined({**CURRENT, **OWN}, project=PROJECT, GIT_TOKEN=ARN)
    assert (finding.level, finding.found) == (Level.OK, "GIT_TOKEN exist")


async def test_a_key_of_a_secret_is_looked_up_by_the_secret() -> None:
    asked: list[str] = []

    def answer(given: dict[str, str]) -> dict[str, Any]:
        asked.append(given["SecretId"])
        return CURRENT

    finding = await examined(answer, HF_TOKEN=f"{ARN}:token::")
    assert finding.level is Level.OK
    assert asked == [ARN]


async def test_parameters_of_ssm_are_passed_over() -> None:
    finding = await examined(refusal("ResourceNotFoundException"), HF_TOKEN="arn:aws:ssm:eu-west-1:1:parameter/hf")
    assert finding.level is Level.OK


async def test_a_project_without_secrets() -> None:
    assert (await examined({}, project=PROJECT)).found == "its jobs get none"


async def test_without_a_definition_there_is_nothing_to_compare() -> None:
    nothing = Asked(describe_job_definitions={"jobDefinitions": []})
    assert (await found(secrets_check(nothing, Asked(), NAMED, REGION))).level is Level.NOTE


def test_moto_answers_in_the_form_that_the_check_reads() -> None:
    """The fields are those of AWS's own model, which boto3 has."""
    with mock_aws():
        client = boto3.client("secretsmanager", REGION, aws_access_key_id="a", aws_secret_access_key="b")
        members = client.meta.service_model.operation_model("DescribeSecret").output_shape.members
        assert {"DeletedDate", "VersionIdsToStages", "Tags"} <= set(members)
        client.create_secret(Name="x")
        assert not client.describe_secret(SecretId="x").get("VersionIdsToStages")
        client.put_secret_value(SecretId="x", SecretString=json.dumps({}))
        assert list(client.describe_secret(SecretId="x")["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
