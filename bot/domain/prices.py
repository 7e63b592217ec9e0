"""What a machine costs an hour on demand in us-east-1, in USD: a spot machine may cost as much, but never more.

https://aws.amazon.com/ec2/pricing/on-demand/, read 2026-06 (G) and 2026-11 (M). "Spot Instances run at the Spot price",
which without a bid of one's own goes up to the on-demand price:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances.html. The types are the stack's defaults.
"""

from collections.abc import Iterable

ON_DEMAND_USD = {
    "g4dn.xlarge": 0.526,
    "g5.xlarge": 1.006,
    "g6.xlarge": 0.8048,
    "m6a.xlarge": 0.1728,
    "m6i.xlarge": 0.192,
    "m7i.xlarge": 0.2016,
}


def dearest(types: Iterable[str]) -> tuple[str, float] | None:
    """The type that costs most, with its price. None if none of the prices is known."""
    known = [(name, ON_DEMAND_USD[name]) for name in types if name in ON_DEMAND_USD]
    return max(known, key=lambda each: each[1], default=None)
