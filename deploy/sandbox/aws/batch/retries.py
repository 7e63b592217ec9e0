"""Decide whether to retry a failed attempt, by a job's `evaluateOnExit` rules.

https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExitRule:
    """A pattern may end with `*`, which matches any rest; None matches everything."""

    retry: bool
    on_status_reason: str | None = None
    on_reason: str | None = None
    on_exit_code: str | None = None

    @classmethod
    def parse(cls, rule: Mapping[str, str]) -> "ExitRule":
        return cls(
            retry=rule["action"].upper() == "RETRY",
            on_status_reason=rule.get("onStatusReason"),
            on_reason=rule.get("onReason"),
            on_exit_code=rule.get("onExitCode"),
        )

    def matches(self, status_reason: str, reason: str, exit_code: int | None) -> bool:
        """Whether all of the rule's patterns match. A missing exit code counts as empty text."""
        code = "" if exit_code is None else str(exit_code)
        return (
            _matches(self.on_status_reason, status_reason)
            and _matches(self.on_reason, reason)
            and _matches(self.on_exit_code, code)
        )


def wants_retry(rules: Sequence[ExitRule], status_reason: str, reason: str, exit_code: int | None) -> bool:
    """The first matching rule decides; if none matches, the attempt is retried."""
    for rule in rules:
        if rule.matches(status_reason, reason, exit_code):
            return rule.retry
    return True


def _matches(pattern: str | None, text: str) -> bool:
    if pattern is None:
        return True
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text == pattern
