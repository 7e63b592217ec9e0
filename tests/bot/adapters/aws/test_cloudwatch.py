"""Logs, read over pages and streams."""

import time

import pytest

from bot.adapters.aws.clients import AwsClients
from bot.adapters.aws.cloudwatch import AwsLogs
from bot.domain.logs.log_lines import LogEvent
from bot.errors import Missing
from deploy.sandbox.aws.resources import Clients, Resources
from tests.bot.adapters.vendor import Vendor, ok

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def start(resources: Resources) -> int:
    """Two streams with lines in turn, from this time on (ms)."""
    logs, start = Clients(resources.endpoint).logs, int(time.time() * 1000) - 60_000
    for stream in ("turn/a", "turn/b"):
        logs.create_log_stream(logGroupName=resources.log_group, logStreamName=stream)
    for second in range(4):
        logs.put_log_events(
            logGroupName=resources.log_group,
            logStreamName=f"turn/{'ab'[second % 2]}",
            logEvents=[{"timestamp": start + second * 1000, "message": f"line {second}"}],
        )
    return start


async def test_several_streams_in_the_order_of_time(aws: AwsClients, resources: Resources, start: int) -> None:
    page = await AwsLogs(aws).read(resources.log_group, ["turn/a", "turn/b"], start)
    assert [(event.stream, event.timestamp - start, event.message) for event in page.events] == [
        ("turn/a", 0, "line 0"),
        ("turn/b", 1000, "line 1"),
        ("turn/a", 2000, "line 2"),
        ("turn/b", 3000, "line 3"),
    ]
    assert len({event.id for event in page.events}) == 4


async def test_from_a_time_on(aws: AwsClients, resources: Resources, start: int) -> None:
    page = await AwsLogs(aws).read(resources.log_group, ["turn/a", "turn/b"], start + 2000)
    assert [event.message for event in page.events] == ["line 2", "line 3"]


@pytest.mark.parametrize(("group", "stream"), [("", "not/there"), ("/not/there", "turn/a")])
async def test_a_group_or_a_stream_that_is_not_there(
    aws: AwsClients, resources: Resources, group: str, stream: str
) -> None:
    with pytest.raises(Missing):
        await AwsLogs(aws).read(group or resources.log_group, [stream], 0)


async def test_an_empty_page_with_a_token_is_a_page(vendor: Vendor, odd_aws: AwsClients) -> None:
    event = {"eventId": "1", "logStreamName": "s", "timestamp": 7, "message": "x", "ingestionTime": 9}
    vendor.answers_with(ok({"events": [], "nextToken": "t"}), ok({"events": [event]}))
    logs = AwsLogs(odd_aws)
    first = await logs.read("group", ["s"], -5)
    second = await logs.read("group", ["s"], -5, first.token)
    assert (first.events, first.token) == ((), "t")
    assert (second.events, second.token) == ((LogEvent("1", "s", 7, "x"),), None)
    assert [(asked.body.get("nextToken"), asked.body["startTime"]) for asked in vendor.asked] == [(None, 0), ("t", 0)]


@pytest.mark.parametrize("count", [0, 101])
async def test_no_call_with_too_few_or_too_many_streams(vendor: Vendor, odd_aws: AwsClients, count: int) -> None:
    with pytest.raises(ValueError, match=f"1 to 100 streams, not {count}"):
        await AwsLogs(odd_aws).read("group", [f"s{n}" for n in range(count)], 0)
    assert vendor.asked == []
