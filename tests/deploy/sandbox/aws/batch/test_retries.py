from typing import Any

import pytest

from deploy.sandbox.aws.batch.retries import ExitRule, wants_retry

HOST_LOST = "Host EC2 (instance i-0abc) terminated."
EXITED = "Essential container in task exited"


def rules(*each: dict[str, str]) -> list[ExitRule]:
    return [ExitRule.parse(rule) for rule in each]


SPOT = rules(
    {"onStatusReason": "Host EC2*", "action": "RETRY"},
    {"onExitCode": "143", "action": "RETRY"},
    {"onReason": "*", "action": "EXIT"},
)


@pytest.mark.parametrize(
    ("status_reason", "reason", "exit_code", "again"),
    [
        (HOST_LOST, "", None, True),
        (EXITED, "", 143, True),
        (EXITED, "", 1, False),
        (EXITED, "", 14, False),
        (EXITED, "OutOfMemoryError: killed", 137, False),
    ],
)
def test_only_a_lost_host_is_retried(status_reason: str, reason: str, exit_code: Any, again: bool) -> None:
    assert wants_retry(SPOT, status_reason, reason, exit_code) is again


def test_exit_without_a_matching_rule_is_retried() -> None:
    assert wants_retry(rules({"onExitCode": "3", "action": "EXIT"}), EXITED, "", 1)


def test_every_failure_is_retried_without_rules() -> None:
    assert wants_retry([], EXITED, "", 1)


def test_first_matching_rule_decides() -> None:
    both = rules({"onExitCode": "1*", "action": "RETRY"}, {"onExitCode": "137", "action": "EXIT"})
    assert wants_retry(both, EXITED, "", 137)


@pytest.mark.parametrize(
    ("reason", "exit_code", "matches"), [("Out", 137, True), ("Out", 1, False), ("In", 137, False)]
)
def test_all_patterns_of_a_rule_must_match(reason: str, exit_code: int, matches: bool) -> None:
    rule = ExitRule.parse({"onReason": "Out*", "onExitCode": "137", "action": "exit"})
    assert rule.matches(EXITED, reason, exit_code) is matches


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [("Host", "Host EC2", False), ("Host*", "Host EC2", True), ("*", "", True), ("H*t*", "Host", False)],
)
def test_asterisk_is_a_wildcard_only_at_the_end(pattern: str, text: str, matches: bool) -> None:
    rule = ExitRule.parse({"onStatusReason": pattern, "action": "RETRY"})
    assert rule.matches(text, "", None) is matches


def test_missing_exit_code_matches_no_number() -> None:
    assert not ExitRule.parse({"onExitCode": "0", "action": "EXIT"}).matches(HOST_LOST, "", None)
