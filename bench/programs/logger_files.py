"""Write the files of loggers, in the manner of their own writers, as bytes."""

import json
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
