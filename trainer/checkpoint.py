"""Checkpoints for training code, in three lines, with or without torch:

    state = trainer.checkpoint.load() or {"epoch": 0}
    for epoch in range(state["epoch"] + 1, epochs + 1):
        ...
        trainer.report(epoch=epoch, epochs=epochs, train_loss=loss)
        trainer.checkpoint.save({"epoch": epoch, "weights": weights})

A checkpoint includes the table of metrics at the time of saving, so report first, then save: the attempt that
resumes from it continues with exactly these rows.
"""

import time
from pathlib import Path
from typing import Any

from trainer import safe_pickle
from trainer.contract import CHECKPOINT, PREVIOUS_CHECKPOINT
from trainer.metrics import live
from trainer.places import control_dir, output_dir, write_atomically

NOTICE = "notice"
"""File in the control folder: AWS is about to take the host back."""
SAFE = "safe"
"""File in the control folder: the fingerprint of the checkpoint that was stored last."""
_STORE_TIMEOUT_SECONDS = 60.0
_POLL_SECONDS = 0.005
_unstored: list[str] = []
"""The last checkpoint's fingerprint, until the entrypoint has stored it."""


def save(state: Any) -> None:
    """Save the state, atomically: numbers, containers, tensors, arrays, random states, and the project's own classes.

    Raises TypeError, with key and type, for anything that `load` could not give back.
    """
    path = output_dir() / CHECKPOINT
    write_atomically(path, safe_pickle.dumps({"state": state, "metrics": live.text()}))
    _unstored[:] = [fingerprint(path)]


def load() -> Any | None:
    """Return the state of the newest readable checkpoint. None if there is none to resume from.

    A damaged file is passed over. Raises RuntimeError if a checkpoint is whole and yet cannot be loaded, because one of
    its classes is not defined yet, or is not the project's own: starting again would cost all that was trained.
    """
    for name in (CHECKPOINT, PREVIOUS_CHECKPOINT):
        path = output_dir() / name
        if not path.exists():
            continue
        try:
            saved = safe_pickle.loads(path.read_bytes())
            state, metrics = saved["state"], saved["metrics"]
        except (AttributeError, ImportError, safe_pickle.NotLoadable) as error:
            raise RuntimeError(
                f"{name} cannot be loaded: {_first_line(error)}. Call load() after the classes in it are defined, "
                "or save their values instead."
            ) from error
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


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
