"""What the checks make of AWS's answers; the calls themselves are tried in tests/e2e/test_doctor.py."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bot.adapters.aws.probe.account import clock_check
from bot.adapters.aws.probe.batch import queue_check
from bot.adapters.aws.probe.events import rule_check
from bot.adapters.aws.probe.image import image_check
from bot.adapters.aws.probe.quota import quota_check
from bot.adapters.aws.probe.storage import log_group_check
from bot.domain.access import Access
from bot.domain.project import Project
from bot.services.running.doctor import Check, Finding, Level, examine

ACCESS = Access(frozenset(), frozenset())
PROJECT = Project("mnist", "file:///r", ("main",), ("python",), "q", "d", "/jobs", "s3://bucket/jobs", ACCESS)
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/trainer"
DAY_MS = 86_400_000


class Asked:
    """A client whose methods give what they are made with, or raise it."""

    def __init__(self, region: str = "eu-west-1", **answers: Any) -> None:
        self._answers = answers
        self.meta = SimpleNamespace(region_name=region)
        self.exceptions = SimpleNamespace(ClientError=ClientError)

    def __getattr__(self, method: str) -> Any:
        async def call(**arguments: Any) -> Any:
            answer = self._answers[method]
            answer = answer(arguments) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def _refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "Call",
    )


def _batch(*environments: tuple[str, list[str]], image: str = "", vcpus: str = "4") -> Asked:
    resources = [{"computeResources": {"type": kind, "instanceTypes": types}} for kind, types in environments]
    needs = [{"type": "VCPU", "value": vcpus}, {"type": "GPU", "value": "1"}]
    definition = {"revision": 1, "containerProperties": {"image": image, "resourceRequirements": needs}}
    return Asked(
        describe_job_queues={"jobQueues": [{"computeEnvironmentOrder": [{"computeEnvironment": "e"}]}]},
        describe_compute_environments={"computeEnvironments": resources},
        describe_job_definitions={"jobDefinitions": [definition]},
    )


def _quotas(**values: float) -> Asked:
    return Asked(get_service_quota=lambda asked: {"Quota": {"Value": values[asked["QuotaCode"].replace("-", "_")]}})


async def _found(check: Check) -> Finding:
    (finding,) = [finding async for finding in examine([check])]
    return finding


@pytest.mark.parametrize("types", [["c5.large"], ["optimal"], ["c6g.large", "p3.2xlarge"], []])
async def test_without_g_machines_no_quota_is_asked_for(types: list[str]) -> None:
    finding = await _found(quota_check(_batch(("SPOT", types)), Asked(), PROJECT, "eu-west-1"))
    assert (finding.level, finding.found.split(":")[0]) == (Level.OK, "not needed")


async def test_a_quota_of_nothing_says_how_to_ask() -> None:
    finding = await _found(
        quota_check(_batch(("SPOT", ["g4dn.xlarge"])), _quotas(L_3819A6DF=0.0), PROJECT, "eu-west-1")
    )
    assert (finding.level, finding.found[:7]) == (Level.BAD, "0 vCPUs")
    assert "--quota-code L-3819A6DF --desired-value 8 --region eu-west-1" in finding.advice


async def test_a_quota_below_what_the_job_asks_for() -> None:
    batch = _batch(("EC2", ["g5"]), vcpus="16")
    finding = await _found(quota_check(batch, _quotas(L_DB2E81BA=8.0), PROJECT, "eu-west-1"))
    assert (finding.level, finding.found.endswith("a job needs 16")) == (Level.BAD, True)
    assert "--desired-value 32" in finding.advice


async def test_one_kind_of_machine_is_enough() -> None:
    batch = _batch(("SPOT", ["g4dn", "c5.large"]), ("EC2", ["vt1.3xlarge"]))
    finding = await _found(quota_check(batch, _quotas(L_3819A6DF=0.0, L_DB2E81BA=8.0), PROJECT, "eu-west-1"))
    assert finding.level is Level.NOTE
    assert "L-3819A6DF" in finding.advice
    assert "L-DB2E81BA" not in finding.advice


@pytest.mark.parametrize("code", ["AccessDeniedException", "NoSuchResourceException", "UnknownOperationException"])
async def test_where_quotas_cannot_be_asked_for_it_is_said(code: str) -> None:
    quotas = Asked(get_service_quota=_refusal(code))
    finding = await _found(quota_check(_batch(("SPOT", ["g5"])), quotas, PROJECT, "eu-west-1"))
    assert (finding.level, finding.found.startswith("could not be checked: ")) == (Level.NOTE, True)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (["latest", "0a1b2c3d4e5f"], "built from commit 0a1b2c3d4e5f"),
        (["trainer", "trainer-0a1b2c3d4e5f"], "built from commit 0a1b2c3d4e5f"),
        (["latest", "2026-11-20"], "commit unknown"),
        ([], "commit unknown"),
    ],
)
async def test_the_commit_is_a_tag(tags: list[str], said: str) -> None:
    asked: list[Any] = []

    def described(arguments: Any) -> Any:
        asked.append(arguments)
        return {"imageDetails": [{"imageTags": tags, "imageSizeInBytes": 3_210_000_000}]}

    finding = await _found(image_check(_batch(image=IMAGE), Asked(describe_images=described), PROJECT))
    assert finding == Finding("image of d", f"{IMAGE}: {finding.found.removeprefix(f'{IMAGE}: ')}")
    assert said in finding.found
    assert finding.found.endswith(", 3.2 GB")
    assert asked == [{"registryId": "123456789012", "repositoryName": "trainer", "imageIds": [{"imageTag": "latest"}]}]


@pytest.mark.parametrize(
    ("code", "level"), [("ImageNotFoundException", Level.BAD), ("AccessDeniedException", Level.NOTE)]
)
async def test_an_image_that_is_not_there(code: str, level: Level) -> None:
    ecr = Asked(describe_images=_refusal(code))
    assert (await _found(image_check(_batch(image=f"{IMAGE}:x"), ecr, PROJECT))).level is level


async def test_a_definition_that_is_gone_is_told_by_its_own_check_alone() -> None:
    batch = Asked(describe_job_definitions={"jobDefinitions": []})
    assert (await _found(image_check(batch, Asked(), PROJECT))).level is Level.NOTE


@pytest.mark.parametrize(
    ("image", "level"), [("docker.io/you/net:1", Level.OK), (IMAGE.replace("eu-west-1", "us-east-1"), Level.NOTE)]
)
async def test_images_elsewhere_are_not_looked_at(image: str, level: Level) -> None:
    assert (await _found(image_check(_batch(image=image), Asked(), PROJECT))).level is level


@pytest.mark.parametrize(
    ("statement", "level"),
    [
        ({"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}, Level.OK),
        ({"Principal": {"Service": ["events.amazonaws.com"]}, "Action": ["SQS:*"]}, Level.OK),
        ({"Principal": "*", "Action": "sqs:SendMessage"}, Level.OK),
        ({"Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}, Level.BAD),
        ({"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:ReceiveMessage"}, Level.BAD),
        ({"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage"}, Level.BAD),
    ],
)
async def test_whom_the_queue_lets_in(statement: dict[str, Any], level: Level) -> None:
    policy = json.dumps({"Statement": [{"Effect": "Allow", **statement}]})
    sqs = Asked(get_queue_attributes={"Attributes": {"QueueArn": "arn", "Policy": policy}})
    pattern = json.dumps({"source": ["aws.batch"]})
    events = Asked(list_rule_names_by_target={"RuleNames": ["r"]}, describe_rule={"Name": "r", "EventPattern": pattern})
    assert (await _found(rule_check(sqs, events, "url"))).level is level


@pytest.mark.parametrize(
    ("group", "age_days", "fixable"), [("/jobs", 1, True), ("/jobs", 40, False), ("/aws/batch/job", 1, False)]
)
async def test_a_retention_is_only_set_where_no_line_is_lost(group: str, age_days: int, fixable: bool) -> None:
    project = Project("m", "r", ("main",), ("p",), "q", "d", group, "s3://bucket/jobs", ACCESS)
    there = {"logGroupName": group, "creationTime": 50 * DAY_MS - age_days * DAY_MS}
    logs = Asked(describe_log_groups={"logGroups": [there]}, filter_log_events={"events": []})
    finding = await _found(log_group_check(logs, project, "eu-west-1", lambda: 50 * DAY_MS / 1000))
    assert (finding.level, finding.fix is not None) == (Level.NOTE, fixable)


@pytest.mark.parametrize("call", ["list_jobs", "describe_jobs"])
async def test_a_queue_whose_jobs_the_bot_may_not_see(call: str) -> None:
    answers = {
        "describe_job_queues": {"jobQueues": [{"state": "ENABLED", "status": "VALID", "computeEnvironmentOrder": []}]},
        "list_jobs": {"jobSummaryList": []},
        "describe_jobs": {"jobs": []},
        "describe_compute_environments": {"computeEnvironments": []},
    }
    assert (await _found(queue_check(Asked(**answers), PROJECT, "eu-west-1"))).level is Level.OK
    refused = Asked(**{**answers, call: _refusal("AccessDeniedException", 403)})
    finding = await _found(queue_check(refused, PROJECT, "eu-west-1"))
    assert (finding.level, "jobs: no. Give the bot's role this permission." in finding.found) == (Level.BAD, True)


async def test_a_log_group_that_the_bot_may_not_read() -> None:
    there = {"logGroupName": "/jobs", "retentionInDays": 30}
    refusal = _refusal("AccessDeniedException")
    logs = Asked(describe_log_groups={"logGroups": [there]}, filter_log_events=refusal)
    finding = await _found(log_group_check(logs, PROJECT, "eu-west-1", lambda: 0.0))
    said = "Reading from the log group /jobs: no. Give the bot's role this permission."
    assert (finding.level, finding.found) == (Level.BAD, said)


async def test_a_refusal_tells_the_time_too() -> None:
    refusal = _refusal("SignatureDoesNotMatch", 403)
    refusal.response["ResponseMetadata"]["HTTPHeaders"] = {"date": "Thu, 01 Jan 1970 00:10:00 GMT"}
    finding = await _found(clock_check(Asked(get_caller_identity=refusal), lambda: 0.0))
    assert (finding.level, "600 s behind" in finding.found) == (Level.BAD, True)


async def test_a_queue_that_is_gone_is_told_by_its_own_check_alone() -> None:
    batch = Asked(describe_job_queues={"jobQueues": []})
    finding = await _found(quota_check(batch, Asked(), PROJECT, "eu-west-1"))
    assert finding.level is Level.NOTE
