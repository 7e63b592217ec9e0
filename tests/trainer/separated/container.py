"""A container with users, for tests as root: its own processes, Docker's capabilities, and a world-readable Python."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from deploy.sandbox.aws.containers.capabilities import limited

TRAINING, FETCHING = 61_000, 61_001
"""Users that no machine has."""
OF_ROOT = "a-file-of-root"
VARIABLES = {"SIGNALBOX_TRAINING_UID": str(TRAINING), "SIGNALBOX_FETCH_UID": str(FETCHING)}


def command(arguments: Sequence[str], *, machine: str = "") -> list[str]:
    """Return the command that runs these arguments in such a container, as root.

    `machine` is a script that runs before, with all capabilities, in a network of its own that is the container's too.
    """
    script = f"{_opened()}{machine}\nexec {shlex.join(limited(arguments))}"
    network = ["--net"] if machine else []
    return ["unshare", *network, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec", script]


@cache
def why_not() -> str:
    """Explain why it does not work here; "" if it does."""
    if os.geteuid() != 0:
        return "only root can start processes of other users"
    if missing := [name for name in ("unshare", "setpriv") if shutil.which(name) is None]:
        return f"{missing[0]} is missing"
    tried = subprocess.run(command([sys.executable, "-c", ""]), capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode else ""


def _opened() -> str:
    """Make the folders above this Python's own readable, if one of them is somebody's home."""
    python = Path(sys.base_prefix).resolve()
    closed = next((each for each in reversed(python.parents) if not each.stat().st_mode & 0o001), None)
    if closed is None:
        return ""
    return (
        f"mkdir -p /run/signalbox-python && mount --bind {python} /run/signalbox-python && "
        f"mount -t tmpfs -o mode=755 tmpfs {closed} && mkdir -p {python} && "
        f"mount --bind /run/signalbox-python {python} && "
    )
