"""Report progress from training code: `trainer.report(epoch=3, epochs=10, train_loss=0.12)`."""

import numbers
import sys

from trainer import checkpoint
from trainer.contract import OWN_LINE, format_metrics
from trainer.metrics import live

_left_out: set[str] = set()
"""Names whose value was no number, once."""


def report(**values: float) -> None:
    """Report one row of metrics: a line in the log for the live view, and a row in `metrics.csv`.

    Takes any names and any numbers, including numpy's and tensors with one element. A value that is no number, such as
    None, is left out, with a word in the log. `epoch` counts from 1; `epochs`
    is the planned total. One epoch's values may come in several calls. After a restart, rows of an earlier attempt
    are dropped from this epoch on, so each epoch is in the table once.
    """
    row = {name: number for name, value in values.items() if (number := _plain(name, value)) is not None}
    if not row:
        return
    checkpoint.wait_until_safe()
    live.add(row)
    _write(format_metrics(row))


def _write(line: str) -> None:
    """Write a line of its own in one call, below a progress bar that is still open.

    tqdm leaves the cursor behind the bar, and keeps its open bars in `tqdm._instances`:
    https://github.com/tqdm/tqdm/blob/master/tqdm/std.py
    """
    bars = getattr(getattr(sys.modules.get("tqdm.std"), "tqdm", None), "_instances", ())
    sys.stdout.write(("\n" if len(bars) else "") + line + "\n")
    sys.stdout.flush()


def _plain(name: str, value: object) -> float | None:
    """Return the value as a number; None, and a word in the log once for each name, if it is none."""
    try:
        item = getattr(value, "item", None)  # of numpy, torch and jax: one element, whatever its shape
        plain = item() if callable(item) else value
        number = int(plain) if isinstance(plain, numbers.Integral) else float(plain)  # type: ignore[arg-type]
        float(number)  # an integer beyond the largest float is no number for a chart
    except Exception:  # whatever a foreign type raises: no value is worth the training
        if name not in _left_out:
            _left_out.add(name)
            shape = f" of shape {tuple(shape)}" if (shape := getattr(value, "shape", None)) else ""
            text = f"report({name}=…): {type(value).__name__}{shape} is not a number"
            print(f"{OWN_LINE}{text}, so it is left out", flush=True)  # noqa: T201
        return None
    return number
