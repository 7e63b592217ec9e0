"""Kill the containers' processes when the stand-in ends in any way, including SIGKILL.

`python -m deploy.sandbox.aws.containers.reaper DIRECTORY` reads `+<process group> <mark>` and `-<process group>` lines.
At the end of its input, which comes when the stand-in ends, it kills the remaining groups and removes the directory.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from deploy.sandbox.aws.containers.kill import kill_group, kill_marked


class Reaper:
    """Starts the reaper process and tells it which process groups to watch."""

    def __init__(self, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deploy.sandbox.aws.containers.reaper", str(directory)],
            stdin=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[4],
            text=True,
            bufsize=1,
            start_new_session=True,
        )

    def watch(self, group: int, mark: str) -> None:
        self._write(f"+{group} {mark}\n")

    def forget(self, group: int) -> None:
        self._write(f"-{group}\n")

    def close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def _write(self, line: str) -> None:
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.write(line)


def main(lines: Iterable[str], directory: Path) -> None:
    groups: dict[int, str] = {}
    for line in lines:
        number, _, mark = line[1:].strip().partition(" ")
        if line.startswith("+"):
            groups[int(number)] = mark
        else:
            groups.pop(int(number), None)
    for group, mark in groups.items():
        kill_group(group)
        kill_marked(mark)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(sys.stdin, Path(sys.argv[1]))
