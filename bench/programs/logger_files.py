"""Write the files of loggers, in the manner of their own writers, as bytes."""

import json
import math
import sqlite3
import struct
from collections.abc import Iterable, Mapping


def varint(number: int) -> bytes:
    out = b""
    number &= (1 << 64) - 1
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: bytes | str | int | float, *, single: bool = False) -> bytes:
    """Text and bytes are length-delimited, whole numbers varints, others doubles, or floats with `single`."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        form, wire = ("<f", 5) if single else ("<d", 1)
        return varint(number << 3 | wire) + struct.pack(form, value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def event(step: int, **scalars: float) -> bytes:
    """As torch's SummaryWriter writes `simple_value`."""
    values = [field(1, field(1, tag) + field(2, float(value), single=True)) for tag, value in scalars.items()]
    return field(1, 1.7e9) + field(2, step) + field(5, b"".join(values))


def tensor_event(step: int, tag: str, value: float) -> bytes:
    """As TensorFlow 2 writes a scalar: a tensor with packed content and an empty shape."""
    tensor = field(1, 1) + field(2, b"") + field(4, struct.pack("<f", value))
    metadata = field(9, field(1, field(1, "scalars")))
    return field(1, 1.7e9) + field(2, step) + field(5, field(1, field(1, tag) + metadata + field(8, tensor)))


def records(events: Iterable[bytes]) -> bytes:
    """TFRecords. The checksums are not read."""
    return b"".join(struct.pack("<Q", len(each)) + b"\0\0\0\0" + each + b"\0\0\0\0" for each in events)


def tensorboard(*rows: tuple[int, Mapping[str, float]]) -> bytes:
    version = field(1, 1.7e9) + field(3, "brain.Event:2")
    return records([version, *(event(step, **scalars) for step, scalars in rows)])


def wandb(rows: Iterable[Mapping[str, object]], padding: int = 0) -> bytes:
    """A file of Weights & Biases with one record for each row, and one of `padding` bytes before them."""
    payloads = [field(1, 1) + field(4, b"x" * padding)] if padding else []
    for step, row in enumerate(rows):
        items = {**row, "_runtime": 1.5, "_timestamp": 1.7e9, "_step": step}
        history = b"".join(field(1, field(1, name) + field(16, json.dumps(value))) for name, value in items.items())
        payloads.append(field(1, step + 2) + field(2, history + field(2, field(1, step))))
    out = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
    for payload in payloads:
        out = _logged(out, payload)
    return out


def _logged(out: bytes, payload: bytes) -> bytes:
    """Append a record in the format of LevelDB's log."""
    first = True
    while True:
        room = 32_768 - len(out) % 32_768
        if room < 7:
            out += b"\0" * room
            room = 32_768
        part, payload = payload[: room - 7], payload[room - 7 :]
        kind = (1 if first else 4) if not payload else (2 if first else 3)
        out += b"\0\0\0\0" + struct.pack("<HB", len(part), kind) + part
        first = False
        if not payload:
            return out


def mlflow_store(path: str) -> sqlite3.Connection:
    """A store with MLflow's tables, as its version 3 makes them."""
    database = sqlite3.connect(path, isolation_level=None, timeout=0)
    database.executescript("""
        CREATE TABLE "runs" (run_uuid VARCHAR(32) NOT NULL PRIMARY KEY, status VARCHAR(9), start_time BIGINT);
        CREATE TABLE "latest_metrics" ("key" VARCHAR(250) NOT NULL, run_uuid VARCHAR(32) NOT NULL);
        CREATE TABLE "metrics" ("key" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL,
            run_uuid VARCHAR(32) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, is_nan BOOLEAN DEFAULT '0' NOT NULL,
            PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan));
    """)
    return database


def mlflow_run(database: sqlite3.Connection, run: str, began: float) -> None:
    """Begin a run; `began` in seconds since 1970."""
    database.execute("INSERT INTO runs VALUES (?, 'RUNNING', ?)", (run, round(began * 1000)))


def mlflow_metric(database: sqlite3.Connection, run: str, at: float, step: int, **values: float) -> None:
    """Log metrics as `SqlAlchemyStore` does: NaN as 0 with a mark, an infinity as the largest number."""
    for name, value in values.items():
        is_nan = math.isnan(value)
        stored = 0.0 if is_nan else max(min(value, 1.7976931348623157e308), -1.7976931348623157e308)
        row = (name, stored, round(at * 1000), run, step, is_nan)
        database.execute("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", row)
