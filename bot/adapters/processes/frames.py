"""The frames that the bot and its own processes exchange over pipes: a JSON head, then a body of any bytes.

A frame is two big-endian lengths of eight bytes each, the head's and the body's, then the head and the body.

This stays apart from `child_process`: the processes at the other end import it, and `child_process` would cost each of
them asyncio and structlog, measured as 0.1 s at its start and 7 MB in the drawing process.
"""

from struct import Struct
from typing import BinaryIO

LENGTHS = Struct(">QQ")


def frame(head: bytes, body: bytes = b"") -> bytes:
    return LENGTHS.pack(len(head), len(body)) + head + body


def read_frame(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """Head and body of the next frame; None at the end of the stream."""
    lengths = stream.read(LENGTHS.size)
    if not lengths:
        return None
    head, body = LENGTHS.unpack(lengths)
    return stream.read(head), stream.read(body)
