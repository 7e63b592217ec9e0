"""Checkpoints for training code, in three lines, with or without torch:

    state = trainer.checkpoint.load() or {"epoch": 0}
    for epoch in range(state["epoch"] + 1, epochs + 1):
        ...
        trainer.report(epoch=epoch, epochs=epochs, train_loss=loss)
        trainer.checkpoint.save({"epoch": epoch, "weights": weights})

A checkpoint carries the table of metrics as it was when it was saved, so report first and save then: the
attempt that goes on from it goes on with exactly these rows.
"""

import io
import pickle
import sys
import time
from pathlib import Path
from typing import Any

from trainer.contract import CHECKPOINT, PREVIOUS_CHECKPOINT
from trainer.metrics import live
from trainer.places import control_dir, output_dir, write_atomically

NOTICE = "notice"
SAFE = "safe"
_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.005
_ZIP = b"PK"
"""How what `torch.save` writes begins."""
_unsafe: list[str] = []
"""The print of the last checkpoint, until the entrypoint has said that it is stored."""


def save(state: Any) -> None:
    """Keeps the state, atomically. With torch imported, whatever `torch.save` takes; else whatever pickles."""
    path = output_dir() / CHECKPOINT
    write_atomically(path, _packed({"state": state, "metrics": live.text()}))
    _unsafe[:] = [print_of(path)]


def load() -> Any | None:
    """The state of the newest checkpoint that can be read; None where there is none to go on from."""
    for name in (CHECKPOINT, PREVIOUS_CHECKPOINT):
        path = output_dir() / name
        if not path.exists():
            continue
        try:
            kept = _unpacked(path.read_bytes())
            state, metrics = kept["state"], kept["metrics"]
        except Exception as error:  # a file of garbage raises anything
            print(f"signalbox: {name} cannot be read ({_first_line(error)})", flush=True)  # noqa: T201
            continue
        live.restore(metrics)
        return state
    return None


def wanted() -> bool:
    """Whether the host goes away soon, and a checkpoint is better saved now than at the usual time."""
    folder = control_dir()
    return folder is not None and (folder / NOTICE).exists()


def wait_until_safe() -> None:
    """Waits until the last checkpoint is stored, a minute at most; at once where nobody stores it.

    Called before a further epoch is told: so never more than one told epoch can be lost with a host.
    """
    folder = control_dir()
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while _unsafe and folder is not None and time.monotonic() < give_up:
        if _said_safe(folder) == _unsafe[0]:
            break
        time.sleep(_LOOK_SECONDS)
    _unsafe.clear()


def print_of(path: Path) -> str:
    """What tells this version of a file from the next."""
    stat = path.stat()
    return f"{stat.st_ino} {stat.st_mtime_ns} {stat.st_size}"


def _said_safe(folder: Path) -> str:
    try:
        return (folder / SAFE).read_text()
    except FileNotFoundError:
        return ""


def _packed(kept: dict[str, Any]) -> bytes:
    torch = sys.modules.get("torch")
    if torch is None:
        return pickle.dumps(kept)
    buffer = io.BytesIO()
    torch.save(kept, buffer)
    return buffer.getvalue()


def _unpacked(content: bytes) -> Any:
    if content.startswith(_ZIP):
        import torch  # noqa: PLC0415  slow, and only where it wrote the file

        return torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    return pickle.loads(content)  # noqa: S301  the job's own file, from its own place in the bucket


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
