"""The container's log: the command's output as it comes, and the entrypoint's own short lines between."""

import os
import sys
import threading

from trainer.contract import OWN_LINE
from trainer.credentials import without_credentials

_lock = threading.Lock()
_secrets: set[str] = set()


def hide(secret: str) -> None:
    """From now on, no line of the entrypoint's own has this."""
    if secret:
        _secrets.add(secret)


def masked(text: str) -> str:
    """Hide the secrets and the credentials of all addresses."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    return without_credentials(text)


def say(text: str) -> None:
    """One line of the entrypoint's own."""
    emit(OWN_LINE + masked(text))


def emit(line: str) -> None:
    """One whole line, unmixed with what other threads write."""
    write((line + "\n").encode())


def write(chunk: bytes) -> None:
    """Bytes to stdout, all of them or, where nobody reads any more, none."""
    with _lock:
        sys.stdout.flush()
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[os.write(sys.stdout.fileno(), rest) :]
        except BrokenPipeError:
            return
