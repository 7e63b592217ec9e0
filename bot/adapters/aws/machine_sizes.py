"""How large EC2's machines are, by their names.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html lists vCPUs and GPUs of the accelerated types,
https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html explains the names.
"""

import re
from collections.abc import Iterable

_SIZE = re.compile(r"(?P<family>[a-z0-9-]+)\.(?:(?P<times>\d*)x)?large")
_GPU_FAMILY = re.compile(r"(g\d|p\d|gr\d)")
_SINGLE = dict.fromkeys((1, 2, 4, 8, 16), 1)
_GPUS = {
    "g4dn": _SINGLE | {12: 4},
    **dict.fromkeys(("g5", "g6", "g6e"), _SINGLE | {12: 4, 24: 4, 48: 8}),
    "p3": {2: 1, 8: 4, 16: 8},
    "p4d": {24: 8},
    "p5": {4: 1, 48: 8},
}
"""By family and size: a 2xlarge has 2 in its name."""


def vcpus(name: str) -> int:
    """2 for a large, 4 for an xlarge, 4n for an nxlarge; 0 if the name does not say, such as a family's."""
    match = _SIZE.fullmatch(name)
    if match is None:
        return 0
    times = match["times"]
    return 2 if times is None else 4 * int(times or 1)


def gpus(name: str) -> int | None:
    """None if the type is not in the list, or the name is a family's that has GPUs."""
    if not _GPU_FAMILY.match(name):
        return 0
    match = _SIZE.fullmatch(name)
    return _GPUS.get(match["family"], {}).get(int(match["times"] or 1)) if match else None


def too_small(types: Iterable[str], needed_vcpus: float, needed_gpus: int) -> str:
    """What no machine of these has, as in "a job needs 2 GPUs"; empty if one may have it."""
    known = [(vcpus(name), gpus(name)) for name in types]
    if not known:
        return ""
    if all(count is not None and count < needed_gpus for _, count in known):
        return f"a job needs {needed_gpus} GPU{'s' if needed_gpus > 1 else ''}"
    if all(size and size < needed_vcpus for size, _ in known):
        return f"a job needs {needed_vcpus:g} vCPUs"
    return ""
