"""Attach a picture with its alternative text, which people hear who do not see it.

The drawing process writes it into the PNG under `Description`. It is at most 1,024 characters long, says Discord's
documentation of the attachment object (https://docs.discord.com/developers/resources/message#attachment-object).
"""

import io
import struct
from pathlib import Path

import discord

from bot.domain.inert import plain_line

CHARACTERS = 1_024
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"Description\0"
_HEAD_BYTES = 64 * 1024
"""Texts stand at the beginning of the files that we draw."""


def attachment(content: bytes, name: str) -> discord.File:
    return discord.File(io.BytesIO(content), name, description=alt_text(content) or None)


def attachment_at(path: str, name: str) -> discord.File:
    """Raises OSError."""
    with Path(path).open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return discord.File(path, name, description=alt_text(head) or None)


def alt_text(png: bytes) -> str:
    """The description in a PNG; "" if it has none, or is no PNG."""
    if not png.startswith(_SIGNATURE):
        return ""
    at = len(_SIGNATURE)
    while at + 8 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8 : at + 8 + size]
        if data.startswith(_KEYWORD) and kind in (b"tEXt", b"iTXt"):
            return plain_line(_text(kind, data.removeprefix(_KEYWORD)), CHARACTERS)
        if kind == b"IDAT":
            return ""
        at += size + 12  # length, kind and checksum
    return ""


def _text(kind: bytes, data: bytes) -> str:
    """`tEXt` is Latin-1; `iTXt` is UTF-8 after two flags, a language and a translated keyword (PNG, 11.3.3)."""
    if kind == b"tEXt":
        return data.decode("latin-1")
    return data[2:].split(b"\0", 2)[-1].decode("utf-8", "replace")
