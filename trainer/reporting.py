"""Report progress from training code: `trainer.report(epoch=3, epochs=10, train_loss=0.12)`."""

import numbers
import sys

from trainer import checkpoint
from trainer.contract import format_metrics
from trainer.metrics import live


def report(**values: float) -> None:
    """Report one row of metrics: a line in the log for the live view, and a row in `metrics.csv`.

    Takes any names and any numbers, including numpy's and tensors with one element. `epoch` counts from 1; `epochs`
    is the planned total. One epoch's values may come in several calls. After a restart, rows of an earlier attempt
    are dropped from this epoch on, so each epoch is in the table once.
    """
    row = {name: _plain(name, value) for name, value in values.items()}
    checkpoint.wait_until_safe()
    live.add(row)
    sys.stdout.write(format_metrics(row) + "\n")
    sys.stdout.flush()


def _plain(name: str, value: object) -> float:
    if isinstance(value, numbers.Integral):
        return int(value)
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"report({name}={value!r}): must be a number, not {type(value).__name__}") from None
