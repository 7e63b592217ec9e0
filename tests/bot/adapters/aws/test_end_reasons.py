"""What AWS's reason strings mean."""

import pytest

from bot.adapters.aws.end_reasons import CANCELLED_BY_QUEUE, failure_reason
from bot.domain.model.states import EndReason


@pytest.mark.parametrize(
    ("container", "status", "expected"),
    [
        ("", "Host EC2 (instance i-0) terminated.", EndReason.HOST_LOST),
        ("", "Job attempt duration exceeded timeout", EndReason.TIMED_OUT),
        ("", "Task failed to start", EndReason.NOT_STARTED),
        ("", "Fetching secret data from AWS Secrets Manager in region eu-west-1: secret x", EndReason.NOT_STARTED),
        ("", "ECS was unable to assume the role 'arn:aws:iam::1:role/r'", EndReason.NOT_STARTED),
        ("ContainerRuntimeTimeoutError: Could not transition to running", "", EndReason.NOT_STARTED),
        ("CannotPullContainerError: no", "Task failed to start", EndReason.IMAGE_NOT_PULLED),
        ("OutOfMemoryError: Container killed", "Essential container in task exited", EndReason.OUT_OF_MEMORY),
        (
            "",
            f"{CANCELLED_BY_QUEUE}CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
            EndReason.NEVER_STARTED,
        ),
        ("", "Essential container in task exited", None),
        ("", "", None),
    ],
)
def test_the_first_known_text_counts(container: str, status: str, expected: EndReason | None) -> None:
    assert failure_reason((container, status)) is expected
