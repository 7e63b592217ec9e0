"""The history in the `.wandb` file of a run of Weights & Biases, which it writes offline and online.

A file begins with 7 bytes, `:W&B`, a magic number and a version, and goes on as a log of LevelDB's: blocks of 32 KiB
with records of checksum (4 bytes), length (2), type (1: full, first, middle or last) and data.
https://github.com/google/leveldb/blob/main/doc/log_format.md
https://github.com/wandb/wandb/blob/main/wandb/sdk/internal/datastore.py
Each is a Record: `history` = 2, with items = 1 (`key` = 1, `nested_key` = 2, `value_json` = 16) and `step` = 2.
https://github.com/wandb/wandb/blob/main/wandb/proto/wandb_internal.proto
"""

import json
import struct
from collections.abc import Iterator
from typing import Any

from trainer.metrics.formats.grids import from_rows, numbers
from trainer.metrics.formats.protobuf import Malformed, fields
from trainer.metrics.tables.grid import Grid

_IDENT = b":W&B"
_HEADER, _BLOCK = 7, 32_768
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_OWN = ("_runtime", "_timestamp", "_wandb")
"""Columns that it adds to every row."""


def read_wandb(data: bytes) -> Grid:
    """Read the bytes of a file. No columns if it has no history."""
    if not data.startswith(_IDENT):
        return Grid()
    return from_rows(row for record in _records(data) if (row := _row(record)))


def _records(data: bytes) -> Iterator[bytes]:
    """Yield the records up to one that is cut off or damaged."""
    at, parts = _HEADER, b""
    while at + _HEADER <= len(data):
        room = _BLOCK - at % _BLOCK
        if room < _HEADER:
            at += room
            continue
        size, kind = struct.unpack_from("<HB", data, at + 4)
        begin, end = at + _HEADER, at + _HEADER + size
        if end > len(data) or kind not in (_FULL, _FIRST, _MIDDLE, _LAST):
            return
        parts = data[begin:end] if kind in (_FULL, _FIRST) else parts + data[begin:end]
        if kind in (_FULL, _LAST):
            yield parts
        at = end


def _row(record: bytes) -> dict[str, float]:
    row: dict[str, Any] = {}
    try:
        for number, _, value in fields(record):
            if number == 2 and isinstance(value, bytes):
                row |= _history(value)
    except Malformed:
        return {}
    return {name: value for name, value in numbers(row).items() if not name.startswith(_OWN)}


def _history(message: bytes) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for number, _, value in fields(message):
        if number == 1 and isinstance(value, bytes):
            key, parsed = _item(value)
            row[key] = parsed
        elif number == 2 and isinstance(value, bytes):
            row["_step"] = next((step for each, _, step in fields(value) if each == 1), 0)
    return row


def _item(message: bytes) -> tuple[str, Any]:
    key, nested, text = "", list[str](), ""
    for number, _, value in fields(message):
        if not isinstance(value, bytes):
            continue
        decoded = value.decode(errors="replace")
        if number == 1:
            key = decoded
        elif number == 2:
            nested.append(decoded)
        elif number == 16:
            text = decoded
    try:
        return key or ".".join(nested), json.loads(text)
    except ValueError:
        return key, None
