"""Scalars in TensorBoard's event files.

A file is a sequence of records: length (uint64), its checksum (4 bytes), the record, its checksum (4 bytes).
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/io/record_writer.h
Each is an Event: `wall_time` = 1, `step` = 2, `summary` = 5. A Summary has values = 1, each with `tag` = 1,
`simple_value` = 2 (torch, tensorboardX), or `tensor` = 8 (TensorFlow 2).
https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/summary.proto
"""

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

from trainer.metrics.formats.grids import from_series
from trainer.metrics.formats.protobuf import BYTES, FIXED32, Malformed, Value, double, fields, signed, single, varint
from trainer.metrics.tables.grid import Grid

_DT_FLOAT, _DT_DOUBLE, _DT_INT32, _DT_INT64 = 1, 2, 3, 9
_KERAS = "epoch_"
"""Keras' callback logs `epoch_loss` by epoch: https://keras.io/api/callbacks/tensorboard/"""
Series = dict[str, list[tuple[float, float]]]


def is_event_file(name: str) -> bool:
    """True for `events.out.tfevents.…`, whatever is before or behind."""
    return "tfevents" in name and not name.endswith((".gz", ".zip"))


def read_events(files: Iterable[tuple[PurePath, bytes]]) -> Grid:
    """One table of all files of a run, oldest first. Tags of several folders get the folder's name before theirs."""
    found: dict[PurePath, Series] = {}
    for path, data in files:
        series = found.setdefault(path.parent, defaultdict(list))
        for step, tag, value in _scalars(data):
            series[tag].append((step, value))
    named = _named({folder: series for folder, series in found.items() if series})
    every_epoch = bool(named) and all(tag.rpartition("/")[2].startswith(_KERAS) for tag in named)
    return from_series(named, "epoch" if every_epoch else "step")


def _named(found: Mapping[PurePath, Series]) -> Series:
    """`loss` in the folders `train` and `validation` becomes `train/loss` and `validation/loss`.

    torch's `add_scalars("loss", {"val": …})` makes a folder `loss_val` with the tag `loss`.
    https://pytorch.org/docs/stable/tensorboard.html
    """
    if len(found) < 2:
        return next(iter(found.values()), {})
    tags = [tag for series in found.values() for tag in series]
    named: Series = {}
    for folder, series in sorted(found.items(), key=lambda each: len(each[0].parts)):
        for tag, points in series.items():
            alone = tags.count(tag) == 1
            own = folder.name if folder.name.startswith(tag.replace("/", "_")) else f"{folder.name}/{tag}"
            named[tag if alone else own] = points
    return named


def _scalars(data: bytes) -> Iterator[tuple[float, str, float]]:
    """Step, tag and value. Stops at a record that is cut off, and passes over one that is damaged."""
    for record in _records(data):
        try:
            yield from _event(record)
        except Malformed:
            continue


def _records(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 12 <= len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        begin, end = at + 12, at + 12 + size
        if end + 4 > len(data):
            return
        yield data[begin:end]
        at = end + 4


def _event(record: bytes) -> Iterator[tuple[float, str, float]]:
    step, summary = 0, b""
    for number, _, value in fields(record):
        if number == 2 and isinstance(value, int):
            step = signed(value)
        elif number == 5 and isinstance(value, bytes):
            summary = value
    for number, _, value in fields(summary):
        if number == 1 and isinstance(value, bytes):
            tag, scalar = _value(value)
            if tag and scalar is not None:
                yield float(step), tag, scalar


def _value(message: bytes) -> tuple[str, float | None]:
    tag, scalar = "", None
    for number, wire, value in fields(message):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode(errors="replace")
        elif number == 2 and wire == FIXED32:
            scalar = single(value)
        elif number == 8 and isinstance(value, bytes):
            scalar = _tensor(value)
    return tag, scalar


def _tensor(message: bytes) -> float | None:
    """The number of a TensorProto with one element: `dtype` = 1, `tensor_shape` = 2, `tensor_content` = 4, and the
    lists `float_val` = 5, `double_val` = 6, `int_val` = 7, `int64_val` = 10. None for any other tensor.

    https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/tensor.proto
    """
    kind, content, values = 0, b"", list[float]()
    for number, wire, value in fields(message):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes) and not _is_scalar(value):
            return None
        elif number == 4 and isinstance(value, bytes):
            content = value
        elif number in (5, 6, 7, 10):
            values += _list(number, wire, value)
    form = {_DT_FLOAT: "<f", _DT_DOUBLE: "<d", _DT_INT32: "<i", _DT_INT64: "<q"}.get(kind)
    if form is not None and len(content) == struct.calcsize(form):
        values = [float(struct.unpack(form, content)[0])]
    return values[0] if len(values) == 1 else None


def _is_scalar(shape: bytes) -> bool:
    """True for a shape whose dimensions (= 2, with `size` = 1) are all one."""
    for number, _, dimension in fields(shape):
        if number == 2 and isinstance(dimension, bytes):
            sizes = [value for each, _, value in fields(dimension) if each == 1]
            if sizes != [1]:
                return False
    return True


def _list(number: int, wire: int, value: Value) -> list[float]:
    """One number, or several packed ones."""
    if wire != BYTES or not isinstance(value, bytes):
        return [_number(number, value)]
    if number in (7, 10):
        found, at = [], 0
        while at < len(value):
            each, at = varint(value, at)
            found.append(float(signed(each)))
        return found
    size = 4 if number == 5 else 8
    return [_number(number, value[at : at + size]) for at in range(0, len(value), size)]


def _number(number: int, value: Value) -> float:
    if number == 5:
        return single(value)
    if number == 6:
        return double(value)
    return float(signed(value)) if isinstance(value, int) else 0.0
