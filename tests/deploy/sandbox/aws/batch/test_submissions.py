from types import SimpleNamespace
from typing import Any

import pytest

from deploy.sandbox.aws.batch import submissions
from deploy.sandbox.aws.batch.errors import RefusedError
from tests.deploy.sandbox.aws.factory import QUEUE

REQUEST: dict[str, Any] = {"jobName": "job", "jobQueue": "queue", "jobDefinition": "trainer"}


def definition(**changes: Any) -> Any:
    base: dict[str, Any] = {
        "arn": "arn:definition",
        "name": "trainer",
        "container_properties": {"image": "image", "command": ["train", "Ref::lr"]},
        "parameters": {"lr": "0.1"},
        "retry_strategy": {"attempts": 3, "evaluateOnExit": [{"onReason": "*", "action": "exit"}]},
        "timeout": {"attemptDurationSeconds": 3600},
        "platform_capabilities": None,
        "propagate_tags": True,
    }
    return SimpleNamespace(**{**base, **changes})


def _retries(*rules: dict[str, str]) -> dict[str, Any]:
    return {"attempts": 2, "evaluateOnExit": list(rules)}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"jobName": ""}, "jobName is a required field"),
        ({"jobName": "-job"}, "Job name should match valid pattern"),
        ({"jobName": "a" * 129}, "Job name should match valid pattern"),
        ({"jobName": "a b"}, "Job name should match valid pattern"),
        ({"tags": {str(n): "" for n in range(51)}}, "at most 50, given 51"),
        ({"tags": {"k" * 129: ""}}, "a key of 1 to 128 characters"),
        ({"tags": {"": "v"}}, "a key of 1 to 128 characters"),
        ({"tags": {"k": "v" * 257}}, "a value of up to 256"),
        ({"tags": {"AWS:job": "1"}}, "aws: is a reserved prefix"),
        ({"tags": {"asker": "<mika>"}}, "letters, numbers, spaces"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "at least 60, given 59"),
        ({"arrayProperties": {"size": 1}}, "between 2 and 10000, given 1"),
        ({"arrayProperties": {"size": 10_001}}, "between 2 and 10000, given 10001"),
        ({"containerOverrides": {"environment": [{"name": "AWS_BATCH_X", "value": ""}]}}, "AWS_BATCH_X"),
        ({"retryStrategy": {"attempts": 11}}, "between 1 and 10, given 11"),
        ({"retryStrategy": {"evaluateOnExit": [{"action": "EXIT"}]}}, "attempts must be specified"),
        ({"retryStrategy": _retries(*[{"action": "EXIT"}] * 6)}, "at most 5"),
        ({"retryStrategy": _retries({"action": "STOP"})}, "RETRY or EXIT, given STOP"),
        ({"retryStrategy": _retries({"action": "EXIT", "onReason": "*x"})}, r"onReason .*: \*x"),
        ({"retryStrategy": _retries({"action": "EXIT", "onExitCode": "1x"})}, "onExitCode takes numbers"),
        ({"dependsOn": [{"jobId": "1"}] * 21}, "at most 20 jobs, given 21"),
        ({"dependsOn": [{"type": "N_TO_N"}]}, "jobId is a required field"),
        ({"eksPropertiesOverride": {"podProperties": {}}}, "eksPropertiesOverride is not supported"),
    ],
)
def test_requests_that_batch_refuses(change: dict[str, Any], says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        submissions.check({**REQUEST, **change}, 100)


def test_request_may_have_30_kib() -> None:
    submissions.check(REQUEST, 30 * 1024)
    with pytest.raises(RefusedError, match="Job size must be less than 30 KiB, got 47 KiB"):
        submissions.check(REQUEST, 47 * 1024)


def test_requests_that_batch_accepts() -> None:
    submissions.check(
        {
            **REQUEST,
            "jobName": "9" * 128,
            "tags": {**{str(n): "" for n in range(49)}, "k" * 128: "ä 1+-=._:/@".ljust(256, "v")},
            "timeout": {"attemptDurationSeconds": 60},
            "arrayProperties": {"size": 10_000},
            "dependsOn": [{"type": "SEQUENTIAL"}],
            "retryStrategy": {"attempts": 10, "evaluateOnExit": [{"action": "retry", "onStatusReason": "Host EC2*"}]},
        },
        100,
    )


def test_definition_fills_what_the_request_leaves_out() -> None:
    spec = submissions.merge(REQUEST, definition(), QUEUE)
    assert spec.command == ("train", "0.1")
    assert (spec.attempts, spec.timeout_seconds, spec.propagate_tags) == (3, 3600, True)
    assert not spec.exit_rules[0].retry
    assert (spec.log_group, spec.log_prefix) == ("/aws/batch/job", "trainer")
    assert spec.override_characters == 0


def test_request_overrides_the_definition() -> None:
    request = {
        **REQUEST,
        "parameters": {"lr": "0.01"},
        "timeout": {"attemptDurationSeconds": 60},
        "retryStrategy": {"attempts": 1},
        "containerOverrides": {
            "environment": [{"name": "A", "value": "new"}, {"name": "C", "value": "3"}],
            "resourceRequirements": [{"type": "VCPU", "value": "2"}],
        },
    }
    properties = {
        "image": "image",
        "command": ["train", "--lr", "Ref::lr", "Ref::unknown"],
        "environment": [{"name": "A", "value": "old"}, {"name": "B", "value": "2"}],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
        "logConfiguration": {"options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"}},
    }
    spec = submissions.merge(request, definition(container_properties=properties), QUEUE)
    assert spec.command == ("train", "--lr", "0.01", "Ref::unknown")
    assert spec.environment == {"A": "new", "B": "2", "C": "3"}
    assert (spec.vcpus, spec.memory) == (2, 64)
    assert (spec.attempts, spec.exit_rules, spec.timeout_seconds) == (1, (), 60)
    assert (spec.log_group, spec.log_prefix) == ("g", "p")
    assert spec.override_characters > 100


def test_definitions_are_checked_too() -> None:
    with pytest.raises(RefusedError, match="at least 60, given 1"):
        submissions.check_definition({"timeout": {"attemptDurationSeconds": 1}})
    with pytest.raises(RefusedError, match="AWS_BATCH_X"):
        submissions.check_definition({"containerProperties": {"environment": [{"name": "AWS_BATCH_X"}]}})
