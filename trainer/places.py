"""Where training code and entrypoint meet on the disk."""

import os
from pathlib import Path

from trainer.contract import Env

DEFAULT_OUTPUT = "output"


def output_dir() -> Path:
    """`OUTPUT_DIR`, made where it is missing; `output` in the current folder for a script run by hand."""
    folder = Path(os.environ.get(Env.OUTPUT_DIR) or DEFAULT_OUTPUT)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def control_dir() -> Path | None:
    """Where the entrypoint reads and leaves notes; None for a script run by hand."""
    folder = os.environ.get(Env.CONTROL_DIR)
    return Path(folder) if folder else None


def write_atomically(path: Path, content: bytes) -> None:
    """A reader sees the file as it was before or as it is now, and a killed process leaves one of the two.

    Not flushed to the device: a host that goes away takes its disk along.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
