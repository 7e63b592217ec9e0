"""A machine of the stack, for tests as root: its metadata service, its ECS agent and its firewall, in a network of its
own. The rules are those of the deployed template."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

SERVICE = Path(__file__).with_name("metadata_service.py")
_TEMPLATE = Path(__file__).parents[3] / "deploy" / "aws" / "template.json"
_ADDRESSES = ("169.254.169.254/32", "fd00:ec2::254/128", "10.9.9.9/32", "fd00:9::9/128")
"""The service's, and two that are the machine's own: packets come from these, as a reply to one's own address is
dropped, too."""
_ROUTES = (
    "ip route replace local 169.254.169.254 dev lo src 10.9.9.9 table local",
    "ip -6 route replace local fd00:ec2::254 dev lo src fd00:9::9 table local",
)


def rules() -> list[str]:
    """The firewall of the template's user data, without what a machine does if a rule can't be set."""
    found = re.findall(r"ip6?tables [^|]*(?=\|\| shutdown -h now)", json.dumps(json.loads(_TEMPLATE.read_text())))
    assert found, "the template has no rules"
    return list(dict.fromkeys(each.strip() for each in found))


def script(place: Path, *, firewall: bool) -> str:
    """Set up the machine. Ends when its services answer, which a file in `place` says."""
    serving = place / "serving"
    serve = f"{shlex.join([sys.executable, '-I', str(SERVICE), str(serving)])} & "
    lines = [
        "ip link set lo up",
        *(f"ip address add {each} dev lo{' nodad' if ':' in each else ''}" for each in _ADDRESSES),
        *_ROUTES,
    ]
    return "\n".join([*lines, *(rules() if firewall else []), serve, f"until test -e {serving}; do sleep 0.05; done"])


@cache
def why_not() -> str:
    """Explain why it does not work here; "" if it does."""
    if missing := [name for name in ("ip", "iptables", "ip6tables", "unshare") if shutil.which(name) is None]:
        package = "iproute2" if missing[0] == "ip" else "iptables"
        return f"{missing[0]} is missing: apt-get install {package}"
    lines = [
        "ip link set lo up",
        *(f"ip address add {each} dev lo{' nodad' if ':' in each else ''}" for each in _ADDRESSES),
        *_ROUTES,
        *rules(),
    ]
    command = ["unshare", "--net", "sh", "-ec", "\n".join(lines)]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    return tried.stderr.strip() or f"exit {tried.returncode}" if tried.returncode else ""
