"""The capabilities of a container: Docker's defaults, as Batch's job definitions can't name others.

https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities, and the fields of
https://docs.aws.amazon.com/batch/latest/APIReference/API_LinuxParameters.html
"""

import os
import shutil
from collections.abc import Sequence

DEFAULT = (
    *("chown", "dac_override", "fsetid", "fowner", "mknod", "net_raw", "setgid", "setuid", "setfcap", "setpcap"),
    *("net_bind_service", "sys_chroot", "kill", "audit_write"),
)


def limited(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the command that has no other capabilities. Only root has any to lose, and `setpriv` takes them."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        return tuple(arguments)
    bounding = ",".join(["-all", *(f"+{name}" for name in DEFAULT)])
    return (setpriv, "--bounding-set", bounding, "--inh-caps", "-all", *arguments)
