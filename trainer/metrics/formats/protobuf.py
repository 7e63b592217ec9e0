"""Protocol buffers on the wire, as far as metrics need them.

https://protobuf.dev/programming-guides/encoding/: a message is a sequence of tags and values; a tag is the field's
number times eight plus a wire type.
"""

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
Value = int | bytes


class Malformed(ValueError):
    """Bytes that are no message."""


def fields(message: bytes) -> Iterator[tuple[int, int, Value]]:
    """Yield number, wire type and value of each field. Fixed values stay bytes. Raises `Malformed`."""
    at, end = 0, len(message)
    while at < end:
        tag, at = varint(message, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = varint(message, at)
            yield number, wire, value
            continue
        if wire == BYTES:
            size, at = varint(message, at)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise Malformed(f"wire type {wire}")
        if at + size > end:
            raise Malformed("cut off")
        yield number, wire, message[at : at + size]
        at += size


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, and where it ends. Raises `Malformed`."""
    number = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise Malformed("varint")


def signed(number: int) -> int:
    """An int64 that was written as a varint."""
    return number - (1 << 64) if number >= 1 << 63 else number


def double(value: Value) -> float:
    """A `double`. Raises `Malformed`."""
    return _unpacked("<d", value)


def single(value: Value) -> float:
    """A `float`. Raises `Malformed`."""
    return _unpacked("<f", value)


def _unpacked(form: str, value: Value) -> float:
    if not isinstance(value, bytes) or len(value) != struct.calcsize(form):
        raise Malformed("number")
    return float(struct.unpack(form, value)[0])
