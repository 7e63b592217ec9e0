"""DescribeSpotPriceHistory in place of moto's, which has one price of 2006 for everything and reads no other parameter.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html. AWS sends the newest price
first: https://github.com/mcohen01/amazonica/issues/97
"""

import base64
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.responses.spot_instances import SpotInstances

from deploy.sandbox.aws.moto_patches.list_prices import Change, spot_changes

PRODUCT = "Linux/UNIX"
MOST = 1_000
"""`MaxResults`: "Specify a value between 1 and 1000. The default value is 1000." (EC2's service model)"""
DAYS = 90
"""`StartTime`: "up to the past 90 days". The same page."""


def install() -> None:
    """Call once per process, before the server answers."""
    vars_of: Any = SpotInstances
    vars_of.describe_spot_price_history = _describe_spot_price_history


def _describe_spot_price_history(self: Any) -> ActionResult:
    now = datetime.now(UTC).timestamp()
    types = self._get_param("InstanceTypes", []) or []
    if odd := [name for name in types if name not in INSTANCE_TYPES]:
        # https://github.com/hashicorp/packer/issues/11585
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{odd[0]}' for InstanceType.")
    most = int(self._get_param("MaxResults") or MOST)
    if not 1 <= most <= MOST:
        raise EC2ClientError("InvalidParameterValue", f"MaxResults must be between 1 and {MOST}.")
    since = max(_time(self._get_param("StartTime"), now), now - DAYS * 86_400)
    until = min(_time(self._get_param("EndTime"), now), now)
    filters = self._filters_from_querystring()
    zone = self._get_param("AvailabilityZone")
    products = self._get_param("ProductDescriptions", []) or [PRODUCT]
    found = [
        change
        for change in spot_changes(self.region, types, since, until)
        if (not zone or change.zone == zone) and _passes(change, filters) and PRODUCT in products
    ]
    found.sort(key=lambda change: (-change.at, change.machine, change.zone))
    start = _start(self._get_param("NextToken"))
    token = _token(start + most) if start + most < len(found) else ""
    return ActionResult(
        {"SpotPriceHistory": [_shown(each) for each in found[start : start + most]], "NextToken": token}
    )


def _passes(change: Change, filters: dict[str, list[str]]) -> bool:
    known = {"availability-zone": change.zone, "instance-type": change.machine, "product-description": PRODUCT}
    if odd := filters.keys() - known.keys():
        raise EC2ClientError("InvalidParameterValue", f"The filter '{min(odd)}' is invalid")
    return all(known[name] in values for name, values in filters.items())


def _shown(change: Change) -> dict[str, Any]:
    return {
        "InstanceType": change.machine,
        "ProductDescription": PRODUCT,
        "SpotPrice": change.usd,
        "AvailabilityZone": change.zone,
        "Timestamp": datetime.fromtimestamp(change.at, UTC),
    }


def _time(given: Any, otherwise: float) -> float:
    if isinstance(given, datetime):
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()
    if not given:
        return otherwise
    return datetime.fromisoformat(str(given)).replace(tzinfo=UTC).timestamp()


def _token(start: int) -> str:
    return base64.b64encode(f"spot {start}".encode()).decode()


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True).decode().removeprefix("spot "))
    except ValueError:
        raise EC2ClientError("InvalidParameterValue", "Invalid value for NextToken.") from None
