"""Rows in JSON: one object a line, a list of objects, a dict of lists, or the Hugging Face Trainer's state.

`trainer_state.json` has the rows under `log_history`:
https://huggingface.co/docs/transformers/main_classes/callback#transformers.TrainerState
Keras' `History.history` is a dict of lists, one value an epoch: https://keras.io/api/models/model_training_apis/
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from trainer.metrics.formats.grids import as_float, from_rows, numbers
from trainer.metrics.tables.decoding import decode
from trainer.metrics.tables.grid import Grid

LOG_HISTORY = "log_history"
_ROWS = (LOG_HISTORY, "history", "metrics", "logs", "log", "results", "records", "epochs")
"""Keys under which a document keeps its rows."""
_TRAINERS = {"total_flos", "train_runtime", "train_samples_per_second", "train_steps_per_second", "train_tokens"}
"""What the Hugging Face Trainer adds in its last row."""


def read_json(data: bytes, *, running: bool = False) -> Grid:
    """Read the bytes of a file. No columns if it has no rows. `running`: a last line may be torn."""
    text = decode(data).strip()
    if not text.startswith(("{", "[")):
        return Grid()
    document = _parsed(text)
    if document is None:
        return from_rows(_lines(text if not running or data.endswith((b"\n", b"\r")) else text.rpartition("\n")[0]))
    return _from_document(document)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _lines(text: str) -> Iterator[dict[str, float]]:
    """The rows of JSON lines. Lines that are not objects, such as a torn one, are left out."""
    for line in text.splitlines():
        each = _parsed(line.strip().rstrip(","))
        if isinstance(each, dict) and (row := numbers(each)):
            yield row


def _from_document(document: Any) -> Grid:
    if isinstance(document, dict):
        for key in _ROWS:
            if isinstance(document.get(key), list | dict) and (grid := _from_document(document[key])).rows:
                return grid
        lists = _lists(document)
        return from_rows(lists) if lists else from_rows([row] if (row := numbers(document)) else [])
    if isinstance(document, list):
        rows = (numbers(each) for each in document if isinstance(each, dict))
        return from_rows(_told(row) for row in rows if row)
    return Grid()


def _lists(document: Mapping[str, Any]) -> list[dict[str, float]]:
    """The rows of a dict of lists of numbers, all of one length or nearly so."""
    lists = {
        name: value
        for name, value in document.items()
        if isinstance(value, list) and value and all(isinstance(each, int | float) for each in value)
    }
    longest = max(map(len, lists.values()), default=0)
    return [{name: as_float(value[row]) for name, value in lists.items() if row < len(value)} for row in range(longest)]


def _told(row: dict[str, float]) -> dict[str, float]:
    """A row of the Trainer's without what it costs."""
    return {name: value for name, value in row.items() if name not in _TRAINERS}
