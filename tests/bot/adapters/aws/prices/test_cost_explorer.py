"""The bill from an AWS whose every answer the test writes, in the form of the API's reference."""

import datetime as dt
from collections.abc import AsyncIterator

import pytest
from aiobotocore.session import AioSession

from bot.adapters.aws.prices.cost_explorer import CostExplorer, cost_explorer
from bot.errors import Denied, Refused, Throttled, Unavailable
from deploy.sandbox.aws.resources import Resources
from tests.bot.adapters.vendor import Vendor, error, ok

DAY = dt.timedelta(days=1)
FIRST, UNTIL = dt.date(2026, 11, 1), dt.date(2026, 11, 3)


@pytest.fixture
async def bills(vendor: Vendor, session: AioSession) -> AsyncIterator[CostExplorer]:
    async with cost_explorer("signalbox", vendor.url, session) as opened:
        yield opened


def day(date: str, amount: str, unit: str = "USD") -> dict[str, object]:
    """https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_ResultByTime.html"""
    following = dt.date.fromisoformat(date) + dt.timedelta(days=1)
    total = {"UnblendedCost": {"Amount": amount, "Unit": unit}}
    period = {"Start": date, "End": following.isoformat()}
    return {"TimePeriod": period, "Total": total, "Groups": [], "Estimated": True}


@pytest.mark.slow
async def test_the_stand_in_takes_what_is_asked_and_has_each_day(resources: Resources, session: AioSession) -> None:
    until = dt.datetime.now(dt.UTC).date()
    async with cost_explorer("signalbox", resources.endpoint, session) as bills:
        found = await bills.days(until - dt.timedelta(days=35), until)
        assert (len(found), set(found.values()), max(found)) == (35, {0.0}, until - dt.timedelta(days=1))
        for first, end in ((until, until), (until + 2 * DAY, until + 3 * DAY), (until - 500 * DAY, until)):
            with pytest.raises(Refused):
                await bills.days(first, end)


async def test_one_request_has_all_that_limits_the_bill(bills: CostExplorer, vendor: Vendor) -> None:
    vendor.answers_with(ok({"ResultsByTime": [day("2026-11-01", "1.2345678901"), day("2026-11-02", "0")]}))
    assert await bills.days(FIRST, UNTIL) == {FIRST: 1.2345678901, dt.date(2026, 11, 2): 0.0}
    (asked,) = vendor.asked
    assert asked.headers["X-Amz-Target"] == "AWSInsightsIndexService.GetCostAndUsage"
    assert "/us-east-1/ce/aws4_request" in asked.headers["Authorization"]
    assert asked.body["TimePeriod"] == {"Start": "2026-11-01", "End": "2026-11-03"}
    assert (asked.body["Granularity"], asked.body["Metrics"]) == ("DAILY", ["UnblendedCost"])
    tags, services, use = asked.body["Filter"]["And"]
    assert tags == {"Tags": {"Key": "signalbox:stack", "Values": ["signalbox"]}}
    assert services["Dimensions"]["Key"] == "SERVICE"
    assert use["Not"]["Dimensions"] == {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}


async def test_pages_are_put_together_and_end(bills: CostExplorer, vendor: Vendor) -> None:
    page = ok({"ResultsByTime": [day("2026-11-01", "1")], "NextPageToken": "t"})
    vendor.answers_with(page, ok({"ResultsByTime": [day("2026-11-02", "2")]}))
    assert sum((await bills.days(FIRST, UNTIL)).values()) == 3.0
    assert vendor.asked[1].body["NextPageToken"] == "t"
    vendor.answers_with(page)
    with pytest.raises(Unavailable, match="no end"):
        await bills.days(FIRST, UNTIL)
    assert len(vendor.asked) == 2 + 3


@pytest.mark.parametrize(
    "results",
    [[day("2026-11-01", "NaN")], [day("2026-11-01", "much")], [day("2026-11-01", "1", "CNY")], [{}], None],
)
async def test_an_answer_without_a_sum_in_usd_is_no_bill(
    bills: CostExplorer, vendor: Vendor, results: list[dict[str, object]] | None
) -> None:
    vendor.answers_with(ok({"ResultsByTime": results} if results is not None else {}))
    with pytest.raises(Unavailable):
        await bills.days(FIRST, UNTIL)


@pytest.mark.parametrize(("code", "kind"), [("AccessDeniedException", Denied), ("LimitExceededException", Throttled)])
async def test_a_refusal_is_told_apart(bills: CostExplorer, vendor: Vendor, code: str, kind: type[Exception]) -> None:
    vendor.answers_with(error(400, code, "not authorized to perform: ce:GetCostAndUsage"))
    with pytest.raises(kind):
        await bills.days(FIRST, UNTIL)
