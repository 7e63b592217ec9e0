"""Folders shared by the training code and the entrypoint, and how to write files there."""

import os
from pathlib import Path

from trainer.contract import Env

DEFAULT_OUTPUT = "output"


def output_dir() -> Path:
    """Return `OUTPUT_DIR`, creating it if needed: `output` in the current folder for a script run by hand."""
    folder = Path(os.environ.get(Env.OUTPUT_DIR) or DEFAULT_OUTPUT)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def control_dir() -> Path | None:
    """Return the folder through which entrypoint and training code signal each other. None for a run by hand."""
    folder = os.environ.get(Env.CONTROL_DIR)
    return Path(folder) if folder else None


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file. Readers see the old content or the new, never a part, and so does a restart after a kill.

    Does not flush to the device: if the host is lost, so is its disk.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
