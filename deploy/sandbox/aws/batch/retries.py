"""Whether a failed attempt is tried again, by a job's `evaluateOnExit` rules.

https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExitRule:
    """Patterns may end with `*`, which stands for any rest; None matches everything."""

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
        """All patterns that the rule has must match; what an attempt does not have is the empty text."""
        code = "" if exit_code is None else str(exit_code)
        return (
            _matches(self.on_status_reason, status_reason)
            and _matches(self.on_reason, reason)
            and _matches(self.on_exit_code, code)
        )


def wants_retry(rules: Sequence[ExitRule], status_reason: str, reason: str, exit_code: int | None) -> bool:
    """The first rule that matches decides; where none does, the attempt is tried again."""
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
