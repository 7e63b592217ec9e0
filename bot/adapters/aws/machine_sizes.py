"""How large EC2's machines are, by their names.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html lists vCPUs and GPUs of the accelerated types,
https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html explains the names.
"""

import re
from collections.abc import Iterable

_SIZE = re.compile(r"(?P<family>[a-z0-9-]+)\.(?:(?P<times>\d*)x)?large")
_GPU_FAMILY = re.compile(r"(g\d|p\d|gr\d)")
_FREE_SHARE = 0.92
"""Of a machine's memory, what a job can ask for. "Because of platform memory overhead and memory occupied by the system
kernel, this number is different than the installed memory": 7,985 of 8,192 MiB of an m4.large, less 32 MiB for the
agent (https://docs.aws.amazon.com/batch/latest/userguide/memory-management.html); 31,431 of 32,768 of another
(https://github.com/aws/containers-roadmap/issues/2231). No page lists them all, so this is on the safe side.
Assumption: free-memory."""
_GIB_PER_VCPU = {
    **dict.fromkeys(("g4dn", "g4ad", "g5", "g6"), 4.0),
    **dict.fromkeys(("g6e", "gr6", "p3dn"), 8.0),
    "g5g": 2.0,
    "p3": 7.625,
    "p4d": 12.0,
    "p4de": 12.0,
    "p5": 10.6,
}
"""By family; https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html lists "Memory (GiB)" beside the vCPUs."""
_GENERAL = re.compile(r"(?P<kind>[cmr])(?P<generation>\d+)[a-z]*(?:-flex)?")
_GENERAL_GIB = {"c": 2.0, "m": 4.0, "r": 8.0}
"""https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html, co.html and mo.html."""
_OLD_GIB = {"c": 1.875, "m": 3.75, "r": 7.625}
"""Of generation 4. Older ones are not known here."""
_OLD = 4
_LARGEST_GENERAL = 12
"""A 12xlarge: every newer family of these has one; c4 ends with 8xlarge."""
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


def job_memory(name: str) -> int:
    """The MiB that a job can ask for on this type, or on the largest that is known of a family; 0 if unknown."""
    family, dot, _ = name.partition(".")
    per_vcpu = _gib_per_vcpu(family)
    return int(per_vcpu * (vcpus(name) if dot else _largest_vcpus(family)) * 1024 * _FREE_SHARE)


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


def _gib_per_vcpu(family: str) -> float:
    if family in _GIB_PER_VCPU:
        return _GIB_PER_VCPU[family]
    match = _GENERAL.fullmatch(family)
    if match is None or int(match["generation"]) < _OLD:
        return 0.0
    return (_OLD_GIB if int(match["generation"]) == _OLD else _GENERAL_GIB)[match["kind"]]


def _largest_vcpus(family: str) -> int:
    if family in _GPUS:
        return 4 * max(_GPUS[family])
    return 4 * (8 if family == "c4" else _LARGEST_GENERAL) if _GENERAL.fullmatch(family) else 0
