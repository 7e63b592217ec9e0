"""The container's log: the command's output as it arrives, with the entrypoint's own lines in between."""

import os
import sys
import threading

from trainer.contract import OWN_LINE
from trainer.credentials import without_credentials

_lock = threading.Lock()
_secrets: set[str] = set()
_SHORTEST = 4
"""Characters. Shorter texts, such as the braces of a JSON key, are everywhere: masking them would spoil the log."""


def hide(secret: str) -> None:
    """Mask this text from now on, and each of its lines: in the entrypoint's own lines and in the command's output."""
    for text in (secret, *secret.splitlines()):
        if len(text) >= _SHORTEST:
            _secrets.add(text)


def masked_output(chunk: bytes) -> bytes:
    """Replace the hidden texts in the command's output by `***`."""
    for secret in _longest_first():
        chunk = chunk.replace(secret.encode(errors="surrogateescape"), b"***")
    return chunk


def held_back(chunk: bytes) -> int:
    """Count the bytes at the end that may be the beginning of a hidden text, whose rest has not arrived yet."""
    most = 0
    for secret in (text.encode(errors="surrogateescape") for text in _secrets):
        for size in range(min(len(secret) - 1, len(chunk)), most, -1):
            if chunk.endswith(secret[:size]):
                most = size
                break
    return most


def masked(text: str) -> str:
    """Replace the hidden texts by `***`, and remove the credentials from all addresses."""
    for secret in _longest_first():
        text = text.replace(secret, "***")
    return without_credentials(text)


def _longest_first() -> list[str]:
    return sorted(_secrets, key=len, reverse=True)


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
