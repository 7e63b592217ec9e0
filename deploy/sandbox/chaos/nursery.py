"""Bots by fork: `python -m deploy.sandbox.chaos.nursery CONFIG LOG`.

Most of what a start takes is imports. Here they are done once, and each bot is a fork that runs `bot run` as the
command line does. A line of input starts one; the answers are its process id and, when it has ended, its status.
"""

import os
import sys
from typing import NoReturn

from bot.__main__ import app


def main() -> None:
    config, log = sys.argv[1:]
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _be_a_bot(config, log)
        os.setpgid(pid, pid)  # here too: whoever is told of it may kill its group at once
        _say(pid)
        _, status = os.waitpid(pid, 0)
        _say(os.waitstatus_to_exitcode(status))


def _be_a_bot(config: str, log: str) -> NoReturn:
    """Its own process group, no input, its output at the end of the log: as `BotProcess` starts one."""
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    status: object = 1
    try:
        app(["run", "--config", config])
    except SystemExit as end:
        status = end.code
    finally:
        os._exit(status if isinstance(status, int) else 0)


def _say(number: int) -> None:
    os.write(sys.stdout.fileno(), b"%d\n" % number)


if __name__ == "__main__":
    main()
