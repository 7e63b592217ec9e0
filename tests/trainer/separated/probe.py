"""Training code that tries to get at what is not its own, and writes down what it got. Standard library only."""

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def readable(path: str) -> str:
    try:
        return Path(path).read_bytes().decode(errors="replace")
    except OSError as error:
        return f"refused: {type(error).__name__}"


def processes() -> dict[str, dict[str, str]]:
    """What can be read of all others: their environment, and a byte of each of their mappings."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        if int(place.name) != os.getpid():
            names = ("environ", "maps", "mem", "cwd/.", "root/etc/passwd", "fd/0", "auxv")
            read = {name: readable(f"{place}/{name}") for name in names}
            command = readable(f"{place}/cmdline")
            with suppress(FileNotFoundError):  # it has ended meanwhile
                found[place.name] = {**read, "command": command, "uid": str(place.stat().st_uid)}
    return found


def signalled(pid: int) -> str:
    try:
        os.kill(pid, signal.SIGCONT)
    except OSError as error:
        return f"refused: {type(error).__name__}"
    return "sent"


def main(root_only: str) -> None:
    output = Path(os.environ["OUTPUT_DIR"])
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    links = {
        "root.txt": root_only,
        "parent.txt": f"/proc/{os.getppid()}/environ",
        "self.txt": "/proc/self/environ",
        "thread.txt": "/proc/thread-self/environ",
        "init.txt": "/proc/1/environ",
        "memory.txt": "/proc/self/mem",
    }
    for name, target in links.items():
        (output / name).symlink_to(target)
        with suppress(OSError):
            Path(f"kept-{name}").symlink_to(target)
    (output / "metrics.csv").symlink_to(root_only)
    (output / "mine.txt").write_text("an artifact")
    found = {
        "uid": [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()],
        "status": {name: status.get(name, "") for name in ("CapEff", "CapPrm", "CapAmb", "NoNewPrivs", "Uid")},
        "environment": dict(os.environ),
        "processes": processes(),
        "signalled": [signalled(os.getppid()), signalled(1)],
        "root only": readable(root_only),
        "traces": {path.name: readable(str(path)) for path in Path(sys.argv[2]).glob("seen-*")},
        "git": readable(".git/config"),
        "written": Path("train.py").stat().st_uid == os.getuid() and os.access(".git", os.W_OK),
    }
    (output / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
