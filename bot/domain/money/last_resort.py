"""What a machine costs an hour on demand, in USD, for when the price list was never read: a table of us-east-1.

https://aws.amazon.com/ec2/pricing/on-demand/, Linux, read 2026-06 (G) and 2026-11 (the others). A spot machine may cost
as much, but never more: "Spot Instances run at the Spot price", which without a bid of one's own goes up to the
on-demand price: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances.html
"""

from collections.abc import Iterable

from bot.domain.money.rates import belongs

HOME = "us-east-1"
READ_AT = 1_780_272_000.0
"""2026-06-01, in seconds since the epoch: that of the oldest prices below."""
ELSEWHERE = 2.0
"""How much more any other region costs, at most. The most expensive one, sa-east-1, asks 1.7 times as much for a
g4dn.xlarge: https://instances.vantage.sh/aws/ec2/g4dn.xlarge. Assumption: region-factor."""
GIB_MONTH_USD = 0.08
"""Of a disk (gp3): https://aws.amazon.com/ebs/pricing/, 2026-11."""
_LINEAR = {"c6i": 0.17, "c7i": 0.1785, "m5": 0.192, "m6a": 0.1728, "m6i": 0.192, "m7i": 0.2016, "r6i": 0.252}
"""Of an xlarge; twice the size costs twice as much."""
_BY_SIZE = {
    "g4dn": {1: 0.526, 2: 0.752, 4: 1.204, 8: 2.176, 12: 3.912, 16: 4.352},
    "g5": {1: 1.006, 2: 1.212, 4: 1.624, 8: 2.448, 12: 5.672, 16: 4.096, 24: 8.144, 48: 16.288},
    "g6": {1: 0.8048, 2: 0.9776, 4: 1.3232, 8: 2.0144, 12: 4.6016, 16: 3.3968, 24: 6.6752, 48: 13.3504},
    "g6e": {1: 1.861, 2: 2.24208, 4: 3.00424, 8: 4.52856, 12: 10.49264, 16: 7.57719, 24: 15.06559, 48: 30.13118},
    "p3": {2: 3.06, 8: 12.24, 16: 24.48},
    "p4d": {24: 21.957642},
    "p5": {48: 55.04},
    **{family: {times: price * times for times in (1, 2, 4, 8, 12, 16, 24)} for family, price in _LINEAR.items()},
}
ON_DEMAND_USD = {
    **{f"{family}.large": price / 2 for family, price in _LINEAR.items()},
    **{
        f"{family}.{'' if times == 1 else times}xlarge": round(price, 6)
        for family, sizes in _BY_SIZE.items()
        for times, price in sizes.items()
    },
}


def dearest(types: Iterable[str]) -> tuple[str, float] | None:
    """The type that costs most, with its price. None if none of the prices is known."""
    known = [(name, ON_DEMAND_USD[name]) for name in types if name in ON_DEMAND_USD]
    return max(known, key=lambda each: each[1], default=None)


def prices(region: str, names: Iterable[str]) -> dict[str, float]:
    """Never below the truth, as far as the table knows the types: by type, those of a family all together."""
    times = _factor(region)
    return {machine: usd * times for name in names for machine, usd in ON_DEMAND_USD.items() if belongs(machine, name)}


def disk_price(region: str) -> float:
    """USD a month for a GiB."""
    return GIB_MONTH_USD * _factor(region)


def _factor(region: str) -> float:
    return 1.0 if region == HOME else ELSEWHERE
