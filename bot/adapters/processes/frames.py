"""How the bot and a process of its own talk over pipes: a JSON head, and bytes that are left as they are.

A frame is two lengths of eight bytes, the head's and the body's, big-endian, and then the two.
"""

from struct import Struct

LENGTHS = Struct(">QQ")


def frame(head: bytes, body: bytes = b"") -> bytes:
    return LENGTHS.pack(len(head), len(body)) + head + body
