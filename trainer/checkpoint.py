"""Checkpoints for training code, in three lines, with or without torch:

    state = trainer.checkpoint.load() or {"epoch": 0}
    for epoch in range(state["epoch"] + 1, epochs + 1):
        ...
        trainer.report(epoch=epoch, epochs=epochs, train_loss=loss)
        trainer.checkpoint.save({"epoch": epoch, "weights": weights})

A checkpoint includes the table of metrics at the time of saving, so report first, then save: the attempt that
resumes from it continues with exactly these rows.
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
"""File in the control folder: AWS is about to take the host back."""
SAFE = "safe"
"""File in the control folder: the fingerprint of the checkpoint that was stored last."""
_STORE_TIMEOUT_SECONDS = 60.0
_POLL_SECONDS = 0.005
_ZIP = b"PK"
"""The first bytes of a file written by `torch.save`."""
_unstored: list[str] = []
"""The last checkpoint's fingerprint, until the entrypoint has stored it."""


def save(state: Any) -> None:
    """Save the state, atomically. With torch imported anything `torch.save` takes, else anything that pickles."""
    path = output_dir() / CHECKPOINT
    write_atomically(path, _serialize({"state": state, "metrics": live.text()}))
    _unstored[:] = [fingerprint(path)]


def load() -> Any | None:
    """Return the state of the newest readable checkpoint. None if there is none to resume from."""
    for name in (CHECKPOINT, PREVIOUS_CHECKPOINT):
        path = output_dir() / name
        if not path.exists():
            continue
        try:
            saved = _deserialize(path.read_bytes())
            state, metrics = saved["state"], saved["metrics"]
        except Exception as error:  # a damaged file can raise anything
            print(f"signalbox: {name} cannot be read ({_first_line(error)})", flush=True)  # noqa: T201
            continue
        live.restore(metrics)
        return state
    return None


def wanted() -> bool:
    """Whether the host is about to go away, so a checkpoint should be saved now and not at the usual time."""
    folder = control_dir()
    return folder is not None and (folder / NOTICE).exists()


def wait_until_safe() -> None:
    """Wait until the last checkpoint is stored, for at most a minute. Returns at once if no entrypoint stores it.

    Called before the next epoch is reported, so a lost host never costs more than one reported epoch.
    """
    folder = control_dir()
    deadline = time.monotonic() + _STORE_TIMEOUT_SECONDS
    while _unstored and folder is not None and time.monotonic() < deadline:
        if _stored_fingerprint(folder) == _unstored[0]:
            break
        time.sleep(_POLL_SECONDS)
    _unstored.clear()


def fingerprint(path: Path) -> str:
    """Return a text that changes whenever the file is replaced."""
    stat = path.stat()
    return f"{stat.st_ino} {stat.st_mtime_ns} {stat.st_size}"


def _stored_fingerprint(folder: Path) -> str:
    try:
        return (folder / SAFE).read_text()
    except FileNotFoundError:
        return ""


def _serialize(content: dict[str, Any]) -> bytes:
    torch = sys.modules.get("torch")
    if torch is None:
        return pickle.dumps(content)
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _deserialize(content: bytes) -> Any:
    if content.startswith(_ZIP):
        import torch  # noqa: PLC0415  slow to import, and only needed if it wrote the file

        return torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    return pickle.loads(content)  # noqa: S301  the job's own file, from its own prefix in the bucket


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
