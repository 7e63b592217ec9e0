"""The container's log: the command's output as it arrives, with the entrypoint's own lines in between."""

import os
import sys
import threading

from trainer.contract import OWN_LINE
from trainer.credentials import without_credentials

_lock = threading.Lock()
_secrets: set[str] = set()


def hide(secret: str) -> None:
    """Mask this text in the entrypoint's own lines from now on."""
    if secret:
        _secrets.add(secret)


def masked(text: str) -> str:
    """Replace the hidden texts by `***`, and remove the credentials from all addresses."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    return without_credentials(text)


def log(text: str) -> None:
    """Write one line of the entrypoint's own."""
    emit(OWN_LINE + masked(text))


def emit(line: str) -> None:
    """Write one complete line, not mixed with those of other threads."""
    write((line + "\n").encode(errors="backslashreplace"))


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
