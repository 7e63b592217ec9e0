"""Ask Cost Explorer what the machines of a stack were billed. Each request costs 0.01 USD, and "each page counts as a
separate request": https://aws.amazon.com/aws-cost-management/aws-cost-explorer/faqs/

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html
"""

import datetime as dt
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiobotocore.session import AioSession

from bot.adapters.aws.clients import Client, aws_client
from bot.adapters.aws.error_codes import calling
from bot.domain.stack import STACK_TAG
from bot.errors import Unavailable

REGION = "us-east-1"
"""The only endpoint is https://ce.us-east-1.amazonaws.com:
https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api.html"""
METRIC = "UnblendedCost"
SERVICES = ("Amazon Elastic Compute Cloud - Compute", "EC2 - Other", "Amazon Virtual Private Cloud")
"""Machines, their disks and their public addresses: what an estimate counts. Assumption: billed-services."""
NOT_USE = ("Credit", "Refund", "Tax")
"""Values of RECORD_TYPE, "The different types of charges such as RI fees, usage costs, tax refunds, and credits"
(API_GetDimensionValues): estimates have none of these."""
MOST_PAGES = 3


class CostExplorer:
    """`bot.ports.bills.Bills`. What lacks the stack's tag is not counted, nor is anything before the tag is activated:
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html"""

    def __init__(self, client: Client, stack: str) -> None:
        self._client, self._stack = client, stack

    async def days(self, first: dt.date, until: dt.date) -> Mapping[dt.date, float]:
        what, asked = "Cost Explorer GetCostAndUsage", self._asked(first, until)
        found: dict[dt.date, float] = {}
        for _ in range(MOST_PAGES):
            with calling(what):
                answer = await self._client.get_cost_and_usage(**asked)
                found |= dict(_days(answer["ResultsByTime"]))
            if not answer.get("NextPageToken"):
                return found
            asked["NextPageToken"] = answer["NextPageToken"]
        raise Unavailable(f"{what}: the answer has no end")

    def _asked(self, first: dt.date, until: dt.date) -> dict[str, Any]:
        """ "The start date is inclusive, but the end date is exclusive." """
        tagged = {"Tags": {"Key": STACK_TAG, "Values": [self._stack]}}
        services = {"Dimensions": {"Key": "SERVICE", "Values": list(SERVICES)}}
        use = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(NOT_USE)}}}
        return {
            "TimePeriod": {"Start": first.isoformat(), "End": until.isoformat()},
            "Granularity": "DAILY",
            "Metrics": [METRIC],
            "Filter": {"And": [tagged, services, use]},
        }


@asynccontextmanager
async def cost_explorer(
    stack: str, endpoint_url: str | None, session: AioSession | None = None
) -> AsyncIterator[CostExplorer]:
    async with aws_client("ce", REGION, endpoint_url, session=session) as client:
        yield CostExplorer(client, stack)


def _days(results: list[Mapping[str, Any]]) -> Iterator[tuple[dt.date, float]]:
    """Raises ValueError for what is no sum in USD."""
    for each in results:
        total = each["Total"][METRIC]
        usd = float(total["Amount"])
        if total["Unit"] != "USD" or not math.isfinite(usd):
            raise ValueError(f"{total['Amount']} {total['Unit']}")
        yield dt.date.fromisoformat(each["TimePeriod"]["Start"][:10]), usd
