"""One bot for each store: a lock of the kernel's, which a kill -9 releases with everything else.

The lock goes with the open file, so a process that is forked without exec would keep it: start helpers by exec.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StoreError


@contextmanager
def lease(store: Path) -> Iterator[None]:
    """Holds `<store>.lock`; raises `StoreError`, saying who has it, while another does. Never waits."""
    path = store.with_name(store.name + ".lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                f"Another bot works on the store {store}: {_holder(descriptor)}.\n"
                "End that one first, or give this one a data_dir of its own."
            ) from None
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _sign(descriptor: int) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    signature = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, signature.encode(), 0)


def _holder(descriptor: int) -> str:
    try:
        signed = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {signed['pid']} on {signed['host']}, since {signed['since']}"
    except (ValueError, KeyError, TypeError):
        return "a process that has only just begun"
