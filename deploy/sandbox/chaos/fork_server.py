"""Start a program many times by forking: `python -m deploy.sandbox.chaos.fork_server PACKAGE LOG ARGUMENT…`.

A start spends most of its time on imports. This process imports the package once; each fork then does what
`python -m PACKAGE ARGUMENT…` would, by calling the package's typer app. Each line of input starts one fork. The output
is its process id and, once it has ended, its exit status.

Not multiprocessing's forkserver: a process has only one, with the environment of its first start, and each sandbox
needs its own environment, by which the reaper finds its processes.
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
        os.setpgid(pid, pid)  # also here: the reader of the id may kill the group at once
        _print(pid)
        _, status = os.waitpid(pid, 0)
        _print(os.waitstatus_to_exitcode(status))


def _run(app: App, arguments: Sequence[str], log: str) -> NoReturn:
    """Run the app as `BotProcess` would: in its own process group, without input, appending its output to the log."""
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


def _print(number: int) -> None:
    os.write(sys.stdout.fileno(), b"%d\n" % number)


if __name__ == "__main__":
    main()
