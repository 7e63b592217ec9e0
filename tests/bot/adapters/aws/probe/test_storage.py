"""The log group must be readable, whatever AWS answers about a stream that does not exist."""

import pytest
from botocore.exceptions import ClientError

from bot.adapters.aws.probe.storage import log_group_check
from bot.domain.access import Access
from bot.domain.project import Project
from bot.services.running.doctor import Level, examine

ACCESS = Access(frozenset(), frozenset())
PROJECT = Project("mnist", "file:///r", ("main",), ("python",), "q", "d", "/jobs", "s3://bucket/jobs", ACCESS)


class FakeLogs:
    """One log group, and one answer to whoever reads it."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def describe_log_groups(self, **_: object) -> object:
        return {"logGroups": [{"logGroupName": PROJECT.log_group, "retentionInDays": 30}]}

    async def filter_log_events(self, **_: object) -> object:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def _refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "FilterLogEvents",
    )


async def _checked(answer: object) -> tuple[Level, str]:
    check = log_group_check(FakeLogs(answer), PROJECT, "eu-west-1", lambda: 0.0)
    (finding,) = [each async for each in examine([check])]
    return finding.level, finding.found


@pytest.mark.parametrize("answer", [{"events": []}, _refusal("ResourceNotFoundException")])
async def test_missing_stream_may_be_an_error_or_not(answer: object) -> None:
    assert await _checked(answer) == (Level.OK, "logs are deleted after 30 days")


async def test_log_group_that_the_bot_may_not_read_is_bad() -> None:
    level, found = await _checked(_refusal("AccessDeniedException", 403))
    assert level is Level.BAD
    assert found == "Reading the log group /jobs: no. Give the bot's role this permission."


async def test_service_that_does_not_answer_is_not_taken_for_readable() -> None:
    level, _ = await _checked(_refusal("ServiceUnavailableException", 503))
    assert level is Level.BAD
