"""The container's log: the command's output as it arrives, with the entrypoint's own lines in between.

Nothing enters it with a secret in it: what the log service keeps, many can read.
"""

import os
import sys
import threading

from trainer.contract import OWN_LINE
from trainer.credentials import without_credentials
from trainer.redaction.stream import redacted

_lock = threading.Lock()


def masked(text: str) -> str:
    """Replace secrets by what they were, and remove the credentials from all addresses."""
    return redacted(without_credentials(text))


def log(text: str) -> None:
    """Write one line of the entrypoint's own."""
    emit(OWN_LINE + masked(text))


def emit(line: str) -> None:
    """Write one complete line, without secrets, not mixed with those of other threads."""
    write((redacted(line) + "\n").encode(errors="backslashreplace"))


def write(chunk: bytes) -> None:
    """Write all bytes to stdout. Does nothing if its reader has gone."""
    with _lock:
        sys.stdout.flush()
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[os.write(sys.stdout.fileno(), rest) :]
        except BrokenPipeError:
            return
