"""The regions that there are, and where each one's price list is.

The list is botocore's (endpoints.json), so a new region is known after an update of it.
"""

from difflib import get_close_matches
from functools import cache

from botocore.session import get_session

from bot.errors import Refused, UnknownName

_NEAREST = {"ap": "ap-south-1", "me": "ap-south-1", "eu": "eu-central-1", "af": "eu-central-1", "il": "eu-central-1"}
"""By the beginning of a region's code. "The Price List Query API provides the following endpoints": us-east-1,
eu-central-1 and ap-south-1: https://docs.aws.amazon.com/general/latest/gr/billing.html. Each has the prices of all
regions; botocore's endpoints.json lists the same three for `api.pricing`."""
_DEFAULT = "us-east-1"
_COMMERCIAL = "aws"


def check_region(region: str) -> None:
    """Raise `UnknownName` if there is no such region."""
    if region not in regions():
        known = sorted(regions())
        raise UnknownName("region", given=region, near=get_close_matches(region, known, 3), valid=known)


def with_usd_prices() -> tuple[str, ...]:
    """The regions of AWS's commercial partition."""
    return tuple(sorted(region for region, partition in regions().items() if partition == _COMMERCIAL))


def price_list_region(region: str) -> str:
    """Where to ask for a region's prices. Raises `Refused` for one outside of AWS's commercial partition: China's
    prices are in another currency, and the others' need credentials of their own."""
    if regions()[region] != _COMMERCIAL:
        raise Refused(f"The price list has no USD prices of {region}.", code="NoPriceList")
    return _NEAREST.get(region.partition("-")[0], _DEFAULT)


@cache
def regions() -> dict[str, str]:
    """The partition of each region, by the region's code."""
    session = get_session()
    return {
        region: partition
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition)
    }
