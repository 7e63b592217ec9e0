import errno

import pytest

from trainer.contract import ExitCode
from trainer.errors import disk_full


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_and_full_quota_end_the_attempt(number: int) -> None:
    ended = disk_full(OSError(number, "full", "/layers"))
    assert ended is not None
    assert ended.trouble.code is ExitCode.DISK_FULL
    assert ended.trouble.message == "The disk is full at /layers. Give the job more storage, or write less."


def test_other_errors_are_not_a_full_disk() -> None:
    assert disk_full(PermissionError(errno.EACCES, "denied")) is None
