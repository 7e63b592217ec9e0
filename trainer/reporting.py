"""What training code says of its progress: `trainer.report(epoch=3, epochs=10, train_loss=0.12)`."""

import numbers
import sys

from trainer import checkpoint
from trainer.contract import format_metrics
from trainer.metrics import live


def report(**values: float) -> None:
    """Tells one row of metrics: a line for the live view, and a row in `metrics.csv`.

    Any names, any numbers (also of numpy, or tensors of one element). `epoch` counts from 1, `epochs` is how
    many there will be. Parts of one epoch's row may come in several calls. After a restart, rows of an earlier
    attempt from this epoch on are dropped: an epoch is in the table once.
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
        raise TypeError(f"report({name}={value!r}): expected a number, given {type(value).__name__}") from None
