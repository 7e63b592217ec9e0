"""What the checks make of AWS's answers; the calls themselves are tried in tests/e2e/doctor/test_doctor.py."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.aws.probe.account import clock_check
from bot.adapters.aws.probe.batch import definition_check, queue_check
from bot.adapters.aws.probe.events import rule_check
from bot.adapters.aws.probe.image import image_check
from bot.adapters.aws.probe.plan import plan_check
from bot.adapters.aws.probe.quota import quota_check
from bot.adapters.aws.probe.storage import log_group_check
from bot.domain.money.machine import Machine, Resources
from bot.services.running.doctor import Finding, Level
from tests.bot.adapters.aws.probe.answers import PROJECT, Asked, found, made_batch, quotas_of, refusal

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/trainer"
DAY_MS = 86_400_000


@pytest.mark.parametrize("types", [["p6-b200.48xlarge"], ["trn1"], []])
async def test_machines_without_a_known_quota_are_named(types: list[str]) -> None:
    finding = await found(quota_check(made_batch(("SPOT", types)), Asked(), PROJECT, "eu-west-1"))
    named = types[0] if types else "no machines"
    assert (finding.level, finding.found) == (Level.OK, f"not checked: the doctor knows no quota for {named}")


@pytest.mark.parametrize("types", [["c5.xlarge"], ["optimal"], ["m7i-flex.xlarge", "trn1.2xlarge"], ["default_x86_64"]])
@pytest.mark.parametrize(("kind", "code"), [("SPOT", "L-34B43A08"), ("EC2", "L-1216C47A")])
async def test_standard_machines_have_a_quota_of_their_own(types: list[str], kind: str, code: str) -> None:
    quotas = quotas_of(**{code.replace("-", "_"): 1.0})
    finding = await found(quota_check(made_batch((kind, types)), quotas, PROJECT, "eu-west-1"))
    assert (finding.level, "Standard (A, C, D, H, I, M, R, T, Z)" in finding.found) == (Level.BAD, True)
    assert f"--quota-code {code} --desired-value 8" in finding.advice
    assert f"https://eu-west-1.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/{code}" in finding.advice


async def test_quota_of_a_new_account_is_enough_for_one_cpu_machine() -> None:
    batch = made_batch(("SPOT", ["m7i.xlarge", "m6i.xlarge"]))
    finding = await found(quota_check(batch, quotas_of(L_34B43A08=5.0), PROJECT, "us-east-1"))
    assert (finding.level, finding.found.endswith("; a job needs 4, so 1 at a time")) == (Level.OK, True)


async def test_a_job_needs_the_smallest_machine_that_takes_it() -> None:
    batch = made_batch(("SPOT", ["g5.12xlarge", "g5.48xlarge"]))
    finding = await found(quota_check(batch, quotas_of(L_3819A6DF=32.0), PROJECT, "us-east-1"))
    assert (finding.level, finding.found.endswith("but a job needs 48")) == (Level.BAD, True)
    small = await found(
        quota_check(made_batch(("EC2", ["m7i.large"]), vcpus="1"), quotas_of(L_1216C47A=2.0), PROJECT, "x")
    )
    assert (small.level, small.found.endswith("a job needs 2, so 1 at a time")) == (Level.OK, True)


@pytest.mark.parametrize(
    ("answer", "types", "level", "said"),
    [
        ({"accountPlanType": "PAID", "accountPlanStatus": "ACTIVE"}, ["g5.xlarge"], Level.OK, "Paid plan"),
        ({"accountPlanType": "FREE", "accountPlanStatus": "ACTIVE"}, ["g5.xlarge"], Level.BAD, "no machine of q"),
        ({"accountPlanType": "FREE", "accountPlanStatus": "NOT_STARTED"}, ["m7i.xlarge"], Level.BAD, "no machine of q"),
        (
            {"accountPlanType": "FREE", "accountPlanStatus": "ACTIVE"},
            ["m7i-flex.large"],
            Level.NOTE,
            "has one of these",
        ),
        ({"accountPlanType": "FREE", "accountPlanStatus": "EXPIRED"}, ["m7i-flex.large"], Level.BAD, "has expired"),
        (refusal("ResourceNotFoundException"), ["g5.xlarge"], Level.OK, "none on record"),
        (refusal("AccessDeniedException"), ["g5.xlarge"], Level.NOTE, "could not be checked"),
    ],
)
async def test_what_the_plan_starts(answer: Any, types: list[str], level: Level, said: str) -> None:
    free_tier = Asked(get_account_plan_state=answer)
    finding = await found(plan_check(free_tier, made_batch(("SPOT", types)), [PROJECT], "eu-west-1"))
    assert (finding.level, said in finding.found) == (level, True), finding
    assert level is not Level.BAD or "aws freetier upgrade-account-plan --account-plan-type PAID" in finding.advice


@pytest.mark.parametrize(
    ("options", "level"), [({"mode": "blocking"}, Level.OK), ({"mode": "non-blocking"}, Level.NOTE), ({}, Level.NOTE)]
)
async def test_a_log_driver_that_drops_lines_is_noted(options: dict[str, str], level: Level) -> None:
    container = {
        "image": IMAGE,
        "jobRoleArn": "role",
        "logConfiguration": {"options": {"awslogs-group": "/jobs", **options}},
    }
    batch = Asked(describe_job_definitions={"jobDefinitions": [{"revision": 1, "containerProperties": container}]})
    finding = await found(definition_check(batch, PROJECT, "us-east-1"))
    assert (finding.level, "lines are lost" in finding.found) == (level, level is Level.NOTE), finding


async def test_a_quota_of_nothing_says_how_to_ask() -> None:
    finding = await found(
        quota_check(made_batch(("SPOT", ["g4dn.xlarge"])), quotas_of(L_3819A6DF=0.0), PROJECT, "eu-west-1")
    )
    assert (finding.level, finding.found[:7]) == (Level.BAD, "0 vCPUs")
    assert "--quota-code L-3819A6DF --desired-value 8 --region eu-west-1" in finding.advice


async def test_a_quota_below_what_the_job_asks_for() -> None:
    batch = made_batch(("EC2", ["g5"]), vcpus="16")
    finding = await found(quota_check(batch, quotas_of(L_DB2E81BA=8.0), PROJECT, "eu-west-1"))
    assert (finding.level, finding.found.endswith("but a job needs 16")) == (Level.BAD, True)
    assert "--desired-value 32" in finding.advice


async def test_one_kind_of_machine_is_enough() -> None:
    batch = made_batch(("SPOT", ["g4dn", "c5.large"]), ("EC2", ["vt1.3xlarge"]))
    finding = await found(quota_check(batch, quotas_of(L_3819A6DF=0.0, L_DB2E81BA=12.0), PROJECT, "eu-west-1"))
    assert finding.level is Level.NOTE
    assert "L-3819A6DF" in finding.advice
    assert "L-DB2E81BA" not in finding.advice


@pytest.mark.parametrize("code", ["AccessDeniedException", "NoSuchResourceException", "UnknownOperationException"])
async def test_where_quotas_cannot_be_asked_for_it_is_said(code: str) -> None:
    quotas = Asked(get_service_quota=refusal(code))
    finding = await found(quota_check(made_batch(("SPOT", ["g5"])), quotas, PROJECT, "eu-west-1"))
    assert (finding.level, finding.found.startswith("could not be checked: ")) == (Level.NOTE, True)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (["latest", "0a1b2c3d4e5f"], "built from commit 0a1b2c3d4e5f"),
        (["trainer", "trainer-0a1b2c3d4e5f"], "built from commit 0a1b2c3d4e5f"),
        (["trainer-0a1b2c3d4e5f-0123456789ab"], "built from commit 0a1b2c3d4e5f"),
        (["trainer-uncommitted-0123456789ab"], "commit unknown"),
        (["latest", "2026-11-20"], "commit unknown"),
        ([], "commit unknown"),
    ],
)
async def test_the_commit_is_a_tag(tags: list[str], said: str) -> None:
    asked: list[Any] = []

    def described(arguments: Any) -> Any:
        asked.append(arguments)
        return {"imageDetails": [{"imageTags": tags, "imageSizeInBytes": 3_210_000_000}]}

    finding = await found(image_check(made_batch(image=IMAGE), Asked(describe_images=described), PROJECT))
    assert finding == Finding("image of d", f"{IMAGE}: {finding.found.removeprefix(f'{IMAGE}: ')}")
    assert said in finding.found
    assert finding.found.endswith(", 3.2 GB")
    assert asked == [{"registryId": "123456789012", "repositoryName": "trainer", "imageIds": [{"imageTag": "latest"}]}]


async def test_an_image_is_looked_up_by_its_digest() -> None:
    digest = f"sha256:{'0a' * 32}"
    asked: list[Any] = []

    def described(arguments: Any) -> Any:
        asked.append(arguments)
        return {"imageDetails": [{"imageTags": ["trainer-0a1b2c3d4e5f-0123456789ab"]}]}

    batch = made_batch(image=f"{IMAGE}@{digest}")
    finding = await found(image_check(batch, Asked(describe_images=described), PROJECT))
    assert (finding.level, finding.found) == (Level.OK, f"{IMAGE}@{digest}: built from commit 0a1b2c3d4e5f")
    [request] = asked
    assert request["imageIds"] == [{"imageDigest": digest}]


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        (f"@sha256:{'0a' * 32}", "is no longer in the registry, so no job can start."),
        (":not-pushed-yet", "No image has been pushed to trainer yet, so no job can start."),
        (":mine", f"There is no image {IMAGE}:mine."),
    ],
)
async def test_a_missing_image_says_what_happened(behind: str, said: str) -> None:
    ecr = Asked(describe_images=refusal("ImageNotFoundException"))
    finding = await found(image_check(made_batch(image=f"{IMAGE}{behind}"), ecr, PROJECT))
    assert (finding.level, said in finding.found) == (Level.BAD, True), finding
    assert "python -m deploy.aws.push --config config.toml" in finding.advice


@pytest.mark.parametrize(
    ("code", "level"), [("ImageNotFoundException", Level.BAD), ("AccessDeniedException", Level.NOTE)]
)
async def test_an_image_that_is_not_there(code: str, level: Level) -> None:
    ecr = Asked(describe_images=refusal(code))
    assert (await found(image_check(made_batch(image=f"{IMAGE}:x"), ecr, PROJECT))).level is level


async def test_a_definition_that_is_gone_is_told_by_its_own_check_alone() -> None:
    batch = Asked(describe_job_definitions={"jobDefinitions": []})
    assert (await found(image_check(batch, Asked(), PROJECT))).level is Level.NOTE


@pytest.mark.parametrize(
    ("image", "level"), [("docker.io/you/net:1", Level.OK), (IMAGE.replace("eu-west-1", "us-east-1"), Level.NOTE)]
)
async def test_images_elsewhere_are_not_looked_at(image: str, level: Level) -> None:
    assert (await found(image_check(made_batch(image=image), Asked(), PROJECT))).level is level


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
    assert (await found(rule_check(sqs, events, "url"))).level is level


@pytest.mark.parametrize(
    ("group", "age_days", "fixable"), [("/jobs", 1, True), ("/jobs", 40, False), ("/aws/batch/job", 1, False)]
)
async def test_a_retention_is_only_set_where_no_line_is_lost(group: str, age_days: int, fixable: bool) -> None:
    project = replace(PROJECT, log_group=group)
    there = {"logGroupName": group, "creationTime": 50 * DAY_MS - age_days * DAY_MS}
    logs = Asked(describe_log_groups={"logGroups": [there]}, filter_log_events={"events": []})
    finding = await found(log_group_check(logs, project, "eu-west-1", lambda: 50 * DAY_MS / 1000))
    assert (finding.level, finding.fix is not None) == (Level.NOTE, fixable)


@pytest.mark.parametrize("call", ["list_jobs", "describe_jobs"])
async def test_a_queue_whose_jobs_the_bot_may_not_see(call: str) -> None:
    machines = ("SPOT", ["g5.xlarge"])
    assert (await found(queue_check(made_batch(machines), PROJECT, "eu-west-1"))).level is Level.OK
    refused = made_batch(machines, **{call: refusal("AccessDeniedException", 403)})
    finding = await found(queue_check(refused, PROJECT, "eu-west-1"))
    assert (finding.level, "jobs: no. Give the bot's role this permission." in finding.found) == (Level.BAD, True)


async def test_a_machine_has_checks_of_its_own_queue() -> None:
    project = replace(PROJECT, machines=(Machine("big", "q2", Resources(gpus=4)), Machine("tiny", "q3")))
    batch = made_batch(("SPOT", ["g5.xlarge"]))
    own, big, tiny = [await found(queue_check(batch, each, "eu-west-1")) for each in project.placed]
    assert [each.subject for each in (own, big, tiny)] == ["queue q", "queue q2, machine big", "queue q3, machine tiny"]
    assert [each.level for each in (own, big, tiny)] == [Level.OK, Level.BAD, Level.OK]
    assert big.found == "a job needs 4 GPUs, and none of its machines has as many: g5.xlarge. It can never start"


async def test_a_log_group_that_the_bot_may_not_read() -> None:
    there = {"logGroupName": "/jobs", "retentionInDays": 30}
    logs = Asked(describe_log_groups={"logGroups": [there]}, filter_log_events=refusal("AccessDeniedException"))
    finding = await found(log_group_check(logs, PROJECT, "eu-west-1", lambda: 0.0))
    said = "Reading from the log group /jobs: no. Give the bot's role this permission."
    assert (finding.level, finding.found) == (Level.BAD, said)


async def test_a_refusal_tells_the_time_too() -> None:
    refused = refusal("SignatureDoesNotMatch", 403)
    refused.response["ResponseMetadata"]["HTTPHeaders"] = {"date": "Thu, 01 Jan 1970 00:10:00 GMT"}
    finding = await found(clock_check(Asked(get_caller_identity=refused), lambda: 0.0))
    assert (finding.level, "600 s behind" in finding.found) == (Level.BAD, True)


async def test_a_queue_that_is_gone_is_told_by_its_own_check_alone() -> None:
    batch = Asked(describe_job_queues={"jobQueues": []})
    finding = await found(quota_check(batch, Asked(), PROJECT, "eu-west-1"))
    assert finding.level is Level.NOTE
