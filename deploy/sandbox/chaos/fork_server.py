"""Processes by fork: `python -m deploy.sandbox.chaos.fork_server PACKAGE LOG ARGUMENT…`.

Most of what a start takes is imports. Here they are done once, and each fork does what `python -m PACKAGE ARGUMENT…`
would, by the package's own typer app. A line of input starts one; the answers are its process id and, when it has
ended, its status.
"""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

App = Callable[[Sequence[str]], object]


def main() -> None:
    package, log, *arguments = sys.argv[1:]
    app: App = importlib.import_module(f"{package}.__main__").app
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _run(app, arguments, log)
        os.setpgid(pid, pid)  # here too: whoever is told of it may kill its group at once
        _say(pid)
        _, status = os.waitpid(pid, 0)
        _say(os.waitstatus_to_exitcode(status))


def _run(app: App, arguments: Sequence[str], log: str) -> NoReturn:
    """Its own process group, no input, its output at the end of the log: as `BotProcess` starts one."""
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    status: object = 1
    try:
        app(arguments)
    except SystemExit as end:
        status = end.code or 0
    finally:
        os._exit(status if isinstance(status, int) else 1)


def _say(number: int) -> None:
    os.write(sys.stdout.fileno(), b"%d\n" % number)


if __name__ == "__main__":
    main()
