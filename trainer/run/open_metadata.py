"""Try, as the user that trains, whether the machine's metadata answers. Whoever reads it can act as the machine's role.

The stack's machines close it by a firewall rule for users, which this finds out before code of the repository runs.
"""

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from subprocess import TimeoutExpired

from trainer.contract import Env, ExitCode
from trainer.errors import Ended
from trainer.process import console
from trainer.process.tools import Programs
from trainer.run.spot import Metadata

_SECONDS = 1.0
"""Where there is no metadata service nothing answers, not even with a refusal."""
_OTHERS = ("[fd00:ec2::254]:80", "127.0.0.1:51678")
"""The service by IPv6, and what the ECS agent tells about all tasks of the machine:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-introspection.html"""
_TRY = f"""
import selectors, socket, sys, time
trying = selectors.DefaultSelector()
for place in sys.argv[1:]:
    host, _, port = place.rpartition(":")
    host = host.strip("[]")
    try:
        each = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        each.setblocking(False)
        each.connect_ex((host, int(port)))
        trying.register(each, selectors.EVENT_WRITE, place)
    except OSError:
        pass
until = time.monotonic() + {_SECONDS}
while trying.get_map() and time.monotonic() < until:
    for key, _ in trying.select(max(0, until - time.monotonic())):
        if not key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            print(key.data)
        trying.unregister(key.fileobj)
"""


class OpenMetadata:
    """Looks in the background. `programs` run as the user that trains; `separated`: that is not the entrypoint's."""

    def __init__(self, programs: Programs, *, separated: bool, environment: Mapping[str, str] = os.environ) -> None:
        self._programs = programs
        self._promised = separated and bool(environment.get(Env.TRAINING_ROLE_ARN))
        self._found: Sequence[str] = ()
        self._places: Sequence[str] = _places(Metadata.from_environment(environment))
        self._looking = threading.Thread(target=self._look, daemon=True, name="open metadata")
        self._looking.start()

    def check(self) -> None:
        """Say what answers. Raises `Ended` if the command has a role of its own: then it must not get the machine's."""
        self._looking.join()
        if not self._found:
            return
        what = f"This machine's metadata answers the job's code (at {', '.join(self._found)}), and with it the code"
        if self._promised:
            message = (
                f"{what} could act as the machine. Nothing of the repository has run. Close the metadata to all users "
                "but root, as the user data of the stack's machines does (deploy/aws/stack/machine_userdata.py)."
            )
            raise Ended(ExitCode.METADATA_OPEN, message)
        console.log(f"{what} can act as the machine")

    def _look(self) -> None:
        if not self._places:
            return
        try:
            told = self._programs.run([sys.executable, "-I", "-S", "-c", _TRY, *self._places], timeout=20 * _SECONDS)
        except (OSError, TimeoutExpired):
            return
        self._found = told.stdout.split()


def _places(metadata: Metadata | None) -> Sequence[str]:
    return (metadata.place, *_OTHERS) if metadata else ()
