"""Who does what in a job. In the image the entrypoint is root, and everything else is not.

- Root passes no right of its own on: towards files the entrypoint has the training's rights alone (`setfsuid`), so a
  link that the training leaves leads nowhere that the training could not read itself. Root is for users and signals,
  for the role's credentials, and for the machine's metadata, which the stack closes to everybody else.
- One user fetches the code with the token. It ends before anything of the repository runs.
- Another one installs and trains. To it `/proc/<pid>/environ` and the memory of the others are closed:
  https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html, https://man7.org/linux/man-pages/man2/ptrace.2.html

Nobody regains rights by a program with the setuid bit: https://docs.kernel.org/userspace-api/no_new_privs.html.
Docker's default capabilities suffice: CHOWN, KILL, SETGID and SETUID of https://docs.docker.com/engine/containers/run/.
"""

import ctypes
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.contract import Env

_NO_NEW_PRIVS, _SET_DUMPABLE = 38, 4
"""Of prctl(2)."""
_KILLS = 10


@dataclass(frozen=True, slots=True)
class User:
    """A user of the image, by number; it may be missing in /etc/passwd. Its group has the same number."""

    number: int
    home: Path

    def own(self, folder: Path) -> None:
        """Give it a folder with everything below. No link is followed."""
        with as_root():
            os.chown(folder, self.number, self.number, follow_symlinks=False)
            for _, folders, files, at in os.fwalk(folder, follow_symlinks=False):
                for name in (*folders, *files):
                    os.chown(name, self.number, self.number, dir_fd=at, follow_symlinks=False)

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {**environment, "HOME": str(self.home)}


def identity(user: User | None) -> dict[str, Any]:
    """Return the arguments with which `subprocess` starts a program as this user, in no other group."""
    return {} if user is None else {"user": user.number, "group": user.number, "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Users:
    training: User
    fetching: User


def separate(environment: Mapping[str, str] = os.environ) -> Users | None:
    """Separate the users of an image that is made for it. None if this process is not root: then all are one user.

    Call it before the first thread starts: each thread has rights of its own, and begins with those of its starter.
    """
    numbers = [environment.get(name, "") for name in (Env.TRAINING_UID, Env.FETCH_UID)]
    if os.geteuid() != 0 or not all(number.isdecimal() and int(number) > 0 for number in numbers):
        return None
    training, fetching = (_user(int(number)) for number in numbers)
    _prctl(_NO_NEW_PRIVS, 1)
    os.setgroups([])
    _files_as(training.number)
    return Users(training, fetching)


def end_all(user: User) -> None:
    """Kill every process of this user: a daemon that has left the command's process group, too.

    A process of that user does it, by "-1", everybody whom it may signal, so that nothing can fork away:
    https://man7.org/linux/man-pages/man2/kill.2.html. They may kill it first, so it is repeated until none is left.
    Users are the machine's, so this is done only where process 1, or its child, is the entrypoint: in a container.
    """
    if os.geteuid() != 0 or 1 not in (os.getpid(), os.getppid()):
        return
    number = user.number
    script = f"import os; os.setresuid({number}, {number}, {number}); os.kill(-1, 9)"
    for _ in range(_KILLS):
        subprocess.run([sys.executable, "-I", "-S", "-c", script], check=False, stderr=subprocess.DEVNULL)
        if not any(_belongs(place, number) for place in Path("/proc").glob("[0-9]*")):
            return


def _belongs(place: Path, number: int) -> bool:
    """True for a process of the user that is no zombie."""
    try:
        told = dict(line.split(":\t", 1) for line in (place / "status").read_text().splitlines() if ":\t" in line)
    except OSError:
        return False
    return number in map(int, told["Uid"].split()) and not told["State"].startswith(("Z", "X"))


def close_memory() -> None:
    """Close this process's memory and environment to other processes of the same user.

    https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
    """
    _prctl(_SET_DUMPABLE, 0)


@contextmanager
def as_root() -> Iterator[None]:
    """Have root's rights towards files and sockets again, in this thread. Does nothing for other users.

    The kernel's owner match asks for the rights towards files: xt_owner looks at `f_cred->fsuid`.
    https://github.com/torvalds/linux/blob/master/net/netfilter/xt_owner.c
    """
    before = _fsuid()
    if os.geteuid() != 0 or before == 0:
        yield
        return
    _files_as(0)
    try:
        yield
    finally:
        _files_as(before)


def _files_as(number: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.setfsgid(number)
    libc.setfsuid(number)
    if _fsuid() != number:
        raise PermissionError(f"the rights of user {number} cannot be taken on")


def _fsuid() -> int:
    """An impossible number changes nothing: https://man7.org/linux/man-pages/man2/setfsuid.2.html"""
    return int(ctypes.CDLL(None).setfsuid(-1)) & 0xFFFFFFFF


def _user(number: int) -> User:
    try:
        return User(number, Path(pwd.getpwuid(number).pw_dir))
    except KeyError:
        return User(number, Path("/"))


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option})")
