"""`python deploy/torch_index.py torch==2.13.0`: prints the index that `make setup` installs torch from.

On Linux, pip's own index has the CUDA build, several GB that the sandbox does not use, so this prints PyTorch's CPU
index if it answers within a few seconds and has the pinned version. Otherwise it prints nothing: use pip's own index.
Runs before anything is installed: standard library only.
"""

import sys
import threading
import urllib.request
from collections.abc import Sequence

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
SECONDS = 5.0
"""Longest wait, name resolution included, which urllib's own timeout does not cover."""


def main(arguments: Sequence[str], platform: str = sys.platform, index: str = CPU_INDEX) -> int:
    """`arguments`: the pin, as in constraints.txt."""
    (pin,) = arguments
    if not platform.startswith("linux"):
        return 0
    if has(index, pin):
        sys.stdout.write(f"{index}\n")
    else:
        sys.stderr.write(f"      {index} has no {pin} or does not answer: using pip's own index\n")
    return 0


def has(index: str, pin: str, seconds: float = SECONDS) -> bool:
    """Whether the index lists a wheel of the pinned version, and says so in time."""
    found: list[bool] = []
    name, _, version = pin.partition("==")
    request = threading.Thread(
        target=lambda: found.append(_lists(f"{index}/{name}/", f"{name}-{version}")), daemon=True
    )
    request.start()
    request.join(seconds)
    return found == [True]


def _lists(address: str, wheel: str) -> bool:
    """Wheels of the CPU build are called `torch-2.13.0+cpu-…`, and `+` may be written `%2B`."""
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:  # noqa: S310  a constant https address
            page = answer.read().decode(errors="replace")
    except (OSError, ValueError):
        return False
    return any(f"{wheel}{end}" in page for end in ("+", "%2B", "%2b", "-"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
