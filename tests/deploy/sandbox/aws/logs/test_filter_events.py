"""FilterLogEvents on moto's log groups, without a server."""

import time
from collections.abc import Sequence
from typing import Any

import pytest
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogsBackend

from deploy.sandbox.aws.common.settings import LiveSettings, Settings
from deploy.sandbox.aws.logs.filter_events import FilteredLogs

NOW = int(time.time() * 1000)


class Group:
    """A log group `g`; times are ms after NOW."""

    def __init__(self, **settings: Any) -> None:
        self.backend = LogsBackend("us-east-1", "123456789012")
        self.backend.create_log_group("g", {})
        self.logs = FilteredLogs(LiveSettings(Settings(**settings)))

    def put(self, stream: str, *events: tuple[int, str]) -> None:
        self.backend.ensure_log_stream("g", stream)
        batch = [{"timestamp": NOW + at, "message": message} for at, message in events]
        self.backend.put_log_events("g", stream, batch)

    def page(self, **asked: Any) -> dict[str, Any]:
        return self.logs.page(self.backend, {"logGroupName": "g", **asked})

    def messages(self, **asked: Any) -> list[str]:
        """The events of all pages."""
        pages = [self.page(**asked)]
        while token := pages[-1].get("nextToken"):
            pages.append(self.page(**asked, nextToken=token))
        return [event["message"] for page in pages for event in page["events"]]


def test_streams_are_merged_by_time() -> None:
    group = Group()
    group.put("a", (1, "a1"), (3, "a3"))
    group.put("b", (2, "b2"), (3, "b3"))
    assert group.messages() == ["a1", "b2", "a3", "b3"]
    assert group.messages(logStreamNames=["b"]) == ["b2", "b3"]
    assert group.messages(logStreamNamePrefix="a") == ["a1", "a3"]


def test_start_and_end_times_are_inclusive() -> None:
    group = Group()
    group.put("a", (1, "1"), (2, "2"), (3, "3"))
    assert group.messages(startTime=NOW + 2) == ["2", "3"]
    assert group.messages(endTime=NOW + 2) == ["1", "2"]


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_contain_every_event_once(limit: int) -> None:
    group = Group()
    group.put("a", *((n // 2, f"a{n}") for n in range(10)))
    group.put("b", *((n // 2, f"b{n}") for n in range(10)))
    assert sorted(group.messages(limit=limit)) == sorted(f"{stream}{n}" for stream in "ab" for n in range(10))


def test_page_holds_one_megabyte() -> None:
    group = Group()
    group.put("a", *((n, "x" * 200_000) for n in range(6)))
    assert len(group.page()["events"]) == 5
    assert len(group.messages()) == 6


def test_late_event_is_sorted_in_and_keeps_its_id() -> None:
    group = Group()
    group.put("a", (5, "5"))
    before = group.page()["events"][0]["eventId"]
    group.put("a", (1, "1"))
    events = group.page()["events"]
    assert [event["message"] for event in events] == ["1", "5"]
    assert events[1]["eventId"] == before
    assert len({event["eventId"] for event in events}) == 2


def test_first_page_can_be_empty() -> None:
    group = Group(log_empty_pages=True)
    group.put("a", (1, "1"))
    assert group.page()["events"] == []
    assert group.messages() == ["1"]


def test_pages_can_be_small() -> None:
    group = Group(log_page_events=1)
    group.put("a", (1, "1"), (2, "2"))
    assert len(group.page(limit=5)["events"]) == 1
    assert group.messages() == ["1", "2"]


def test_missing_stream_fails_or_is_ignored_by_setting() -> None:
    group = Group()
    group.put("a", (1, "1"))
    with pytest.raises(ResourceNotFoundException):
        group.page(logStreamNames=["a", "b"])
    lenient = Group(missing_stream_fails=False)
    lenient.put("a", (1, "1"))
    assert lenient.messages(logStreamNames=["a", "b"]) == ["1"]


def test_missing_group_fails() -> None:
    with pytest.raises(ResourceNotFoundException):
        Group().page(logGroupName="other")


@pytest.mark.parametrize(
    "asked",
    [
        {"logStreamNames": [str(n) for n in range(101)]},
        {"logStreamNames": []},
        {"logStreamNames": ["a"], "logStreamNamePrefix": "a"},
        {"nextToken": "elsewhere"},
    ],
)
def test_invalid_requests_are_refused(asked: dict[str, Sequence[str]]) -> None:
    group = Group()
    group.put("a", (1, "1"))
    with pytest.raises(InvalidParameterException):
        group.page(**asked)


def test_pattern_filters_events() -> None:
    group = Group()
    group.put("a", (1, "epoch 1"), (2, "ERROR here"))
    assert group.messages(filterPattern="ERROR") == ["ERROR here"]
