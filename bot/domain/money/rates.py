"""Which prices can be. A service that answers with any other one is not believed."""

import math

MOST_USD_PER_HOUR = 1_000.0
"""Of one machine. The largest of EC2's, with 32 TiB of memory, cost about 400 on demand:
https://aws.amazon.com/ec2/pricing/on-demand/, u7inh-32tb.480xlarge, 2026-11."""
MOST_USD_PER_GIB_MONTH = 10.0
"""Of a disk. The most expensive kind, io2, is at 0.125: https://aws.amazon.com/ebs/pricing/, 2026-11."""
HOURS_A_MONTH = 730.0


def belongs(machine: str, name: str) -> bool:
    """Whether a type is the named one, or of the named family: `g4dn.xlarge` is of `g4dn`."""
    return machine == name or ("." not in name and machine.startswith(f"{name}."))


def checked_usd(amount: float, most: float = MOST_USD_PER_HOUR) -> float:
    """The price, if it can be one. Raises ValueError for 0, a negative, an infinite or an absurd one, and for NaN."""
    if not (math.isfinite(amount) and 0 < amount <= most):
        raise ValueError(f"{amount:g} USD cannot be a price: it must be above 0 and at most {most:g}")
    return amount
